import { readFile } from 'node:fs/promises'
import { MiniStore } from '@mini-rs/ministore'
import type { Check } from './checks.js'
import { type Integrity, checkIntegrity } from './integrity.js'

/** A line of the queue's journal, as far as the account needs it. */
type QueueLine = Partial<
  Record<'enqueue', { readonly data: Check }> &
    Record<'ack', Delivery & { readonly result: Integrity }> &
    Record<'nack', Delivery> &
    Record<'dead', Partial<Delivery> & { readonly of: number; readonly error: Fault }> &
    Record<'crash', { readonly jobs: readonly Delivery[] }>
>

interface Delivery {
  readonly of: number
  readonly attempt: number
}

interface Fault {
  readonly message: string
}

/** What the queue's journal tells, beside what is true. */
export interface Account {
  readonly packages: number
  /** Packages with one acknowledged check; with two or more; with none. */
  readonly once: number
  readonly more: number
  readonly none: number
  /** Whose digest is the one that was computed here. */
  readonly equal: number
  readonly files: number
  readonly sizeBytes: number
  /** How the deliveries ended. */
  readonly failed: number
  readonly interrupted: number
  readonly dead: readonly {
    readonly label: string
    readonly why: string
    readonly attempt: number
  }[]
  /** Lines of the journal about one job that failed and came again. */
  readonly story: readonly string[]
  readonly holds: boolean
}

/** Reads the queue's journal, by nothing but the log under it, and checks every package once more. */
export async function accountFor(
  journalPath: string,
  root: string,
  checks: readonly Check[],
  onChecked: (count: number) => void,
): Promise<Account> {
  const jobs = new Map<number, Check>()
  const results = new Map<string, Integrity[]>()
  const dead: Account['dead'][number][] = []
  let failed = 0
  let interrupted = 0
  let retried: number | undefined
  for await (const { firstSeq, records } of MiniStore.batches<QueueLine>(journalPath)) {
    for (const [index, { enqueue, ack, nack, dead: end, crash }] of records.entries()) {
      if (enqueue !== undefined) jobs.set(firstSeq + index, enqueue.data)
      if (ack !== undefined) {
        const path = jobs.get(ack.of)?.path ?? ''
        results.set(path, [...(results.get(path) ?? []), ack.result])
      }
      if (nack !== undefined || end?.attempt !== undefined) failed += 1
      retried ??= nack?.of
      interrupted += crash?.jobs.length ?? 0
      if (end === undefined) continue
      const { label = '' } = jobs.get(end.of) ?? {}
      dead.push({ label, why: end.error.message, attempt: end.attempt ?? 0 })
    }
  }
  const counts = checks.map(({ path }) => results.get(path)?.length ?? 0)
  const compared = await compare(root, checks, results, onChecked)
  const once = counts.filter((count) => count === 1).length
  return {
    packages: checks.length,
    once,
    more: counts.filter((count) => count > 1).length,
    none: counts.filter((count) => count === 0).length,
    ...compared,
    failed,
    interrupted,
    dead,
    story: retried === undefined ? [] : await storyOf(journalPath, retried),
    holds: once === checks.length && compared.equal === checks.length && dead.length === 1,
  }
}

async function compare(
  root: string,
  checks: readonly Check[],
  results: ReadonlyMap<string, readonly Integrity[]>,
  onChecked: (count: number) => void,
): Promise<Pick<Account, 'equal' | 'files' | 'sizeBytes'>> {
  const sum = { equal: 0, files: 0, sizeBytes: 0 }
  for (const [index, { path }] of checks.entries()) {
    const { sha256, files, sizeBytes } = await checkIntegrity(root, path)
    if (results.get(path)?.every((result) => result.sha256 === sha256)) sum.equal += 1
    sum.files += files
    sum.sizeBytes += sizeBytes
    onChecked(index + 1)
  }
  return sum
}

/** The lines about a job, but for the one that enqueued it, and those of the whole queue. */
async function storyOf(journalPath: string, seq: number): Promise<string[]> {
  const lines = (await readFile(journalPath, 'utf8')).split('\n')
  return lines.filter((one) => /^{"(?:ack|nack)":/.test(one) && one.includes(`"of":${seq},`))
}
