import { MiniStoreError, assertThat, ioError } from '../errors.js'
import type { Settings } from '../options.js'
import { atEndOfTurn } from '../platform/node.js'
import type { Admitted } from './admission.js'
import { type JournalWriter, storeFailed } from './journal-writer.js'
import { Pace } from './pace.js'

/** How long a lone caller with syncs on the calling thread may hold the event loop. */
const MAX_HELD_MS = 5

/** Serialised records of one `append` or `appendMany`, waiting for their commit. Kept small: there may be thousands. */
class PendingAppend {
  readonly kind = 'append'
  readonly lines: readonly string[]
  readonly textBytes: number
  readonly firstSeq: number
  readonly #answer: (firstSeq: number) => unknown
  readonly #resolve: (answer: never) => void
  readonly reject: (error: unknown) => void

  constructor(
    { lines, textBytes }: Admitted,
    firstSeq: number,
    answer: (firstSeq: number) => unknown,
    settlers: { resolve: (answer: never) => void; reject: (error: unknown) => void },
  ) {
    this.lines = lines
    this.textBytes = textBytes
    this.firstSeq = firstSeq
    this.#answer = answer
    this.#resolve = settlers.resolve
    this.reject = settlers.reject
  }

  resolve(): void {
    this.#resolve(this.#answer(this.firstSeq) as never)
  }
}

interface PendingTask {
  readonly kind: 'task'
  readonly run: () => Promise<void>
}

/**
 * Group commit: what was appended while a sync ran, and what those append whom it has answered, goes into the next
 * commit; or half of it, where {@link Pace} says that two groups by turns are faster. One queue for appends and for
 * what must not overlap with them, in the order of the calls.
 */
export class CommitQueue {
  readonly #path: string
  readonly #writer: JournalWriter
  readonly #settings: Settings
  #items: (PendingAppend | PendingTask)[] = []
  #pendingBytes = 0
  #nextSeq: number
  #isRunning = false
  // Whether the next commit is to be formed at the end of this turn, if not before.
  #isForming = false
  readonly #pace: Pace
  // Appends of the last commit.
  #answeredCount = 0
  #lastTurnMs = 0
  #waiters: (() => void)[] = []

  constructor(path: string, writer: JournalWriter, settings: Settings) {
    this.#path = path
    this.#writer = writer
    this.#settings = settings
    this.#pace = new Pace(settings.clock, settings.durability === 'disk')
    this.#nextSeq = writer.lastSeq + 1
  }

  /** The last number that was handed out; its record may still be waiting. */
  get lastHandedOut(): number {
    return this.#nextSeq - 1
  }

  /** The first record that no commit has taken yet; the next to be handed out when none waits. */
  get formingSeq(): number {
    const waiting = this.#items.find((item) => item.kind === 'append')
    return waiting?.firstSeq ?? this.#nextSeq
  }

  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /** Queues records as one unit. `expectedSeq` is compared with the last number handed out. */
  append<T>(
    admitted: Admitted,
    expectedSeq: number | undefined,
    answer: (firstSeq: number) => T,
  ): Promise<T> {
    const { lines, textBytes } = admitted
    const refusal = this.#refusal(textBytes, expectedSeq)
    if (refusal !== undefined) return Promise.reject(refusal)
    const firstSeq = this.#nextSeq
    this.#nextSeq += lines.length
    this.#pendingBytes += textBytes
    return new Promise<T>((resolve, reject) => {
      this.#push(new PendingAppend(admitted, firstSeq, answer, { resolve, reject }))
    })
  }

  /** Runs `task` when everything queued before it is done, and nothing beside it. */
  run<T>(task: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#push({
        kind: 'task',
        run: () => task().then(resolve, (error) => reject(this.#named(error))),
      })
    })
  }

  /** Resolves when `append` has room again, or the store has failed. */
  ready(): Promise<void> {
    if (this.#hasRoom) return Promise.resolve()
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  get #hasRoom(): boolean {
    return this.#pendingBytes < this.#settings.maxPendingBytes
  }

  #refusal(textBytes: number, expectedSeq: number | undefined): MiniStoreError | undefined {
    const { failure } = this.#writer
    if (failure !== undefined) return storeFailed(failure)
    if (expectedSeq !== undefined && expectedSeq !== this.lastHandedOut) {
      return wrongExpectedSeq(this.#path, expectedSeq, this.lastHandedOut)
    }
    const { maxPendingBytes } = this.#settings
    if (this.#pendingBytes === 0 || this.#pendingBytes + textBytes <= maxPendingBytes)
      return undefined
    return new MiniStoreError(
      'BACKLOG_FULL',
      `${this.#path}: ${this.#pendingBytes} bytes wait to be written, and maxPendingBytes is ${maxPendingBytes}; await ready(), or the appends before this one`,
      { path: this.#path, outcome: 'absent', sizeBytes: textBytes },
    )
  }

  #push(item: PendingAppend | PendingTask): void {
    this.#items.push(item)
    this.#pace.appended()
    if (this.#isForming && this.#isGroup()) this.#next()
    if (this.#isRunning) return
    this.#isRunning = true
    // The first commit has what stands before this in its turn, as callers that are equally deep in promises do; what
    // comes behind is in the next one. The end of the turn would be later for a lone caller.
    queueMicrotask(() => this.#next())
  }

  /**
   * The next commit is formed at the end of the turn: callers that the last one has answered append again before that.
   * Where they form two groups, the other one goes to the disk at once.
   */
  #continue(hasHeldLoop: boolean): void {
    this.#pace.answered()
    if (hasHeldLoop && this.#isTurnDue()) {
      setImmediate(() => this.#next())
      return
    }
    this.#isForming = true
    if (!hasHeldLoop && this.#items.length > 0 && this.#pace.groups === 2) this.#next()
    atEndOfTurn(() => {
      this.#pace.turnEnded()
      if (this.#isForming) this.#next()
    })
  }

  /** Whether half of those that were answered have appended, and are not to wait for the others. */
  #isGroup(): boolean {
    return this.#pace.groups === 2 && 2 * this.#items.length >= this.#answeredCount
  }

  #next(): void {
    this.#isForming = false
    const item = this.#items[0]
    if (item === undefined) this.#isRunning = false
    else if (item.kind === 'append') void this.#commit(this.#takeBatch(item))
    else void this.#work(item)
  }

  /** Syncs on the calling thread let nothing else run: now and then timers and sockets get their turn. */
  #isTurnDue(): boolean {
    const nowMs = this.#settings.clock.monotonicMs()
    if (nowMs - this.#lastTurnMs < MAX_HELD_MS) return false
    this.#lastTurnMs = nowMs
    return true
  }

  async #work({ run }: PendingTask): Promise<void> {
    this.#items.shift()
    await run()
    this.#continue(false)
  }

  #takeBatch(first: PendingAppend): PendingAppend[] {
    const { maxCommitBytes, seal } = this.#settings
    const batch: PendingAppend[] = []
    let textBytes = 0
    let item: PendingAppend | PendingTask | undefined = first
    while (item?.kind === 'append') {
      textBytes += item.textBytes
      if (batch.length > 0 && textBytes > maxCommitBytes) break
      batch.push(item)
      item = this.#items[batch.length]
    }
    this.#items.splice(0, batch.length)
    assertThat(
      seal || batch.every(({ lines }) => lines.length === 1),
      'unsealed records stand alone',
    )
    return batch
  }

  async #commit(batch: readonly PendingAppend[]): Promise<void> {
    const lines: string[] = []
    let textBytes = 0
    for (const item of batch) {
      for (const line of item.lines) lines.push(line)
      textBytes += item.textBytes
    }
    assertThat(batch[0]?.firstSeq === this.#writer.lastSeq + 1, 'numbers are handed out in order')
    const isInline = this.#settings.syncOn === 'inline' && lines.length === 1
    this.#pace.begin()
    try {
      const written = this.#writer.commit(lines, textBytes, isInline)
      this.#pace.submitted()
      await written
      if (!isInline) this.#pace.synced()
    } catch (error) {
      this.#rejectAll(batch, this.#named(error))
      return this.#continue(isInline)
    }
    this.#answeredCount = batch.length
    this.#released(textBytes)
    for (const item of batch) item.resolve()
    this.#continue(isInline)
  }

  /** Nothing is written behind a failed predecessor: what waits in the queue fails with it. */
  #rejectAll(batch: readonly PendingAppend[], failure: MiniStoreError): void {
    const behind = this.#items.filter((item) => item.kind === 'append')
    this.#items = this.#items.filter((item) => item.kind === 'task')
    this.#nextSeq = this.#writer.lastSeq + 1
    this.#released(this.#pendingBytes)
    for (const { reject } of batch) reject(failure)
    for (const { reject } of behind) reject(behindFailure(failure))
  }

  #released(textBytes: number): void {
    this.#pendingBytes -= textBytes
    if (!this.#hasRoom || this.#waiters.length === 0) return
    const waiters = this.#waiters
    this.#waiters = []
    for (const resolve of waiters) resolve()
  }

  #named(error: unknown): MiniStoreError {
    return ioError('working on the journal', this.#path, error)
  }
}

/** The answer to an append that waited behind the commit that failed. */
function behindFailure(failure: MiniStoreError): MiniStoreError {
  const { code, path, outcome } = failure
  const message = `an append before this one failed, and nothing is written behind it: ${failure.message}`
  return new MiniStoreError(code, message, { path, outcome, cause: failure })
}

function wrongExpectedSeq(path: string, expectedSeq: number, lastSeq: number): MiniStoreError {
  return new MiniStoreError(
    'WRONG_EXPECTED_SEQ',
    `${path}: expectedSeq is ${expectedSeq}, and the last record is ${lastSeq}; read on from there, and decide again`,
    { path, outcome: 'absent', lastSeq },
  )
}
