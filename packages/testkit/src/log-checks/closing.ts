import { deepStrictEqual, ok } from 'node:assert/strict'
import { assertRefused, outcomesOf } from '../check.js'
import { type LogCheck, recordsOf } from './subject.js'

/** What `flush` and `close` promise. */
export const closingChecks: readonly LogCheck[] = [
  {
    name: 'closes as often as asked',
    run: async ({ log }) => {
      await log.append('a')
      await Promise.all([log.close(), log.close()])
      await log.close()
    },
  },
  {
    name: 'refuses to write after close with STORE_CLOSED, surely absent',
    run: async ({ log, reopen }) => {
      await log.append('a')
      await log.close()
      const refusal = { code: 'STORE_CLOSED', outcome: 'absent' }
      await assertRefused(() => log.append('late'), refusal)
      await assertRefused(() => log.appendMany(['late']), refusal)
      await assertRefused(() => log.flush(), refusal)
      await assertRefused(() => log.dropBefore(1), refusal)
      await assertRefused(
        () => log.appendOnce?.('late', { id: 'id' }) ?? log.append('late'),
        refusal,
      )
      if (reopen !== undefined) deepStrictEqual(await recordsOf(await reopen()), ['a'])
    },
  },
  {
    name: 'settles every append that waits before close resolves, and keeps what it acknowledged',
    run: async ({ log, reopen }) => {
      const settled = new Set<number>()
      const appends = Array.from({ length: 20 }, async (_, n) => {
        try {
          await log.append(n)
          return n
        } finally {
          settled.add(n)
        }
      })
      const ended = Promise.allSettled(appends)
      await log.close()
      await undefined // the promises of the appends settle before, their followers run now
      ok(settled.size === 20, `${20 - settled.size} appends wait for ever`)
      const { values, reasons } = outcomesOf(await ended)
      for (const { outcome } of reasons) ok(outcome === 'absent' || outcome === 'unknown')
      if (reopen === undefined) return
      const records = await recordsOf(await reopen())
      deepStrictEqual(
        records.filter((record) => values.includes(record as number)),
        values,
      )
    },
  },
  {
    name: 'makes everything durable that was appended before flush',
    run: async ({ log }) => {
      const appending = [log.append('a'), log.append('b')]
      await log.flush()
      const numbers = await Promise.all(appending)
      ok(log.durableSeq >= Math.max(...numbers))
      deepStrictEqual(await recordsOf(log), ['a', 'b'])
    },
  },
]
