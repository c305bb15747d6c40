import { closeSync, createReadStream, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { appendFile, open } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { BenchRecord, Journal, Peer } from '../peer.js'

const toLine = (record: BenchRecord): string => `${JSON.stringify(record)}\n`

/** The least that a durable append can cost: a blocking loop, nothing around it. */
export const floor: Peer = {
  name: 'write + fdatasync',
  append: 'writeSync + fdatasyncSync in a loop',
  hasOpenTime: false,
  maxCallers: 1,
  async open(folder) {
    const fd = openSync(join(folder, 'floor.jsonl'), 'w')
    let offset = 0
    return {
      ...withoutReplay,
      append(record) {
        const bytes = Buffer.from(toLine(record))
        writeSync(fd, bytes, 0, bytes.length, offset)
        offset += bytes.length
        fdatasyncSync(fd)
        return undefined
      },
      async close() {
        closeSync(fd)
      },
    }
  },
}

/** What one writes by hand with `node:fs/promises`. */
export const appendAndSync: Peer = {
  name: 'fs.appendFile',
  append: 'appendFile + datasync of a FileHandle',
  hasOpenTime: false,
  async open(folder) {
    const file = await open(join(folder, 'lines.jsonl'), 'a')
    return {
      ...withoutReplay,
      async append(record) {
        await file.appendFile(toLine(record))
        await file.datasync()
      },
      close: () => file.close(),
    }
  },
}

/** What one reads by hand. */
export const lineReader: Peer = {
  name: 'readline',
  replay: 'readline + JSON.parse',
  hasOpenTime: false,
  async open(folder) {
    const path = join(folder, 'lines.jsonl')
    return {
      append: () => undefined,
      fill: (records) => appendFile(path, records.map(toLine).join('')),
      async sum() {
        let sum = 0
        const input = createReadStream(path)
        for await (const line of createInterface({ input, crlfDelay: Infinity })) {
          sum += (JSON.parse(line) as BenchRecord).by
        }
        return sum
      },
      close: async () => undefined,
    }
  },
}

const withoutReplay: Pick<Journal, 'fill' | 'sum'> = {
  fill: () => undefined,
  sum: async () => 0,
}
