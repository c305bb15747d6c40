import { setTimeout as delay } from 'node:timers/promises'
import { MiniStore } from '../mini-store.js'
import { lineOf } from './cat.js'
import { LineWriter } from './output.js'
import { type CommonOptions, lastTexts, requireJournal } from './source.js'

/** Options of `tail`. */
export interface TailOptions extends CommonOptions {
  readonly lines: number
  readonly follow?: boolean
}

/** Prints the last records, and with `follow` every one that comes. */
export async function tail(path: string, options: TailOptions): Promise<void> {
  const base = await requireJournal(path)
  const writer = new LineWriter()
  const { last, lastSeq } = await lastTexts(base, options.lines, options)
  for (const { seq, text } of last) await writer.line(lineOf(seq, text, options))
  await writer.flush()
  if (options.follow !== true) return
  for await (const event of followJournal(base, { from: lastSeq + 1 })) {
    if (event.kind === 'record') {
      await writer.line(lineOf(event.seq, JSON.stringify(event.record), options))
    } else await writer.flush()
  }
}

type Followed =
  | {
      readonly kind: 'record'
      readonly seq: number
      readonly record: unknown
      readonly commitEnd: boolean
    }
  | { readonly kind: 'caughtUp'; readonly seq: number }

const POLL_MS = 200

/** Stands in for `MiniStore.follow(path, { from, signal })`, with its signature. */
async function* followJournal(
  path: string,
  { from, signal }: { readonly from: number; readonly signal?: AbortSignal },
): AsyncGenerator<Followed, void> {
  let next = from
  for (;;) {
    for await (const { seq, record, commitEnd } of MiniStore.entries(path, { from: next })) {
      yield { kind: 'record', seq, record, commitEnd }
      next = seq + 1
    }
    yield { kind: 'caughtUp', seq: next - 1 }
    await delay(POLL_MS, undefined, signal === undefined ? {} : { signal })
  }
}
