import { MiniStore } from '@mini-rs/ministore'
import { decodeRecord } from '../records/record-decoder.js'
import { messageOf } from '../errors.js'
import { journalPath } from '../queue/places.js'
import { EXIT, coloured, counted, grouped, printJson, printLines, shown, size } from './output.js'
import { emptyLedger, requireQueues } from './reading.js'
import { type CommonOptions } from './summary.js'

const MOST_SHOWN = 10

/** Reads everything, says what is wrong, and answers the exit code. */
export async function verify(directory: string, options: CommonOptions): Promise<number> {
  await requireQueues(directory)
  const path = journalPath(directory)
  const journal = await MiniStore.verify(path)
  const wrong: string[] = []
  const ledger = emptyLedger()
  const nowMs = Date.now()
  if (!journal.isDamaged) {
    for await (const { firstSeq, records } of MiniStore.batches(path)) {
      for (const [index, value] of records.entries()) {
        const seq = firstSeq + index
        try {
          ledger.apply(seq, decodeRecord(value, seq, path), nowMs)
        } catch (error) {
          wrong.push(messageOf(error))
        }
      }
    }
  }
  const isDamaged = journal.isDamaged || wrong.length > 0
  const jobs = ledger.jobs.table.count
  if (options.json === true) await printJson({ isDamaged, jobs, wrong, journal })
  else {
    const { records, commits, segments, sizeBytes } = journal
    const verdict = isDamaged ? coloured('red', 'damaged') : coloured('green', 'whole')
    const lines = [
      `${coloured('bold', shown(directory))}: ${verdict}`,
      `${counted(records, 'record')} in ${counted(commits, 'commit')}, ${size(sizeBytes)} in ${counted(segments.length, 'file')}`,
      journal.isDamaged
        ? `The journal itself is damaged: 'npx ministore verify ${shown(path)}' shows where.`
        : `${counted(jobs, 'job')} in ${counted(ledger.jobs.queues.length, 'queue')}`,
      ...wrong.slice(0, MOST_SHOWN).map((text) => coloured('red', shown(text))),
    ]
    if (wrong.length > MOST_SHOWN) lines.push(`… and ${grouped(wrong.length - MOST_SHOWN)} more`)
    await printLines(lines)
  }
  return isDamaged ? EXIT.damage : EXIT.fine
}
