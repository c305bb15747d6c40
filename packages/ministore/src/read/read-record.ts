import type { JournalWriter } from '../write/journal-writer.js'
import { dropped } from './segment-walk.js'
import { type Reader, replayRecords } from './reader.js'
import { assertInteger } from '../options.js'

/** One record by its number; undefined when it is not durable yet. */
export async function readRecord<R>(
  reader: Reader<R>,
  writer: JournalWriter,
  seq: number,
): Promise<R | undefined> {
  assertInteger('seq', seq, 1)
  if (seq > writer.durableSeq) return undefined
  if (seq < writer.firstSeq) throw dropped(reader.path, seq, writer.firstSeq)
  const [record] = await replayRecords({ ...reader, startAt: writer.checkpointBefore(seq) })
  return record
}
