// Follows the state in a folder up to a record, and says where it is; every call that would change the disk is refused
// and reported. Its last line is what it has come to.
import { writeSync } from 'node:fs'
import { StateManager } from '@mini-rs/ministate'
import { nodeFileSystem } from '@mini-rs/ministore/fs'
import { chain } from './chain.mjs'

const [folder, until] = process.argv.slice(2)
const CHANGING = ['makeDirectory', 'rename', 'remove', 'syncDirectory', 'tryLock']
let changeCount = 0

const refuse = (what) => () => {
  changeCount++
  throw new Error(`a follower has called ${what}`)
}
const open = async (path, mode) => {
  if (mode !== 'read') refuse(`open ${mode}`)()
  const handle = await nodeFileSystem.open(path, mode)
  for (const call of ['write', 'writeSync', 'sync', 'syncSync', 'truncate']) {
    handle[call] = refuse(call)
  }
  return handle
}
const refused = Object.fromEntries(CHANGING.map((name) => [name, refuse(name)]))
const fileSystem = { ...nodeFileSystem, open, ...refused }

const follower = await StateManager.open(folder, chain, { fileSystem, readOnly: { follow: true } })
let published = 0
let wrong = null
let resets = 0
const stop = new AbortController()
const counting = (async () => {
  for await (const { kind } of follower.changes({ signal: stop.signal })) {
    if (kind === 'reset') resets++
  }
})()
await new Promise((resolve) => {
  let lastSeq = 0
  const look = () => {
    const seq = follower.sequence()
    const { last } = follower.state
    if (seq < lastSeq || last !== seq) wrong ??= `published ${last} as ${seq} after ${lastSeq}`
    lastSeq = seq
    published++
    if (published % 50 === 1) writeSync(1, `at ${seq}\n`)
    if (seq >= Number(until)) resolve()
  }
  follower.subscribe(look)
  look()
})
const state = follower.state
stop.abort()
await counting
await follower.close()
writeSync(1, `${JSON.stringify({ state, wrong, changeCount, published, resets })}\n`)
