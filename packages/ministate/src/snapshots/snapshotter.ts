import type { Log } from '@mini-rs/ministore'
import {
  type CompactReport,
  type CreatedSnapshot,
  type SnapshotStore,
  compact,
} from '@mini-rs/minisnap'
import type { ResolvedPolicy } from '../options.js'
import type { Version } from '../write/versions.js'

const LEAST_AUTO_BYTES = 1024 * 1024

/** What a {@link Snapshotter} needs. */
export interface SnapshotterParts<S extends object> {
  readonly log: Log<unknown>
  readonly snapshots: SnapshotStore<S>
  readonly policy: ResolvedPolicy
  /** A durable state that does not change until `release` is called. */
  readonly takeVersion: () => Promise<{
    readonly version: Version<S>
    readonly release: () => void
  }>
  /** Records that the state leaves out. */
  readonly leftOut: () => readonly number[]
  readonly onError: (error: unknown) => void
}

/** Figures of the snapshots that were made since the state was opened. */
export interface SnapshotStats {
  readonly created: number
  /** Automatic ones that failed; the last error has gone to `onError`. */
  readonly failed: number
  /** Of the newest that is known; undefined when there is none. */
  readonly lastSeq: number | undefined
  /** Records, and bytes of them, behind it. Bytes are counted only where a policy asks for them: else 0. */
  readonly tailRecords: number
  readonly tailBytes: number
}

/** Makes snapshots, when asked to and by the policy, and compacts the log behind them. One at a time. */
export class Snapshotter<S extends object> {
  readonly #parts: SnapshotterParts<S>
  readonly #countsBytes: boolean
  // Settles when every snapshot and compaction so far has ended.
  #last: Promise<unknown> = Promise.resolve()
  #created = 0
  #failed = 0
  #lastSeq: number | undefined
  #lastBytes = 0
  #tailRecords = 0
  #tailBytes = 0
  // While an automatic one is made: resolves at its end.
  #automatic: Promise<void> | undefined
  // It has not begun: the tail is still counted from the one before.
  #isWaiting = false

  constructor(parts: SnapshotterParts<S>) {
    this.#parts = parts
    this.#countsBytes = parts.policy.everyBytes !== Infinity
  }

  get stats(): SnapshotStats {
    return {
      created: this.#created,
      failed: this.#failed,
      lastSeq: this.#lastSeq,
      tailRecords: this.#tailRecords,
      tailBytes: this.#tailBytes,
    }
  }

  /** What was found at opening: a snapshot, and how much is behind it. */
  found(
    snapshot: { readonly seq: number; readonly sizeBytes: number } | undefined,
    tail: { readonly records: number; readonly bytes: number },
  ): void {
    this.#lastSeq = snapshot?.seq
    this.#lastBytes = snapshot?.sizeBytes ?? 0
    this.#tailRecords = tail.records
    this.#tailBytes = tail.bytes
    this.check()
    if (this.#isAutomatic && this.#parts.policy.compact) this.#finishCompaction(snapshot?.seq)
  }

  /** Counts a record that is behind the last snapshot. */
  count(record: unknown): void {
    this.#tailRecords++
    if (this.#countsBytes) this.#tailBytes += recordBytes(record)
  }

  /** After a commit: begins an automatic snapshot where it is due. */
  check(): void {
    if (this.#automatic !== undefined || !this.#isDue()) return
    this.#isWaiting = true
    this.#automatic = this.#createAutomatic().finally(() => {
      this.#automatic = undefined
    })
  }

  /** What a call has to wait for before it may add to the log; undefined for nothing. */
  get backpressure(): Promise<void> | undefined {
    return !this.#isWaiting && this.#automatic !== undefined && this.#isDue()
      ? this.#automatic
      : undefined
  }

  create(options: { readonly signal?: AbortSignal } = {}): Promise<CreatedSnapshot> {
    return this.#alone(() => this.#create(options))
  }

  compact(): Promise<CompactReport> {
    return this.#alone(() => this.#compact())
  }

  /** The last one, where the policy asks for it; resolves when none is being made. */
  async close(): Promise<void> {
    await this.#automatic
    await this.#last
    if (this.#parts.policy.onClose && this.#tailRecords > 0) await this.#createAutomatic()
  }

  get #isAutomatic(): boolean {
    const { everyRecords, everyBytes } = this.#parts.policy
    return everyRecords !== Infinity || everyBytes !== Infinity
  }

  /** What a crash between a snapshot and the compaction behind it has left. */
  #finishCompaction(snapshotSeq: number | undefined): void {
    const { log, onError } = this.#parts
    if (snapshotSeq === undefined || log.firstSeq > snapshotSeq) return
    this.compact().catch(onError)
  }

  #isDue(): boolean {
    const { everyRecords, everyBytes } = this.#parts.policy
    const bytes = everyBytes === 'auto' ? Math.max(LEAST_AUTO_BYTES, this.#lastBytes) : everyBytes
    return this.#tailRecords >= everyRecords || this.#tailBytes >= bytes
  }

  async #createAutomatic(): Promise<void> {
    const { policy, onError } = this.#parts
    try {
      await this.#alone(async () => {
        await this.#create({})
        if (policy.compact) await this.#compact()
      })
    } catch (error) {
      this.#isWaiting = false
      this.#failed++
      onError(error)
    }
  }

  async #create({ signal }: { readonly signal?: AbortSignal }): Promise<CreatedSnapshot> {
    const { log, snapshots, takeVersion, leftOut } = this.#parts
    const { version, release } = await takeVersion()
    const tail = { records: this.#tailRecords, bytes: this.#tailBytes }
    // From here the tail of this snapshot is counted.
    this.#isWaiting = false
    this.#tailRecords = 0
    this.#tailBytes = 0
    try {
      const skipped = leftOut().filter((seq) => seq <= version.seq)
      const created = await snapshots.create(version.state, version.seq, {
        log,
        ...(skipped.length > 0 && { notes: { skipped } }),
        ...(signal !== undefined && { signal }),
      })
      this.#created++
      this.#lastSeq = version.seq
      this.#lastBytes = created.sizeBytes
      return created
    } catch (error) {
      this.#tailRecords += tail.records
      this.#tailBytes += tail.bytes
      throw error
    } finally {
      release()
    }
  }

  #compact(): Promise<CompactReport> {
    const { log, snapshots, policy } = this.#parts
    const keepFrom = policy.keepFrom?.()
    return compact(log, snapshots, keepFrom === undefined ? {} : { keepFrom })
  }

  #alone<T>(task: () => Promise<T>): Promise<T> {
    const run = this.#last.then(task)
    this.#last = run.catch(() => undefined) // whoever asked for it is told
    return run
  }
}

/** About what a record takes in the log. */
export function recordBytes(record: unknown): number {
  return JSON.stringify(record).length + 1
}
