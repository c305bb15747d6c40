import type { Queue } from '@mini-rs/miniqueue'
import type { Model } from './model.js'
import { isSame } from './same.js'

/** Which of the states that a crash may have left was opened, or why it is none of them. */
export async function recognize(
  candidates: readonly Model[],
  queue: Queue<unknown>,
  seen: { readonly nowMs: number; readonly isPowerCut: boolean; readonly cursor: unknown },
): Promise<{ readonly model: Model | undefined; readonly reasons: readonly string[] }> {
  const reasons: string[] = []
  for (const candidate of candidates) {
    const model = candidate.clone()
    const struck = await strikes(model, queue)
    model.end(false, (job) => !seen.isPowerCut || struck.has(job.seq))
    const reason = await isSame(queue, model, seen.nowMs, seen.cursor)
    if (reason === undefined) return { model, reasons }
    reasons.push(reason)
  }
  return { model: undefined, reasons }
}

/** Of which jobs the note that they had begun has survived. */
async function strikes(model: Model, queue: Queue<unknown>): Promise<Set<number>> {
  const struck = new Set<number>()
  for (const job of model.jobs.values()) {
    const real = await queue.get(`@${job.seq}`)
    if (real !== undefined && real.crashes > job.crashes) struck.add(job.seq)
  }
  return struck
}
