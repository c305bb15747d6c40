import type { DeathReason, JobError } from '../job-types.js'
import {
  coloured,
  counted,
  cut,
  fitted,
  localTime,
  printJson,
  printLines,
  shown,
  table,
  valueText,
} from './output.js'
import { type QueuesView, findQueue, findSlot, readBody, readId, readQueues } from './reading.js'
import type { CommonOptions } from './summary.js'

const DEFAULT_LIMIT = 20
const SAMPLE = 10
const MOST_TEXT = 60

/** Options of the commands on dead letters. */
export interface DeadOptions extends CommonOptions {
  readonly id?: readonly string[]
  readonly reason?: DeathReason
  readonly error?: string
  readonly limit?: number
  readonly preview?: boolean
}

interface Letter {
  readonly id: string
  readonly seq: number
  readonly reason: DeathReason
  readonly error: JobError | undefined
  readonly deliveries: number
  readonly diedAtMs: number
  readonly data: unknown
}

/** Prints the dead letters of a queue. */
export async function listDead(
  directory: string,
  name: string,
  options: DeadOptions,
): Promise<void> {
  const view = await readQueues(directory)
  const { limit = DEFAULT_LIMIT, ...filter } = options
  const slots = selectDead(view, name, filter)
  const letters = await lettersOf(view, slots.slice(0, limit))
  if (options.json === true) return printJson(letters)
  await printLines([
    `${coloured('bold', shown(name))}: ${counted(slots.length, 'dead letter')}`,
    ...tableOf(letters),
    ...(slots.length > letters.length
      ? [`  … and ${counted(slots.length - letters.length, 'other')}; --limit shows more`]
      : []),
  ])
}

/** Prints what `dead redrive` would do. */
export async function previewRedrive(
  directory: string,
  name: string,
  options: DeadOptions,
): Promise<void> {
  const view = await readQueues(directory)
  const slots = selectDead(view, name, options)
  const remaining = findQueue(view.ledger, name).counts.dead - slots.length
  const reasons: Partial<Record<DeathReason, number>> = {}
  for (const slot of slots) {
    const reason = reasonOf(view, slot)
    reasons[reason] = (reasons[reason] ?? 0) + 1
  }
  const sample = await lettersOf(view, slots.slice(0, SAMPLE))
  const count = slots.length
  if (options.json === true) return printJson({ count, remaining, reasons, sample })
  const why = Object.entries(reasons).map(([reason, jobs]) => `${jobs} ${reason}`)
  const because = why.length === 0 ? '' : ` (${why.join(', ')})`
  await printLines([
    `${counted(count, 'job')} of ${coloured('bold', shown(name))} would wait again${because}, ${counted(remaining, 'dead letter')} would be left`,
    ...tableOf(sample),
    ...(count > sample.length ? [`  … and ${counted(count - sample.length, 'other')}`] : []),
    coloured('yellow', 'Nothing was changed.') +
      (count === 0 ? '' : ' Leave out --preview to do it.'),
  ])
}

/** As `queue.dead` selects them. */
function selectDead(view: QueuesView, name: string, filter: DeadOptions): number[] {
  const { id, reason, error, limit = Number.POSITIVE_INFINITY } = filter
  const { table: jobs } = view.ledger.jobs
  const ids = id && new Set(id.map((one) => findSlot(view, name, one)))
  const slots = [...findQueue(view.ledger, name).ended.dead].filter((slot) => {
    const last = jobs.extra(slot)?.error
    if (ids !== undefined && !ids.has(slot)) return false
    if (reason !== undefined && reasonOf(view, slot) !== reason) return false
    return (
      error === undefined || (last && `${last.name}: ${last.message}`)?.includes(error) === true
    )
  })
  return slots.toSorted((a, b) => jobs.seq(a) - jobs.seq(b)).slice(0, limit)
}

async function lettersOf(view: QueuesView, slots: readonly number[]): Promise<Letter[]> {
  const { table: jobs } = view.ledger.jobs
  const letters: Letter[] = []
  for (const slot of slots) {
    const stored = await readBody(view, slot)
    const seq = jobs.seq(slot)
    letters.push({
      id: await readId(view, seq),
      seq,
      reason: reasonOf(view, slot),
      error: jobs.extra(slot)?.error,
      deliveries: jobs.attempt(slot),
      diedAtMs: jobs.dueMs(slot),
      data: stored === undefined ? undefined : (JSON.parse(stored.dataText) as unknown),
    })
  }
  return letters
}

function tableOf(letters: readonly Letter[]): string[] {
  if (letters.length === 0) return []
  const heads = ['job', 'died', 'deliveries', 'why', 'last error', 'data']
  const rows = letters.map(({ id, reason, error, deliveries, diedAtMs, data }) => [
    coloured('bold', shown(id)),
    coloured('dim', localTime(diedAtMs)),
    String(deliveries),
    coloured('red', reason),
    error === undefined ? '' : cut(shown(`${error.name}: ${error.message}`), MOST_TEXT),
    valueText(data, MOST_TEXT),
  ])
  const lines = table([heads.map((head) => coloured('dim', head)), ...rows], [2])
  return fitted(lines.map((line) => `  ${line.trimEnd()}`))
}

function reasonOf(view: QueuesView, slot: number): DeathReason {
  return view.ledger.jobs.table.extra(slot)?.reason ?? 'deadLetter'
}
