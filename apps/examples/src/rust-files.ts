// The files of the Rust crates: read here, written here, and the other way round.
import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import './own-folder.js'
import { MiniStore } from '@mini-rs/ministore'

type Mutation = { Set: { value: number } } | { Inc: { delta: number } }

// A journal as the crate writes it: the header, and one line of JSON a record.
await rm('journal.jsonl.ack', { force: true })
await writeFile(
  'journal.jsonl',
  '// MINISTORE JOURNAL v0.1.0\n{"Set":{"value":42}}\n{"Inc":{"delta":5}}\n',
)
console.log(await MiniStore.replay<Mutation>('journal.jsonl'))

// Writing on in it. What the crate wrote has no checksums, and is reported as unverified.
const store = await MiniStore.open<Mutation>('journal.jsonl', { segmentDigits: 3 })
console.log(`${store.recovery.unverifiedRecords} records without a checksum`)
await store.append({ Inc: { delta: 1 } })
await store.close()

// To the crate, and to any JSON parser, the seal behind the new line is white space.
const lines = (await readFile('journal.jsonl', 'utf8')).trimEnd().split('\n')
console.log(lines.slice(1).map((line): unknown => JSON.parse(line)))

// Byte for byte what the crate writes, at the price of the checksums.
await rm('plain.jsonl', { force: true })
await rm('plain.jsonl.ack', { force: true })
const plain = await MiniStore.open<Mutation>('plain.jsonl', { seal: false, segmentDigits: 3 })
await plain.append({ Set: { value: 42 } })
await plain.close()
const bytes = await readFile('plain.jsonl', 'utf8')
assert.equal(bytes, '// MINISTORE JOURNAL v0.1.0\n{"Set":{"value":42}}\n')
console.log('seal: false writes the bytes of the crate')
