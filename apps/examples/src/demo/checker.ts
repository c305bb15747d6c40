// The process that owns the queue and its workers, and that the demo kills.
import { MiniQueue } from '@mini-rs/miniqueue'
import { type Check, WORKERS, checkQueue } from './checks.js'
import { checkIntegrity } from './integrity.js'
import type { FromChecker, ToChecker } from './messages.js'

/** Jobs in one commit. */
const COMMIT_JOBS = 100

let credit = 0
const waiting: (() => void)[] = []

process.on('message', (message: ToChecker) => {
  if (message.kind === 'check') {
    credit += message.ahead
    void check(message)
  } else giveCredit()
})
// The demo has gone, or has seen enough.
process.on('disconnect', () => process.exit())

async function check({ folder, root, checks }: ToChecker & { kind: 'check' }): Promise<void> {
  const queues = await MiniQueue.open(folder)
  const queue = checkQueue(queues)
  const before = queue.stats().completed
  const enqueued = await enqueueAll(queue, checks)
  report({ kind: 'opened', interrupted: queues.crashed, completed: before, ...enqueued })

  queue.on('completed', ({ job }) => report({ kind: 'checked', label: job.data.label }))
  queue.on('retry', ({ job, error }) =>
    report({ kind: 'retry', label: job.data.label, why: error?.message ?? '' }),
  )
  queue.on('dead', ({ job, error }) =>
    report({ kind: 'dead', label: job.data.label, why: error?.message ?? '' }),
  )
  queue.process(
    async ({ data, failures }) => {
      await takeCredit()
      if (data.isFlaky && failures === 0) throw new Error('the disk was busy')
      return checkIntegrity(root, data.path)
    },
    { concurrency: WORKERS },
  )
  await queue.idle()
  await queues.close()
  report({ kind: 'done' })
}

/** Whatever is there already is a duplicate: this can be done any number of times. */
async function enqueueAll(
  queue: ReturnType<typeof checkQueue>,
  checks: readonly Check[],
): Promise<{ readonly enqueued: number; readonly duplicates: number }> {
  let duplicates = 0
  for (let at = 0; at < checks.length; at += COMMIT_JOBS) {
    const piece = checks.slice(at, at + COMMIT_JOBS)
    const told = await queue.enqueueMany(
      piece.map((data) => ({ data, options: { id: idOf(data.path) } })),
    )
    duplicates += told.filter(({ status }) => status === 'duplicate').length
  }
  return { enqueued: checks.length - duplicates, duplicates }
}

/** An id must not begin with an `@`, which a path can. */
function idOf(path: string): string {
  return `./${path}`
}

/** Keeps the workers within reach of their audience, or they would be done before anybody could kill them. */
async function takeCredit(): Promise<void> {
  if (credit === 0) await new Promise<void>((resolve) => void waiting.push(resolve))
  else credit--
}

function giveCredit(): void {
  const next = waiting.shift()
  if (next === undefined) credit++
  else next()
}

function report(message: FromChecker): void {
  process.send?.(message)
}
