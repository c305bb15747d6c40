import { MiniStore } from '@mini-rs/ministore'
import { decodeRecord } from '../records/record-decoder.js'
import type { QueueRecord } from '../records/record-types.js'
import { journalPath } from '../queue/places.js'
import { lengthInWords } from '../queue/words.js'
import type { Ledger } from '../ledger/ledger.js'
import type { QueueLedger } from '../ledger/queue-ledger.js'
import { Rates } from './rates.js'
import { coloured, cut, fit, printLines, shown, table, widthOf } from './output.js'
import {
  type QueuesView,
  leasesIn,
  markRunning,
  readNotes,
  readOwner,
  readQueues,
} from './reading.js'
import { type CommonOptions, count, oldestOf, title } from './summary.js'

const REFRESH_MS = 1_000
/** A follower is behind its writer by no more than this. */
const FOLLOW_MS = 200
const MOST_BARS = 60
/** A chart that is shorter says nothing. */
const LEAST_BARS = 10
/** Of jobs that have completed none is shown; so many are kept, for what may still be said of them. */
const MOST_COMPLETED = 1_000

const ENTER = '\u001B[?1049h\u001B[?25l'
const LEAVE = '\u001B[?25h\u001B[?1049l'
const HOME = '\u001B[H'
const CLEAR_LINE = '\u001B[K'
const CLEAR_BELOW = '\u001B[J'

/** Options of `top`. */
export interface TopOptions extends CommonOptions {
  readonly once?: boolean
}

/** Shows the queues live, until it is interrupted. Where output is no terminal: once. */
export async function top(directory: string, options: TopOptions): Promise<void> {
  const view = await readQueues(directory)
  const rates = new Rates(MOST_BARS)
  const isLive = options.once !== true && process.stdout.isTTY
  if (!isLive) return printLines(await frame(view, rates, undefined))
  const stop = new AbortController()
  const leave = onKeys(() => stop.abort())
  process.stdout.write(ENTER)
  try {
    const followed = follow(view, rates, stop.signal)
    for (let frames = 0; !stop.signal.aborted; frames++) {
      await refresh(view, stop.signal)
      // What came before it was looked at came in no time.
      if (frames === 0) rates.clear()
      draw(await frame(view, rates, process.stdout.columns))
      await Promise.race([wait(REFRESH_MS - FOLLOW_MS, stop.signal), followed])
      rates.tick()
    }
    await followed
  } finally {
    leave()
    process.stdout.write(LEAVE)
  }
}

/** Applies what its owner appends. */
async function follow(view: QueuesView, rates: Rates, signal: AbortSignal): Promise<void> {
  const path = journalPath(view.directory)
  for await (const event of MiniStore.follow(path, { from: view.lastSeq + 1, signal })) {
    if (event.kind !== 'record') continue
    const record = decodeRecord(event.record, event.seq, path)
    countIn(rates, view.ledger, record)
    view.ledger.apply(event.seq, record, Date.now())
  }
}

function countIn(rates: Rates, { jobs }: Ledger, record: QueueRecord): void {
  if ('enqueue' in record) return rates.count(record.enqueue.queue, 'in')
  if ('tick' in record && record.tick.job !== undefined) {
    return rates.count(record.tick.job.queue, 'in')
  }
  const [of, what] =
    'ack' in record
      ? [record.ack.of, 'done' as const]
      : 'nack' in record
        ? [record.nack.of, 'failed' as const]
        : ['dead' in record ? record.dead.of : 0, 'failed' as const]
  const slot = jobs.table.ofSeq(of)
  if (slot !== undefined) rates.count(jobs.queueOf(slot).name, what)
}

/** What is in no record: the time, who runs, who has the folder open. */
async function refresh(
  view: { -readonly [Key in keyof QueuesView]: QueuesView[Key] },
  signal: AbortSignal,
): Promise<void> {
  const { directory, ledger } = view
  const notes = await readNotes(directory)
  // What has ended before that was read comes along the journal meanwhile.
  await wait(FOLLOW_MS, signal)
  view.nowMs = Date.now()
  view.owner = await readOwner(directory)
  ledger.jobs.advance(view.nowMs, view.nowMs)
  view.leases = leasesIn(notes, ledger)
  if (view.owner === undefined) returnToWaiting(ledger)
  else markRunning(ledger, view.leases)
  for (const { ended } of ledger.jobs.queues) {
    for (const slot of ended.completed) {
      if (ended.completed.size <= MOST_COMPLETED) break
      ledger.jobs.forget(slot)
    }
  }
}

/** Its process has died: nothing runs. */
function returnToWaiting({ jobs }: Ledger): void {
  for (const slot of jobs.table) {
    if (jobs.table.status(slot) !== 'active') continue
    jobs.change(slot, { kind: 'release', attempt: jobs.table.attempt(slot) })
  }
}

const HEADS = [
  'queue',
  'waiting',
  'delayed',
  'blocked',
  'active',
  'dead',
  'in/s',
  'done/s',
  'failed/s',
  'oldest waiting',
]

const NUMBERS = [1, 2, 3, 4, 5, 6, 7, 8]

async function frame(
  view: QueuesView,
  rates: Rates,
  columns: number | undefined,
): Promise<string[]> {
  const { queues } = view.ledger.jobs
  const heads = HEADS.map((head) => coloured('dim', head))
  const rows = await Promise.all(queues.map((queue) => rowOf(view, queue, rates)))
  const lines = aligned([heads, ...rows], columns)
  if (queues.length === 0) lines.splice(0, 1, 'There are no queues in it yet.')
  const head = [title(view.directory, view.owner), '']
  if (columns === undefined) return [...head, ...lines.map((line) => line.trimEnd())]
  const now = new Date(view.nowMs).toTimeString().slice(0, 8)
  const charted = queues.length === 0 ? lines : withCharts(lines, view, rates, columns)
  return [...head, ...charted, '', coloured('dim', `${now}  q quits`)].map((line) =>
    fit(line, columns),
  )
}

/** Closer together where the oldest jobs would have no room otherwise: on 80 columns. */
function aligned(rows: readonly (readonly string[])[], columns = Infinity): string[] {
  const wide = table(rows, NUMBERS)
  return wide.every((line) => widthOf(line) <= columns) ? wide : table(rows, NUMBERS, ' ')
}

async function rowOf(view: QueuesView, queue: QueueLedger, rates: Rates): Promise<string[]> {
  const { name, counts, isPaused } = queue
  const failed = rates.perSecond(name, 'failed')
  return [
    coloured('bold', cut(shown(name), 30)),
    count('waiting', counts.waiting),
    count('delayed', counts.delayed),
    count('blocked', counts.blocked),
    count('active', counts.active),
    count('dead', counts.dead),
    rateText(rates.perSecond(name, 'in')),
    rateText(rates.perSecond(name, 'done')),
    failed === 0 ? coloured('dim', '0') : coloured('red', rateText(failed)),
    isPaused ? coloured('yellow', 'paused') : oldestText(await oldestOf(view, queue)),
  ]
}

/** Behind each line as much of the last minute as there is room for. */
function withCharts(
  lines: readonly string[],
  { ledger }: QueuesView,
  rates: Rates,
  columns: number,
): string[] {
  const width = Math.max(...lines.map((line) => widthOf(line))) + 2
  const bars = Math.min(MOST_BARS, columns - width)
  if (bars < LEAST_BARS) return [...lines]
  const charts = [
    coloured('dim', cut(`done, last ${bars} s`, bars)),
    ...ledger.jobs.queues.map(({ name }) => coloured('green', rates.sparkline(name, 'done', bars))),
  ]
  return lines.map(
    (line, index) => line + ' '.repeat(width - widthOf(line)) + (charts[index] ?? ''),
  )
}

function oldestText(oldest: { readonly id: string; readonly forMs: number } | undefined): string {
  if (oldest === undefined) return coloured('dim', '–')
  const { id, forMs } = oldest
  const colour = forMs > 60_000 ? 'red' : forMs > 5_000 ? 'yellow' : 'dim'
  return `${coloured(colour, lengthInWords(forMs))}  ${cut(shown(id), 40)}`
}

function rateText(perSecond: number): string {
  if (perSecond === 0) return coloured('dim', '0')
  return perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond).toLocaleString('en')
}

function draw(lines: readonly string[]): void {
  const rows = lines.slice(0, process.stdout.rows)
  process.stdout.write(HOME + rows.map((line) => line + CLEAR_LINE).join('\n') + CLEAR_BELOW)
}

function onKeys(quit: () => void): () => void {
  const { stdin } = process
  const onData = (key: Buffer): void => {
    if (key.includes('q') || key.includes(3)) quit()
  }
  process.once('SIGINT', quit)
  process.once('SIGTERM', quit)
  if (stdin.isTTY) {
    stdin.setRawMode(true)
    stdin.resume()
    stdin.on('data', onData)
  }
  return () => {
    process.off('SIGINT', quit)
    process.off('SIGTERM', quit)
    if (!stdin.isTTY) return
    stdin.setRawMode(false)
    stdin.off('data', onData)
    stdin.pause()
  }
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    // A listener that stayed would be one more each second: Node.js warns of that, in the middle of the screen.
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
