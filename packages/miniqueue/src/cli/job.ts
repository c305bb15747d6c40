import { isEnded } from '../job-status.js'
import { type HistoryEntry, HistoryReader } from '../records/history.js'
import type { JobError } from '../job-types.js'
import { explain as explainJob } from '../queue/explaining.js'
import { lengthInWords } from '../queue/words.js'
import {
  CommandError,
  coloured,
  localTime,
  printJson,
  printLines,
  shown,
  table,
  valueText,
} from './output.js'
import { type QueuesView, findSlot, readBody, readId, readQueues, recordsOf } from './reading.js'
import { type CommonOptions, statusText } from './summary.js'

const MOST_VALUE = 200
const DIED_RUNNING =
  'It was running when its process died; at the next opening it comes again, with a crash on its account.'

/** Prints a job as it stands. */
export async function show(
  directory: string,
  queue: string,
  id: string,
  options: CommonOptions,
): Promise<void> {
  const view = await readQueues(directory)
  const { table: jobs } = view.ledger.jobs
  const slot = findSlot(view, queue, id)
  const stored = await readBody(view, slot)
  if (stored === undefined)
    throw new CommandError(`the job ${JSON.stringify(id)} has gone meanwhile`)
  const { body, dataText } = stored
  const { attempt, failures, crashes, dueMs, status } = jobs.load(slot)
  const extra = jobs.extra(slot)
  const data: unknown = JSON.parse(dataText)
  const priority = jobs.priority(slot)
  const seq = jobs.seq(slot)
  const { previous, reason, error, memo } = extra ?? {}
  if (options.json === true) {
    const state = { status, priority, attempt, failures, crashes, dueMs }
    return printJson({ seq, ...body, ...state, data, previous, reason, error, memo })
  }
  const last = error ?? previous?.error
  const rows: (readonly [string, string | undefined])[] = [
    ['status', statusText(status) + (reason === undefined ? '' : `, ${reason}`)],
    ['number', String(seq)],
    ['data', valueText(data)],
    ['headers', body.headers && valueText(body.headers)],
    ['group', body.group && shown(body.group)],
    ['priority', priority === 0 ? undefined : String(priority)],
    [isEnded(status) ? 'ended' : 'due', `${localTime(dueMs)}${relative(dueMs, view.nowMs)}`],
    ['deliveries', String(attempt)],
    [
      'failures',
      failures === 0 ? undefined : `${failures} of ${body.attempts ?? 'the queue’s attempts'}`,
    ],
    ['crashes', crashes === 0 ? undefined : coloured('red', String(crashes))],
    ['last error', last && errorText(last)],
    ['memo', memo === undefined ? undefined : valueText(memo, MOST_VALUE)],
  ]
  const name = await readId(view, seq)
  await printLines([
    `${coloured('bold', shown(name))} in ${shown(queue)}`,
    ...table(
      rows.flatMap(([label, text]) => (text === undefined ? [] : [[coloured('dim', label), text]])),
      [],
    ).map((line) => `  ${line}`),
  ])
}

/** Prints all that the journal tells of a job. */
export async function history(
  directory: string,
  queue: string,
  id: string,
  options: CommonOptions,
): Promise<void> {
  const view = await readQueues(directory)
  const reader = new HistoryReader({ queue, id, seq: undefined })
  for await (const { seq, record } of recordsOf(directory)) reader.read(seq, record)
  const { jobSeq } = reader
  if (jobSeq === undefined) {
    throw new CommandError(
      `queue ${JSON.stringify(queue)}: the journal knows no job ${JSON.stringify(id)}`,
    )
  }
  const entries = [...reader.entries, ...runningOf(view, jobSeq)]
  if (options.json === true) return printJson(entries)
  const rows = entries.map((entry) => {
    const [atMs, what, more] = describe(entry)
    return [coloured('dim', atMs === undefined ? '' : localTime(atMs)), what, more]
  })
  await printLines([
    `${coloured('bold', shown(id))} in ${shown(queue)}, number ${jobSeq}`,
    ...table(rows, []).map((line) => `  ${line.trimEnd()}`),
  ])
}

/** Prints why a job does not run. */
export async function explain(
  directory: string,
  queue: string,
  id: string,
  options: CommonOptions,
): Promise<void> {
  const view = await readQueues(directory)
  const slot = findSlot(view, queue, id)
  const explanation = await explainJob(view.ledger, slot, {
    nowMs: view.nowMs,
    idOf: (seq) => readId(view, seq),
    startMsOf: () => undefined,
  })
  const { status, why, sentence } = explanation
  const owner = view.owner ?? null
  const seq = view.ledger.jobs.table.seq(slot)
  const diedRunning = view.owner === undefined && view.leases.has(seq)
  if (options.json === true) return printJson({ ...explanation, owner, diedRunning })
  const because = why === status ? '' : coloured('dim', ` (${why})`)
  const lines = [
    `${coloured('bold', shown(explanation.id))} is ${statusText(status)}${because}`,
    shown(sentence),
  ]
  if (diedRunning) lines.push(coloured('yellow', DIED_RUNNING))
  if (isEnded(status)) return printLines(lines)
  if (view.owner === undefined) {
    lines.push(coloured('yellow', 'No process has these queues open: nothing runs.'))
  } else if (why === 'next') {
    lines.push(
      `Whether a worker takes it, only its process knows (${view.owner.pid}): call explain() there.`,
    )
  }
  await printLines(lines)
}

function runningOf(view: QueuesView, seq: number): HistoryEntry[] {
  const attempt = view.leases.get(seq)
  if (attempt === undefined || view.owner === undefined) return []
  return [{ kind: 'running', attempt, startMs: undefined }]
}

/** When, what, and more of it. */
export function describe(entry: HistoryEntry): [number | undefined, string, string] {
  switch (entry.kind) {
    case 'enqueued': {
      const { atMs, data, delayMs, runAtMs, schedule } = entry
      const by = schedule === undefined ? '' : ` by the schedule ${shown(schedule)}`
      const late = delayMs === undefined ? '' : `, due ${lengthInWords(delayMs)} later`
      const at = runAtMs === undefined ? '' : `, due ${localTime(runAtMs)}`
      return [atMs, 'enqueued', `${valueText(data, MOST_VALUE)}${by}${late}${at}`]
    }
    case 'carried': {
      const { status, attempt, failures, crashes } = entry
      const what = `${status}; ${attempt} deliveries, ${failures} failed, ${crashes} crashed before`
      return [entry.enqueuedAtMs, coloured('dim', 'carried'), what]
    }
    case 'delivery':
      return describeDelivery(entry)
    case 'interrupted':
      return [
        entry.atMs,
        `${ordinal(entry.attempt)} ${coloured(entry.outcome === 'crashed' ? 'red' : 'yellow', entry.outcome)}`,
        entry.outcome === 'crashed' ? 'its process died' : 'its process was closed',
      ]
    case 'died':
      return [entry.atMs, coloured('red', 'dead'), reasonText(entry.reason, entry.error)]
    case 'progress':
      return [undefined, coloured('dim', 'progress'), valueText(entry.value, MOST_VALUE)]
    case 'log':
      return [entry.atMs, coloured('dim', 'log'), shown(entry.line)]
    case 'memo':
      return [undefined, coloured('dim', 'memo'), valueText(entry.memo, MOST_VALUE)]
    case 'updated': {
      const { atMs, data, priority, dueMs } = entry
      const changes = [
        data === undefined ? '' : valueText(data, MOST_VALUE),
        priority === undefined ? '' : `priority ${priority}`,
        dueMs === undefined ? '' : `due ${localTime(dueMs)}`,
      ]
      return [atMs, coloured('yellow', 'updated'), changes.filter((text) => text !== '').join(', ')]
    }
    case 'cancelled':
    case 'retried':
    case 'redriven':
      return [entry.atMs, coloured('yellow', entry.kind), '']
    case 'running':
      return [undefined, `${ordinal(entry.attempt)} ${coloured('green', 'running')}`, '']
  }
}

function describeDelivery(
  entry: Extract<HistoryEntry, { readonly kind: 'delivery' }>,
): [number, string, string] {
  const took = `took ${lengthInWords(entry.tookMs)}`
  const attempt = ordinal(entry.attempt)
  switch (entry.outcome) {
    case 'completed': {
      const result = entry.result === undefined ? '' : ` → ${valueText(entry.result, MOST_VALUE)}`
      const late = entry.isLate === true ? ', after its lease had run out' : ''
      return [
        entry.startMs,
        `${attempt} ${coloured('green', 'completed')}`,
        `${took}${late}${result}`,
      ]
    }
    case 'failed':
    case 'expired': {
      const { error, dueMs, counts } = entry
      const what = error === undefined ? '' : `: ${errorText(error)}`
      const free = counts ? '' : ', does not count'
      const next = `${took}, again ${localTime(dueMs)}${free}${what}`
      return [entry.startMs, `${attempt} ${coloured('yellow', entry.outcome)}`, next]
    }
    case 'dead': {
      const why = reasonText(entry.reason, entry.error)
      return [entry.startMs, `${attempt} ${coloured('red', 'dead')}`, `${took}, ${why}`]
    }
  }
}

function reasonText(reason: string, error: JobError | undefined): string {
  return error === undefined ? reason : `${reason}: ${errorText(error)}`
}

function errorText({ name, message }: JobError): string {
  return shown(`${name}: ${message}`)
}

function ordinal(attempt: number): string {
  return coloured('dim', `#${attempt}`)
}

function relative(ms: number, nowMs: number): string {
  const leftMs = ms - nowMs
  return leftMs > 0 ? `, in ${lengthInWords(leftMs)}` : `, ${lengthInWords(-leftMs)} ago`
}
