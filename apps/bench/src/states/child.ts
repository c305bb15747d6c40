// One subject in a process of its own, so that no subject pays for another's threads, garbage or types:
// `child.ts <name> <folder> [<load>]`. With a load it performs that and ends: for strace.
import { mkdirSync } from 'node:fs'
import { type Load, type LoadFigures, measureLoad } from '../peers/load.js'
import { answerTasks } from '../worker.js'
import { assertValues } from './changes.js'
import type { OpenSubject, Subject } from './subject.js'
import { allSubjects } from './subjects/all.js'

/** What the process is asked to do: changes, or to end and to check what is there. */
export type Task = { readonly do: 'load'; readonly load: Load } | { readonly do: 'finish' }

const [name, folder = '', onlyLoad] = process.argv.slice(2)
const subject = allSubjects.find((one) => one.name === name)
if (subject === undefined) throw new Error(`no subject ${name}`)

mkdirSync(folder, { recursive: true })
let changes = 0
const open = await subject.open(folder)
if (onlyLoad === undefined) answerTasks((task: Task) => perform(subject, open, task))
else {
  await load(subject, open, JSON.parse(onlyLoad) as Load)
  await finish(subject, open)
}

async function perform(of: Subject, opened: OpenSubject, task: Task): Promise<unknown> {
  switch (task.do) {
    case 'load':
      return load(of, opened, task.load)
    case 'finish':
      return finish(of, opened)
  }
}

async function load(of: Subject, opened: OpenSubject, how: Load): Promise<LoadFigures> {
  const before = changes
  const figures = await measureLoad((n) => opened.change(before + n), how, of.isBlocking)
  changes += figures.appends
  return figures
}

/** Every change has to be in the state, and in the one that is opened from the disk. Answers how many there were. */
async function finish(of: Subject, opened: OpenSubject): Promise<number> {
  assertValues(of.name, await opened.values(), changes)
  await opened.close()
  const again = await of.open(folder)
  assertValues(`${of.name}, opened again`, await again.values(), changes)
  await again.close()
  return changes
}
