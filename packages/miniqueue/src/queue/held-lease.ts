/** How a holder can end a lease. */
export type Ending = 'ack' | 'nack' | 'dead'

/** A lease that was given out, until it is over. */
export class HeldLease {
  readonly seq: number
  readonly attempt: number
  readonly startMs: number
  readonly isSuspect: boolean
  /** The record that had ended the job before this delivery, 0 for none: another one ends this lease, too, whatever brings the job back. */
  readonly endSeq: number
  /** By the monotonic clock; Infinity where its holder is in this process and cannot be lost. */
  deadlineMs: number
  /** `settling`: its end is on its way to the disk. `expired`: taken away, and not yet given to another. */
  state: 'held' | 'settling' | 'expired' | 'over' = 'held'
  /** It has run out before: that was its failure, and however it ends, it has no other. */
  hasFailed = false
  /** Its handler has passed its deadline. */
  isOverdue = false
  /** How its holder has it end, from the moment that he says so. */
  ending: Ending | undefined
  /** What the first settling came to: a repeated one comes to the same. */
  settled: Promise<void> | undefined
  #controller: AbortController | undefined
  #reason: unknown

  constructor(parts: {
    readonly seq: number
    readonly attempt: number
    readonly startMs: number
    readonly deadlineMs: number
    readonly isSuspect: boolean
    readonly endSeq: number
  }) {
    this.seq = parts.seq
    this.attempt = parts.attempt
    this.startMs = parts.startMs
    this.deadlineMs = parts.deadlineMs
    this.isSuspect = parts.isSuspect
    this.endSeq = parts.endSeq
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#reason !== undefined) this.#controller.abort(this.#reason)
    return this.#controller.signal
  }

  /** The holder should stop. */
  abort(reason: unknown): void {
    this.#reason ??= reason
    this.#controller?.abort(reason)
  }
}
