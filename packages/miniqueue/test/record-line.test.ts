import { describe, expect, it } from 'vitest'
import { lineOf } from '../src/records/record-line.js'
import { DATA_TEXT, type QueueRecord } from '../src/records/record-types.js'

const atMs = 1_700_000_000_000

describe('the line of a record', () => {
  const records: readonly QueueRecord[] = [
    { enqueue: { queue: 'q', data: { to: 'a' }, atMs } },
    { enqueue: { queue: '"q"\n', id: 'a "b"', data: null, atMs, delayMs: 5, headers: { h: 'ü' } } },
    { ack: { of: 1, attempt: 1, startMs: atMs, tookMs: 2.5 } },
    { ack: { of: 1, attempt: 1, startMs: atMs, tookMs: 2, late: true } },
    { ack: { of: 1, attempt: 1, startMs: atMs, tookMs: 2, result: { a: 1 } } },
    { put: { key: 'k', value: [1] } },
  ]
  it.each(records.map((record) => ({ record })))('is its JSON: $record', ({ record }) => {
    expect(lineOf(record)).toBe(JSON.stringify(record))
  })

  it('has the text of the data that was checked, whatever the object has become', () => {
    const data: unknown[] = [1]
    const record = { enqueue: { queue: 'q', data, atMs, [DATA_TEXT]: '[1]' } }
    data.push(2)
    expect(lineOf(record)).toBe(`{"enqueue":{"queue":"q","data":[1],"atMs":${atMs}}}`)
  })

  it('says where in the record something is that a line cannot carry', () => {
    const record = { enqueue: { queue: 'q', id: '\ud800', data: 1, atMs } }
    expect(() => lineOf(record)).toThrow(/a lone surrogate at \$\.enqueue\.id/)
  })
})
