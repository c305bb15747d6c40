import { assertKnownOptions, type Log, type OptionNames } from '@mini-rs/ministore'
import {
  type CompactReport,
  type CreatedSnapshot,
  type SnapshotStore,
  compact,
} from '@mini-rs/minisnap'
import type { ResolvedPolicy } from '../options.js'
import type { Version } from '../write/versions.js'
import type { LogObserver } from '../write/writer-parts.js'
import { LogTail, type Weighed, type Weight } from './log-tail.js'

interface SnapshotOptions {
  readonly signal?: AbortSignal
}

const SNAPSHOT_OPTIONS: OptionNames<SnapshotOptions> = { signal: true }

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
export class Snapshotter<S extends object> implements LogObserver {
  readonly #parts: SnapshotterParts<S>
  /** The log since the last snapshot that was begun. */
  readonly tail: LogTail
  // Settles when every snapshot and compaction so far has ended.
  #last: Promise<unknown> = Promise.resolve()
  #created = 0
  #failed = 0
  #lastSeq: number | undefined
  // While an automatic one is made.
  #automatic: Promise<void> | undefined
  // Whether the last automatic one failed: then nobody waits for the next.
  #isBroken = false
  // From then on none is begun, though others go on appending.
  #isClosing = false
  // Those who wait for room in the tail.
  #room: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined

  constructor(parts: SnapshotterParts<S>) {
    this.#parts = parts
    this.tail = new LogTail(parts.policy)
  }

  get stats(): SnapshotStats {
    return {
      created: this.#created,
      failed: this.#failed,
      lastSeq: this.#lastSeq,
      tailRecords: this.tail.weight.records,
      tailBytes: this.tail.weight.bytes,
    }
  }

  /** What was found at opening: a snapshot, and how much is behind it. */
  found(
    snapshot: { readonly seq: number; readonly sizeBytes: number } | undefined,
    tail: Weight,
  ): void {
    this.#lastSeq = snapshot?.seq
    this.tail.lastSnapshotBytes = snapshot?.sizeBytes ?? 0
    this.tail.add(tail)
    this.#check()
    if (this.#isAutomatic && this.#parts.policy.compact) this.#finishCompaction(snapshot?.seq)
  }

  decided(mutations: readonly Weighed[]): Weight {
    return this.tail.decided(mutations)
  }

  undone(weight: Weight): void {
    this.tail.undone(weight)
    this.#makeRoom()
  }

  /** Begins an automatic snapshot where it is due. */
  committed(weight: Weight): void {
    this.tail.committed(weight)
    this.#check()
  }

  /** Others have put a record into the log. */
  followed(record: unknown): void {
    this.tail.add({ records: 1, bytes: this.tail.bytesOf(record) })
    this.#check()
  }

  /** So that the log never outgrows the policy, calls wait where a snapshot has to be begun first. */
  room(): Promise<void> | undefined {
    if (this.#isBroken || !this.tail.isFull) return undefined
    this.#check() // one that a caller asked for may have failed, and left its tail behind
    this.#room ??= deferred()
    return this.#room.promise
  }

  create(options: SnapshotOptions = {}): Promise<CreatedSnapshot> {
    assertKnownOptions('options', options, SNAPSHOT_OPTIONS)
    return this.#alone(() => this.#create(options))
  }

  compact(): Promise<CompactReport> {
    return this.#alone(() => this.#compact())
  }

  /** Resolves when none is being made. Before, `isLastWanted`, the last one is, where the policy asks for it. */
  async close(isLastWanted: boolean): Promise<void> {
    this.#isClosing = true
    await this.#automatic
    await this.#last
    const isDue = this.#parts.policy.onClose && this.tail.weight.records > 0
    if (isLastWanted && isDue) await this.#createAutomatic()
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

  #check(): void {
    if (this.#isClosing || this.#automatic !== undefined || !this.tail.isDue) return
    this.#automatic = this.#createAutomatic().then(() => {
      this.#automatic = undefined
      // What came meanwhile may be enough for the next; a failed one is tried again after the next commit.
      if (!this.#isBroken) this.#check()
    })
  }

  #makeRoom(): void {
    this.#room?.resolve()
    this.#room = undefined
  }

  async #createAutomatic(): Promise<void> {
    const { policy, onError } = this.#parts
    try {
      await this.#alone(async () => {
        if (policy.compact) await this.#beginPiece()
        await this.#create({})
        if (policy.compact) await this.#compact()
      })
    } catch (error) {
      this.#isBroken = true
      this.#failed++
      onError(error)
      this.#makeRoom()
    }
  }

  /**
   * Whole pieces of the log are dropped. With one that ends before each snapshot, at the snapshot's number
   * or before it, no record stays for its neighbours. Not where others still need what the last snapshot
   * holds: they keep all pieces behind that, and many small ones would be no help.
   */
  async #beginPiece(): Promise<void> {
    const { log, policy } = this.#parts
    const keepFrom = policy.keepFrom?.() ?? Infinity
    if (keepFrom > (this.#lastSeq ?? 0)) await log.rotate?.()
  }

  async #create({ signal }: SnapshotOptions): Promise<CreatedSnapshot> {
    const { log, snapshots, takeVersion, leftOut } = this.#parts
    const { version, release } = await takeVersion()
    const taken = this.tail.beginAnew()
    this.#makeRoom()
    try {
      const skipped = leftOut().filter((seq) => seq <= version.seq)
      const created = await snapshots.create(version.state, version.seq, {
        log,
        ...(skipped.length > 0 && { notes: { skipped } }),
        ...(signal !== undefined && { signal }),
      })
      this.#created++
      this.#lastSeq = version.seq
      this.tail.lastSnapshotBytes = created.sizeBytes
      this.#isBroken = false
      return created
    } catch (error) {
      this.tail.add(taken)
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

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  const settlers: (() => void)[] = []
  const promise = new Promise<void>((resolve) => settlers.push(resolve))
  return { promise, resolve: () => settlers[0]?.() }
}
