import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { MiniStore } from '@mini-rs/ministore'
import { type Change, changeOf, indexOfId } from '../changes.js'
import { CALLERS, type Subject } from '../subject.js'

/** What every log holds: the record that ministate would write. */
export interface LoggedChange {
  readonly set: Change
}

/** Of the entries of the log's changes: the log does not care how many there are. */
const SIZE = 100

/** The least that a durable change can cost: a blocking loop, nothing around it, no state. */
export const floor: Subject = {
  name: 'write + fdatasync',
  kind: 'floor',
  family: 'write + fdatasync',
  size: SIZE,
  change: 'writeSync + fdatasyncSync in a loop',
  callers: [1],
  async open(folder) {
    const path = join(folder, 'floor.jsonl')
    const file = openSync(path, constants.O_RDWR | constants.O_CREAT)
    let offset = fstatSync(file).size
    return {
      change(n) {
        const bytes = Buffer.from(`${JSON.stringify(recordOf(n))}\n`)
        writeSync(file, bytes, 0, bytes.length, offset)
        offset += bytes.length
        fdatasyncSync(file)
        return undefined
      },
      async values() {
        const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
        const values = noValues()
        for (const line of lines) put(values, JSON.parse(line) as LoggedChange)
        return values
      },
      close: async () => closeSync(file),
    }
  },
}

/** The log under ministate, without a state. */
export const ministore: Subject = {
  name: 'ministore',
  kind: 'log',
  family: 'ministore',
  size: SIZE,
  change: 'append',
  callers: CALLERS,
  async open(folder) {
    const path = join(folder, 'journal.jsonl')
    const store = await MiniStore.open<LoggedChange>(path)
    return {
      change: (n) => store.append(recordOf(n)),
      async values() {
        const values = noValues()
        for await (const { records } of MiniStore.batches<LoggedChange>(path)) {
          for (const record of records) put(values, record)
        }
        return values
      },
      close: () => store.close(),
    }
  },
}

function recordOf(n: number): LoggedChange {
  return { set: changeOf(n, SIZE) }
}

function noValues(): number[] {
  return Array.from({ length: SIZE }, () => 0)
}

function put(values: number[], { set: { id, value } }: LoggedChange): void {
  values[indexOfId(id)] = value
}
