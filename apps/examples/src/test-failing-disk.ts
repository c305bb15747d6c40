// How to test what your own code does when the disk says no: put a port in front of the real disk that
// fails when the test wants it to.
import assert from 'node:assert/strict'
import './own-folder.js'
import { type FileHandle, type FileSystem, nodeFileSystem } from '@mini-rs/ministore/fs'
import { MiniStateError, StateManager, defineState } from '@mini-rs/ministate'

const counter = defineState({
  initial: { value: 0 },
  mutations: (m) => ({ inc: m((state) => (state.value += 1)) }),
})

let failing: 'write' | 'sync' | undefined
const error = (code: string): Error =>
  Object.assign(new Error(`${code}, as the test wants`), { code })

/** What `target` does, but for some of its methods. */
function overlay<T extends object>(target: T, replaced: Partial<T>): T {
  return new Proxy({} as T, {
    get: (_, name) => {
      const own: unknown = Reflect.get(replaced, name)
      const value: unknown = own ?? Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** Node's disk, but for the calls that the test lets fail. */
const disk: FileSystem = overlay(nodeFileSystem, {
  open: async (...args) => {
    const handle = await nodeFileSystem.open(...args)
    return overlay<FileHandle>(handle, {
      writeSync: (bytes, offsetBytes) => {
        if (failing === 'write') throw error('ENOSPC')
        return handle.writeSync(bytes, offsetBytes)
      },
      sync: async () => {
        if (failing === 'sync') throw error('EIO')
        return handle.sync()
      },
    })
  },
})

const manager = await StateManager.open('counter', counter, { fileSystem: disk })
const before = manager.state.value

failing = 'write' // a full disk: surely not written, and all goes on when there is room
const full: unknown = await manager.do.inc().catch((reason: unknown) => reason)
assert.ok(MiniStateError.is(full))
console.log(`full disk: ${full.code}, outcome ${full.outcome}, ${manager.status}`)
failing = undefined
await manager.do.inc()
console.log(`with room again: ${manager.state.value - before} counted`)

failing = 'sync' // nobody knows what the disk holds now: only opening again can tell
const lost: unknown = await manager.do.inc().catch((reason: unknown) => reason)
assert.ok(MiniStateError.is(lost))
console.log(`failed sync: ${lost.code}, outcome ${lost.outcome}, ${manager.status}`)
failing = undefined
await manager.close()

const again = await StateManager.open('counter', counter)
assert.ok(again.state.value >= before + 1)
console.log('opened again: what was acknowledged is there')
await again.close()
