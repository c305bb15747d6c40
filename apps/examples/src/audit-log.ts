// Who did what, and when: many callers at once, real dates, and damage that does not go unnoticed.
// The checksum tells accidents, not forgers: whoever can write the file can also seal it.
import assert from 'node:assert/strict'
import { copyFile, open } from 'node:fs/promises'
import { join } from 'node:path'
import { type Codec, MiniStore, MiniStoreError } from '@mini-rs/ministore'
import { exampleFolder } from './folder.js'

interface AuditEntry {
  readonly at: Date
  readonly who: string
  readonly did: string
}

const codec: Codec<AuditEntry> = {
  encode: (entry) => ({ ...entry, at: entry.at.toISOString() }),
  decode: (value) => {
    const { at, who, did } = value as { at: string; who: string; did: string }
    return { at: new Date(at), who, did }
  },
}

const folder = await exampleFolder()
const path = join(folder, 'audit.jsonl')
const log = await MiniStore.open<AuditEntry>(path, { codec })

const record = (who: string, did: string): Promise<number> =>
  log.append({ at: new Date(), who, did })
await record('root', 'grants ada access')
const requests = Array.from({ length: 100 }, (_, n) =>
  record(n % 2 === 0 ? 'ada' : 'bob', `reads document ${n}`),
)
await Promise.all(requests)
const { records, syncs } = log.stats()
console.log(`${records} entries in the log; the 101 of this run took ${syncs} syncs`)
assert.ok(syncs < 101, 'callers that wait at the same time share a sync')
await log.close()

let byAda = 0
for await (const { record: entry } of MiniStore.entries(path, { codec })) {
  assert.ok(entry.at instanceof Date)
  if (entry.who === 'ada') byAda++
}
console.log(`${byAda} of them are ada's`)

const damaged = join(folder, 'damaged.jsonl')
await copyFile(path, damaged)
const file = await open(damaged, 'r+')
await file.write('eve', (await file.readFile('utf8')).indexOf('root'))
await file.close()
const error: unknown = await MiniStore.replay(damaged).catch((reason: unknown) => reason)
assert.ok(MiniStoreError.is(error) && error.code === 'JOURNAL_CORRUPT')
console.log(`three bytes changed in a copy: ${error.code} at line ${error.line}`)
