// What a crash does to a JSON file, and what it does not do to a state of ministate. A child writes without
// an end, and is killed in the middle of it: first a whole file by `writeFile`, then mutations.
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile, stat, writeFile } from 'node:fs/promises'
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

async function main(): Promise<void> {
  let kills = 0
  let error: unknown
  while (error === undefined && kills < 200) {
    await killed(start('save'), (kills++ * 3) % 20)
    const text = await readFile('state.json', 'utf8')
    error = await Promise.resolve(text).then(JSON.parse).then(undefinedOf, nameOf)
  }
  console.log(`state.json, killed ${kills} times: ${error ?? 'whole'}`)
  console.log(`${(await stat('state.json')).size} bytes are left of it, and nothing of what it was`)

  for (let kill = 0; kill < 5; kill++) {
    const told = Number(await killed(start('count'), kill * 7))
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
