import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import type { AppendOptions, Log } from '@mini-rs/ministore'
import { assertRefused } from '../check.js'
import {
  type LogCheck,
  type LogSubject,
  type NextFailure,
  entriesOf,
  recordsOf,
  withoutBatches,
} from './subject.js'

const UNKNOWN = { code: 'OUTCOME_UNKNOWN', outcome: 'unknown' }
const UNAVAILABLE = { code: 'UNAVAILABLE', outcome: 'absent' }
const BOTH_UNKNOWN: readonly NextFailure[] = ['unknownWritten', 'unknownLost']

/** What ids promise, and what holds after an append that failed. */
export const failingChecks: readonly LogCheck[] = [
  {
    name: 'appends once under an id, and tells the repetition where the record is',
    skipReason: withoutIds,
    run: async ({ log }) => {
      await log.append('before')
      const first = await once(log, 'a', { id: 'one' })
      strictEqual(first.duplicate, false)
      await log.append('between')
      deepStrictEqual(await once(log, 'a', { id: 'one' }), { seq: first.seq, duplicate: true })
      strictEqual((await once(log, 'a', { id: 'another' })).duplicate, false)
      deepStrictEqual(await recordsOf(log), ['before', 'a', 'between', 'a'])
    },
  },
  {
    name: 'appends once when the same id is sent several times at the same moment',
    skipReason: withoutIds,
    run: async ({ log, other = log }) => {
      const writers = [log, other, log, other]
      const answers = await Promise.all(writers.map((writer) => once(writer, 'a', { id: 'one' })))
      strictEqual(answers.filter(({ duplicate }) => !duplicate).length, 1)
      strictEqual(new Set(answers.map(({ seq }) => seq)).size, 1)
      deepStrictEqual(await recordsOf(log), ['a'])
    },
  },
  {
    name: 'compares expectedSeq for an id that is new, and not for one that is known',
    skipReason: withoutIds,
    run: async ({ log }) => {
      const expectedSeq = await log.append('before')
      const { seq } = await once(log, 'a', { id: 'one', expectedSeq })
      deepStrictEqual(await once(log, 'a', { id: 'one', expectedSeq }), { seq, duplicate: true })
      const conflict = { code: 'WRONG_EXPECTED_SEQ', outcome: 'absent' }
      await assertRefused(() => once(log, 'b', { id: 'two', expectedSeq }), conflict)
      await once(log, 'b', { id: 'two', expectedSeq: seq })
      deepStrictEqual(await recordsOf(log), ['before', 'a', 'b'])
    },
  },
  {
    name: 'knows the ids of before when it is opened again',
    skipReason: (subject) =>
      withoutIds(subject) ??
      (subject.reopen === undefined ? 'it cannot be opened again' : undefined),
    run: async ({ log, reopen }) => {
      const { seq } = await once(log, 'a', { id: 'one' })
      await log.close()
      const again = (await reopen?.()) ?? log
      deepStrictEqual(await once(again, 'a', { id: 'one' }), { seq, duplicate: true })
      deepStrictEqual(await recordsOf(again), ['a'])
    },
  },
  {
    name: 'makes it exactly once when an unknown outcome is repeated with the same id',
    skipReason: (subject) => withoutIds(subject) ?? withoutScript(subject),
    run: async (subject) => {
      const { log } = subject
      const wanted: string[] = []
      for (const failure of [...BOTH_UNKNOWN, ...BOTH_UNKNOWN]) {
        const id = `${wanted.length}`
        wanted.push(id)
        const expectedSeq = (await entriesOf(log)).at(-1)?.seq ?? 0
        subject.failNext?.(failure)
        await assertRefused(() => once(log, id, { id, expectedSeq }), UNKNOWN)
        const { duplicate } = await once(log, id, { id, expectedSeq })
        strictEqual(duplicate, failure === 'unknownWritten')
        deepStrictEqual(await recordsOf(log), wanted)
      }
    },
  },
  {
    name: 'writes all or nothing of an append whose outcome is unknown, and goes on',
    skipReason: (subject) => withoutScript(subject) ?? withoutBatches(subject),
    run: async (subject) => {
      const { log } = subject
      for (const failure of BOTH_UNKNOWN) {
        const before = await recordsOf(log)
        subject.failNext?.(failure)
        await assertRefused(() => log.appendMany(['a', 'b']), UNKNOWN)
        const isWritten = failure === 'unknownWritten'
        deepStrictEqual(await recordsOf(log), isWritten ? [...before, 'a', 'b'] : before)
        const seq = await log.append('after')
        ok((await entriesOf(log)).at(-1)?.seq === seq)
      }
    },
  },
  {
    name: 'writes nothing when it is unavailable, and goes on later',
    skipReason: withoutScript,
    run: async (subject) => {
      const { log } = subject
      subject.failNext?.('unavailable')
      await assertRefused(() => log.append('a', { expectedSeq: 0 }), UNAVAILABLE)
      deepStrictEqual(await recordsOf(log), [])
      await log.append('a', { expectedSeq: 0 })
      deepStrictEqual(await recordsOf(log), ['a'])
    },
  },
]

function once(
  log: Log<unknown>,
  record: unknown,
  options: AppendOptions & { readonly id: string },
): Promise<{ readonly seq: number; readonly duplicate: boolean }> {
  return log.appendOnce?.(record, options) ?? Promise.reject(new Error('there is no appendOnce'))
}

function withoutIds({ log }: LogSubject): string | undefined {
  return log.appendOnce === undefined ? 'this log knows no ids' : undefined
}

function withoutScript({ failNext }: LogSubject): string | undefined {
  return failNext === undefined ? 'its failures cannot be scripted' : undefined
}
