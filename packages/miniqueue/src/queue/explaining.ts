import type { JobStatus } from '../job-types.js'
import type { Ledger } from '../ledger/ledger.js'
import type { Explanation, JobReference, Reason } from './explanation.js'
import { lengthInWords, timeInWords } from './words.js'

/** What only the process knows that has the queue open. */
export interface LiveQueue {
  readonly running: number
  readonly overrun: number
  /** Workers that are not closed. */
  readonly workers: number
  readonly pausedWorkers: number
  /** Whether somebody would take a job at once. */
  readonly isAwaited: boolean
  readonly limitedForMs: number | undefined
  readonly isHeldBack: boolean
  readonly isOverrun: boolean
}

/** What an explanation is made from beside the ledger. */
export interface ExplainContext {
  readonly nowMs: number
  readonly idOf: (seq: number) => Promise<string>
  /** When a job's delivery began, where it is known. */
  readonly startMsOf: (seq: number) => number | undefined
  /** Absent where the journal is read beside its process. */
  readonly live?: LiveQueue
}

/** Why the job in this slot does not run. */
export async function explain(
  ledger: Ledger,
  slot: number,
  context: ExplainContext,
): Promise<Explanation> {
  const { table } = ledger.jobs
  const seq = table.seq(slot)
  const status = table.status(slot)
  const reason = await reasonOf(ledger, slot, status, context)
  return { id: await context.idOf(seq), seq, status, ...reason }
}

async function reasonOf(
  ledger: Ledger,
  slot: number,
  status: JobStatus,
  context: ExplainContext,
): Promise<Reason> {
  switch (status) {
    case 'completed':
    case 'dead':
    case 'cancelled':
      return whyEnded(ledger, slot, status)
    case 'active':
      return whyRunning(ledger, slot, context)
    case 'delayed':
      return whyDelayed(ledger, slot, context)
    case 'blocked':
      return whyBlocked(ledger, slot, context)
    case 'waiting':
      return (await whyHeldUp(ledger, slot, context)) ?? whyWaiting(ledger, slot, context)
  }
}

function whyEnded(
  { jobs: { table } }: Ledger,
  slot: number,
  status: 'completed' | 'dead' | 'cancelled',
): Reason {
  const endedAtMs = table.dueMs(slot)
  const since = timeInWords(endedAtMs)
  if (status !== 'dead') return { why: status, endedAtMs, sentence: `It was ${status} ${since}.` }
  const { reason = 'deadLetter', error } = table.extra(slot) ?? {}
  const last = error === undefined ? '' : `; its last error: ${error.name}: ${error.message}`
  const sentence = `It is dead since ${since}: ${DEATHS[reason]}${last}. dead.redrive() or retry() runs it again.`
  return { why: 'dead', endedAtMs, reason, error, sentence }
}

const DEATHS = Object.freeze({
  attempts: 'its attempts are used up',
  crashes: 'the process crashed too often while it ran',
  nonRetryable: 'its handler said that trying again is pointless',
  deadLetter: 'whoever had it gave it up',
  payload: 'its payload is not valid',
  expired: 'it had not begun when it expired',
})

function whyRunning({ jobs: { table } }: Ledger, slot: number, context: ExplainContext): Reason {
  const attempt = table.attempt(slot)
  const sinceMs = context.startMsOf(table.seq(slot))
  const since = sinceMs === undefined ? '' : `, for ${lengthInWords(context.nowMs - sinceMs)}`
  const sentence = `It runs, for the ${ordinal(attempt)} time${since}.`
  if (context.live?.isOverrun !== true) return { why: 'running', attempt, sinceMs, sentence }
  const more = 'Its handler has passed its deadline, and it is not started again before that ends.'
  return { why: 'overrun', attempt, sinceMs, sentence: `${sentence} ${more}` }
}

function whyDelayed({ jobs: { table } }: Ledger, slot: number, context: ExplainContext): Reason {
  const { failures, dueMs } = table.load(slot)
  const { previous } = table.extra(slot) ?? {}
  const leftMs = dueMs - context.nowMs
  const until = `${timeInWords(dueMs)}${leftMs > 0 ? `, in ${lengthInWords(leftMs)}` : ''}`
  if (failures === 0 || previous?.outcome !== 'failed') {
    return { why: 'delayed', dueMs, sentence: `It is delayed until ${until}.` }
  }
  const { error } = previous
  const what = error === undefined ? '' : ` (${error.name}: ${error.message})`
  const times = failures === 1 ? 'once' : `${failures} times`
  const sentence = `It failed ${times}${what}, and is tried again ${until}.`
  return { why: 'backoff', dueMs, failures, error, sentence }
}

async function whyBlocked(ledger: Ledger, slot: number, context: ExplainContext): Promise<Reason> {
  const { waitsFor = new Set<number>() } = ledger.jobs.table.extra(slot) ?? {}
  const on = await Promise.all([...waitsFor].map((seq) => referenceTo(ledger, seq, context)))
  const hopeless = on.filter(({ status }) => NEVER.has(status))
  const list = on.map(({ id, status }) => `${JSON.stringify(id)} (${status})`).join(', ')
  const sentence = `It waits for ${list} to complete.${whatToDo(hopeless)}`
  return { why: 'dependency', on, sentence }
}

/** About those that will not complete by themselves. What is gone nobody can run again. */
function whatToDo(hopeless: readonly JobReference[]): string {
  if (hopeless.length === 0) return ''
  if (hopeless.some(({ status }) => status === 'gone'))
    return ' That never happens: cancel this one.'
  const them = hopeless.length === 1 ? 'that one' : 'those that ended'
  return ` That never happens by itself: retry() ${them}, or cancel this one.`
}

const NEVER: ReadonlySet<string> = new Set(['dead', 'cancelled', 'gone'])

/** What keeps a job that could run, as far as the journal and the leases tell. */
async function whyHeldUp(
  ledger: Ledger,
  slot: number,
  context: ExplainContext,
): Promise<Reason | undefined> {
  const queue = ledger.jobs.queueOf(slot)
  if (queue.isPaused) {
    const name = JSON.stringify(queue.name)
    return { why: 'paused', sentence: `The queue ${name} is paused; resume() goes on.` }
  }
  const held = queue.ready.holdUp(slot)
  if (held === undefined) return undefined
  const { group } = held
  const by = await Promise.all(
    membersThatHoldUp(ledger, slot, group, held.why).map((seq) =>
      referenceTo(ledger, seq, context),
    ),
  )
  const ids = by.map(({ id }) => JSON.stringify(id)).join(', ')
  const name = JSON.stringify(group)
  if (held.why === 'busy') {
    const sentence = `Its group ${name} is busy with ${ids}.`
    return { why: 'groupBusy', group, by, sentence }
  }
  const sentence = `Its group ${name} is held up by ${ids}, which failed and is tried again first.`
  return { why: 'groupBlocked', group, by, sentence }
}

function membersThatHoldUp(
  { jobs: { table } }: Ledger,
  slot: number,
  group: string,
  why: 'busy' | 'blocked',
): number[] {
  const seqs: number[] = []
  for (const other of table) {
    if (table.queue(other) !== table.queue(slot) || table.extra(other)?.group !== group) continue
    const isIt =
      why === 'busy'
        ? table.status(other) === 'active'
        : table.extra(other)?.isBlocking === true && other !== slot
    if (isIt) seqs.push(table.seq(other))
  }
  return seqs
}

/** What keeps a job that could run: whoever would take it. */
function whyWaiting(ledger: Ledger, slot: number, { live }: ExplainContext): Reason {
  const ahead = countAhead(ledger, slot)
  const before = ahead === 0 ? 'nothing is before it' : `${counted(ahead, 'job')} before it`
  // What reads the journal beside its process knows no more.
  if (live === undefined) {
    return { why: 'next', ahead, sentence: `Nothing in the journal keeps it; ${before}.` }
  }
  const crashes = ledger.jobs.table.crashes(slot)
  if (live.isHeldBack) {
    const sentence = `The process crashed ${counted(crashes, 'time')} while it ran: such jobs run one at a time, and another one does.`
    return { why: 'heldBack', crashes, sentence }
  }
  if (live.isAwaited) {
    const { limitedForMs: forMs } = live
    if (forMs === undefined) {
      return { why: 'next', ahead, sentence: `Nothing keeps it; ${before}.` }
    }
    const sentence = `The queue’s limiter lets the next job begin in ${lengthInWords(forMs)}; ${before}.`
    return { why: 'limiter', forMs: Math.ceil(forMs), sentence }
  }
  if (live.workers === 0 && live.running === 0) {
    return {
      why: 'noWorker',
      sentence:
        'Nobody takes jobs of this queue: start a worker with process(), or call receive().',
    }
  }
  if (live.workers > 0 && live.workers === live.pausedWorkers) {
    return { why: 'workersPaused', sentence: 'Every worker of this queue is paused.' }
  }
  const { running, overrun } = live
  const late = overrun === 0 ? '' : `, ${overrun} of them past their deadline`
  const sentence = `Whoever takes jobs is busy: ${counted(running, 'job')} running${late}; ${before}.`
  return { why: 'busy', ahead, running, overrun, sentence }
}

/** Jobs without a group that come before it. Groups come in turn, so for one of those it is its group's. */
function countAhead({ jobs }: Ledger, slot: number): number {
  const { table } = jobs
  const group = table.extra(slot)?.group
  let count = 0
  for (const other of table) {
    if (other === slot || table.status(other) !== 'waiting') continue
    if (table.queue(other) !== table.queue(slot) || table.extra(other)?.group !== group) continue
    const by =
      table.priority(other) - table.priority(slot) ||
      table.dueMs(other) - table.dueMs(slot) ||
      table.seq(other) - table.seq(slot)
    if (by < 0) count += 1
  }
  return count
}

async function referenceTo(
  { jobs: { table } }: Ledger,
  seq: number,
  { idOf }: ExplainContext,
): Promise<JobReference> {
  const slot = table.ofSeq(seq)
  return { id: await idOf(seq), seq, status: slot === undefined ? 'gone' : table.status(slot) }
}

function counted(count: number, one: string): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : `${one}s`}`
}

function ordinal(count: number): string {
  const tens = count % 100
  const ending = tens >= 11 && tens <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][count % 10] ?? 'th')
  return `${count}${ending}`
}
