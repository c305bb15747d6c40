// Backup and restore: a copy that is made while the state is in use, looked at, and put in place of a disk
// that is gone.
import assert from 'node:assert/strict'
import { cp, rm } from 'node:fs/promises'
import './own-folder.js'
import { MiniStore } from '@mini-rs/ministore'
import { StateManager, defineState } from '@mini-rs/ministate'

const notes = defineState({
  initial: { lines: [] as string[] },
  mutations: (m) => ({ write: m((state, line: string) => void state.lines.push(line)) }),
})

for (const name of ['notes', 'backup']) await rm(name, { recursive: true, force: true })
const manager = await StateManager.open('notes', notes)
await manager.do.write('milk')
await manager.do.write('bread')

// While the program runs: a fork is a state of its own, with what was durable at that moment.
await manager.fork('backup')
await manager.do.write('written after the backup')
await manager.close()

// A backup that nobody has opened is a hope. A reader looks at all of it, and changes nothing.
const reader = await StateManager.open('backup', notes, { readOnly: true })
console.log(`in the backup: ${reader.state.lines.join(', ')}`)
await reader.close()

// The disk is gone. Restore into an empty folder: nothing of the old one may be beside it.
await rm('notes', { recursive: true })
await cp('backup', 'notes', { recursive: true })
const restored = await StateManager.open('notes', notes)
console.log(`restored: ${restored.state.lines.join(', ')}`)
await restored.do.write('and on it goes')
await restored.close()

// When the program is stopped, a plain copy of the folder will do: of everything in it.
await cp('notes', 'copy', { recursive: true })
const { verdict, isDamaged, records } = await MiniStore.verify('copy/journal.jsonl')
console.log(`the copy: ${verdict}, ${records} record, damaged: ${isDamaged}`)
assert.equal(isDamaged, false)
await rm('copy', { recursive: true })
