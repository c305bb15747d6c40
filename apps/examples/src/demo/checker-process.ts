import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Check, WORKERS } from './checks.js'
import type { FromChecker, ToChecker } from './messages.js'

export interface CheckerJob {
  /** Of the queue. */
  readonly folder: string
  /** Where the packages are. */
  readonly root: string
  readonly checks: readonly Check[]
  /** Kill the process when so many checks were seen to be done. */
  readonly killAfter?: number
  readonly onOpened: (pid: number | undefined, opened: Opened) => void
  readonly onChecked: (count: number) => void
  readonly onTrouble: (pid: number | undefined, trouble: Trouble) => void
}

/** A check that failed: it comes again, or never. */
export type Trouble = FromChecker & { kind: 'retry' | 'dead' }

export type Opened = FromChecker & { kind: 'opened' }

export interface CheckerOutcome {
  readonly checked: number
  readonly retries: number
  readonly dead: number
  /** Undefined when nobody killed it. */
  readonly signal: NodeJS.Signals | null
  readonly elapsedMs: number
}

/** Runs a checker process until its queue is idle, or until it is killed. */
export async function runChecker(job: CheckerJob): Promise<CheckerOutcome> {
  const startMs = performance.now()
  const child = fork(fileURLToPath(new URL('checker.ts', import.meta.url)))
  const seen = { checked: 0, retries: 0, dead: 0 }
  let isOpened = false
  let isDone = false
  const tell = (message: ToChecker): void => void child.send(message, () => {})
  child.on('message', (message: FromChecker) => {
    if (child.killed) return
    if (message.kind === 'opened') {
      isOpened = true
      job.onOpened(child.pid, message)
    } else if (message.kind === 'done') {
      isDone = true
      child.disconnect()
    } else {
      if (message.kind === 'checked') job.onChecked(++seen.checked)
      else {
        seen[message.kind === 'retry' ? 'retries' : 'dead'] += 1
        job.onTrouble(child.pid, message)
      }
      if (seen.checked === job.killAfter) child.kill('SIGKILL')
      else tell({ kind: 'seen' })
    }
  })
  const { folder, root, checks } = job
  tell({ kind: 'check', folder, root, checks, ahead: Math.min(WORKERS, checks.length) })
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  if (!isOpened || (!isDone && signal !== 'SIGKILL')) {
    throw new Error(`the checker process ended early, with ${signal ?? `exit code ${code}`}`)
  }
  return { ...seen, signal, elapsedMs: performance.now() - startMs }
}
