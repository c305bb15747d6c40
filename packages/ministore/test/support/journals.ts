import { MiniStore, type OpenOptions, type RecoveryReport } from '@mini-rs/ministore'
import { CrashFileSystem } from '@mini-rs/testkit'

/** The base path of journals in a {@link CrashFileSystem}. */
export const BASE = '/journal.jsonl'

/** One record of the test journals. */
export interface Numbered {
  readonly n: number
  readonly text: string
}

/** A journal of so many commits; every third has three records. Resolves to the records and where each commit ends. */
export async function writeJournal(
  path: string,
  commitCount: number,
  options: OpenOptions<Numbered> = {},
): Promise<{ records: Numbered[]; commitEnds: number[] }> {
  const store = await MiniStore.open<Numbered>(path, options)
  const records: Numbered[] = []
  const commitEnds: number[] = []
  for (let commit = 0; commit < commitCount; commit++) {
    const batch = Array.from({ length: commit % 3 === 2 ? 3 : 1 }, (_, index) => {
      return { n: records.length + index, text: `record ${commit}.${index} é 😀` }
    })
    await store.appendMany(batch)
    records.push(...batch)
    commitEnds.push(records.length)
  }
  await store.close()
  return { records, commitEnds }
}

/** What a reader and a writer make of the bytes of a journal's active segment. */
export interface Judgement {
  /** The code of the error with which it was refused, or undefined. */
  readonly refused: string | undefined
  readonly report: RecoveryReport | undefined
  readonly records: readonly unknown[]
}

/** Opens a journal that has these bytes, in memory, and reads it. */
export async function judge(
  bytes: Uint8Array,
  options: OpenOptions<unknown> = {},
): Promise<Judgement & { fileSystem: CrashFileSystem }> {
  const fileSystem = new CrashFileSystem()
  fileSystem.put(BASE, bytes)
  return { ...(await judgePath(BASE, { ...options, fileSystem })), fileSystem }
}

/** Opens the journal at `path` and reads it. */
export async function judgePath(path: string, options: OpenOptions<unknown>): Promise<Judgement> {
  try {
    const store = await MiniStore.open(path, options)
    try {
      const records: unknown[] = []
      for await (const { record } of store.entries()) records.push(record)
      return { refused: undefined, report: store.recovery, records }
    } finally {
      await store.close()
    }
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === undefined) throw error
    return { refused: code, report: undefined, records: [] }
  }
}
