// What a crash does to a JSON file, and what it does not do to a state of ministate. A child writes without
// an end, and is killed in the middle of it: first a whole file by `writeFile`, then mutations.
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import './own-folder.js'
import { StateManager, defineState } from '@mini-rs/ministate'

const counter = defineState({
  initial: { value: 0 },
  mutations: (m) => ({ inc: m((state) => (state.value += 1)) }),
})

/** The usual way: everything in memory, and now and then the whole of it into a file. */
async function saveForEver(): Promise<void> {
  const users = Array.from({ length: 100_000 }, (_, n) => ({ name: `user-${n}`, logins: n }))
  for (;;) {
    await writeFile('state.json', JSON.stringify({ users }))
    process.send?.('saved')
  }
}

/** Each increment is told of when it is on the disk. */
async function countForEver(): Promise<void> {
  const manager = await StateManager.open('counter', counter)
  for (;;) process.send?.((await manager.do.inc()).result)
}

function start(job: string): ChildProcess {
  return fork(fileURLToPath(import.meta.url), ['.', job])
}

/** Lets the child do something, and kills it a little later. Answers the last thing that it told. */
async function killed(child: ChildProcess, afterMs: number): Promise<unknown> {
  let last: unknown
  child.on('message', (message) => (last = message))
  await once(child, 'message')
  await new Promise((resolve) => setTimeout(resolve, afterMs))
  child.kill('SIGKILL')
  await once(child, 'exit')
  return last
}

/** Kills the child while it writes: when the file is shorter than it was. */
async function killedWhileWriting(child: ChildProcess): Promise<void> {
  await once(child, 'message')
  const { size } = statSync('state.json')
  while (statSync('state.json').size >= size);
  child.kill('SIGKILL')
  await once(child, 'exit')
}

async function main(): Promise<void> {
  let error: unknown
  // A fast disk can be done before the signal is there.
  for (let attempt = 1; error === undefined && attempt <= 20; attempt++) {
    await killedWhileWriting(start('save'))
    const text = await readFile('state.json', 'utf8')
    error = await Promise.resolve(text).then(JSON.parse).then(undefinedOf, nameOf)
  }
  const { size } = statSync('state.json')
  console.log(`state.json: ${error ?? 'whole'}; ${size} bytes are left, and nothing of what it was`)

  for (let kill = 0; kill < 3; kill++) {
    const told = Number(await killed(start('count'), kill * 17))
    const reader = await StateManager.open('counter', counter, { readOnly: true })
    assert.ok(reader.state.value >= told)
    console.log(`counter, killed: told ${told}, found ${reader.state.value}`)
    await reader.close()
  }
}

const undefinedOf = (): undefined => undefined
const nameOf = (error: Error): string => error.name

if (process.argv[3] === 'save') await saveForEver()
else if (process.argv[3] === 'count') await countForEver()
else await main()
