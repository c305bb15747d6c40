// What the journal cannot do without besides jobs, told twice: by the ledger alone, and of a record that was read.
import type { Ledger } from '../ledger/ledger.js'
import type { QueueRecord } from '../records/record-types.js'
import { scheduleOf } from './carrying.js'

/** The numbers of the records of which {@link recordBeside} has something to say. */
export function seqsBeside({ values, schedules, jobs, crashesInRow, crashSeq }: Ledger): number[] {
  return [
    ...[...values.values()].map(({ seq }) => seq),
    ...jobs.queues.filter(({ isPaused }) => isPaused).map(({ pausedSeq }) => pausedSeq),
    ...(crashesInRow > 0 ? [crashSeq] : []),
    ...schedules.all().flatMap(({ seq, tickSeq }) => [seq, tickSeq]),
  ]
}

/** What the journal cannot do without of a record that is no job's. */
export function recordBeside(
  ledger: Ledger,
  seq: number,
  record: QueueRecord,
): QueueRecord | undefined {
  if ('put' in record) {
    const { key } = record.put
    return ledger.values.get(key)?.seq === seq ? record : undefined
  }
  if ('pause' in record) {
    const { isPaused, pausedSeq } = ledger.jobs.queue(record.pause.queue)
    return isPaused && pausedSeq === seq ? record : undefined
  }
  if ('crash' in record) {
    const { crashesInRow, crashSeq } = ledger
    const { atMs } = record.crash
    const isNeeded = crashesInRow > 0 && crashSeq === seq
    return isNeeded ? { crash: { jobs: [], inRow: crashesInRow, atMs } } : undefined
  }
  const id =
    'schedule' in record ? record.schedule.id : 'tick' in record ? record.tick.schedule : ''
  const schedule = ledger.schedules.get(id)
  if (schedule === undefined || (schedule.seq !== seq && schedule.tickSeq !== seq)) return undefined
  return scheduleOf(ledger, id)
}
