// Two box offices sell seats from what they know of the log. `expectedSeq` is what they know: of two who
// decide on the same state, one wins, and the other reads on and decides again.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { MiniStore, MiniStoreError } from '@mini-rs/ministore'
import { exampleFolder } from './folder.js'

const SEATS = ['A1', 'A2', 'B1', 'B2']
interface Sale {
  readonly seat: string
  readonly to: string
}

const store = await MiniStore.open<Sale>(join(await exampleFolder(), 'sales.jsonl'))

/** Sells the first seat that is free. Resolves to undefined when there is none, and nothing is logged then. */
async function sell(to: string): Promise<string | undefined> {
  for (;;) {
    const sold = new Set<string>()
    const expectedSeq = store.lastSeq
    for await (const { record } of store.entries({ to: expectedSeq })) sold.add(record.seat)
    const seat = SEATS.find((one) => !sold.has(one))
    if (seat === undefined) return undefined
    try {
      await store.append({ seat, to }, { expectedSeq })
      return seat
    } catch (error) {
      if (!MiniStoreError.is(error) || error.code !== 'WRONG_EXPECTED_SEQ') throw error
      await store.flush() // the other record may still be on its way
      console.log(`${to}: somebody was faster with ${seat}`)
    }
  }
}

const [toAda, toBob] = await Promise.all([sell('ada'), sell('bob')])
console.log(`ada has ${toAda ?? 'no seat'}, bob has ${toBob ?? 'no seat'}`)
assert.ok(toAda === undefined || toAda !== toBob)
console.log(`${store.lastSeq} of ${SEATS.length} seats are sold`)
await store.close()
