import type { CompiledDefinition } from '../definition/compiled.js'
import { MiniStateError } from '../errors.js'
import { recipeFault } from '../write/run-mutations.js'
import type { RecordSource } from './record-source.js'

/** The error of a record that cannot be applied, with its place. */
export async function replayFailed(
  source: RecordSource,
  seq: number,
  record: unknown,
  cause: unknown,
): Promise<MiniStateError> {
  const place = await source.locate(seq).catch(() => undefined) // the record's number alone is enough
  const where = place === undefined ? `record ${seq}` : `${place.path}:${place.line}: record ${seq}`
  return new MiniStateError(
    'REPLAY_FAILED',
    `${where} cannot be applied: ${recipeFault(cause)}. Nothing was changed; run the program that wrote it, mend the recipe, or open with onReplayError: 'skip'`,
    { seq, mutation: tagOf(record), path: place?.path, line: place?.line, cause },
  )
}

function tagOf(record: unknown): string | undefined {
  if (typeof record === 'string') return record
  return typeof record === 'object' && record !== null ? Object.keys(record)[0] : undefined
}

/** Which records the log says to leave out, from `from` on. */
export async function findSkips(
  definition: CompiledDefinition,
  source: RecordSource,
  from: number,
): Promise<Map<number, string>> {
  const skips = new Map<number, string>()
  for await (const { records } of source.batches({ from })) {
    for (const record of records) {
      const skip = definition.trySkip(record)
      if (skip !== undefined) skips.set(skip.seq, skip.reason)
    }
  }
  return skips
}
