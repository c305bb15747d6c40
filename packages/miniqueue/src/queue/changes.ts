interface Hold {
  holders: number
  readonly over: Promise<void>
  readonly end: () => void
}

/**
 * Jobs that are being changed by hand: from the decision until its record is durable, nobody else changes
 * them, and they are given to nobody. What was decided for a job that waits would otherwise meet it running.
 */
export class Changes {
  readonly #jobs = new Map<number, Hold>()
  /** Queues of which all jobs are held. */
  readonly #queues = new Map<string, number>()
  #onFree = (): void => {}

  /** Who is told that jobs can be given out again. */
  onFree(listener: () => void): void {
    this.#onFree = listener
  }

  isHeld(seq: number, queue: string): boolean {
    return (this.#jobs.size > 0 && this.#jobs.has(seq)) || this.#queues.has(queue)
  }

  /** Runs `change` when nobody else changes the job. */
  async ofJob<Result>(seq: number, change: () => Promise<Result>): Promise<Result> {
    for (let other = this.#jobs.get(seq); other !== undefined; other = this.#jobs.get(seq)) {
      await other.over
    }
    const release = this.hold(seq)
    try {
      return await change()
    } finally {
      release()
    }
  }

  /** Holds a job, whoever else does, until what is returned is called. */
  hold(seq: number): () => void {
    const hold = this.#jobs.get(seq) ?? newHold()
    this.#jobs.set(seq, hold)
    hold.holders += 1
    return () => {
      hold.holders -= 1
      if (hold.holders > 0) return
      this.#jobs.delete(seq)
      hold.end()
      this.#onFree()
    }
  }

  /** Runs `change` while no job of the queue is given out. */
  async ofQueue<Result>(queue: string, change: () => Promise<Result>): Promise<Result> {
    this.#queues.set(queue, (this.#queues.get(queue) ?? 0) + 1)
    try {
      return await change()
    } finally {
      const left = (this.#queues.get(queue) ?? 1) - 1
      if (left === 0) this.#queues.delete(queue)
      else this.#queues.set(queue, left)
      this.#onFree()
    }
  }
}

function newHold(): Hold {
  const waiting: (() => void)[] = []
  const over = new Promise<void>((resolve) => void waiting.push(resolve))
  return { holders: 0, over, end: () => waiting.forEach((wake) => wake()) }
}
