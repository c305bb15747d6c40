import { isDeepStrictEqual } from 'node:util'
import type {
  CheckedSnapshot,
  CreateOptions,
  CreatedSnapshot,
  RestoreOptions,
  RestoredSnapshot,
  SkippedSnapshot,
  SnapshotFile,
  SnapshotInfo,
  SnapshotProgress,
  SnapshotStore,
} from '@mini-rs/minisnap'
import { SharedSnapshots, type StoredSnapshot, contentOf, isWhole } from './shared-snapshots.js'
import { type SnapshotContent, contentBytes, copyOfNotes, parseContent } from './snapshot-bytes.js'
import type { NextCreateFailure } from './snapshot-checks/subject.js'
import { SnapshotError } from './snapshot-error.js'

const MOST_TURNS = 4
const PIECE_BYTES = 64 * 1024
const DAMAGED = 'its bytes do not fit its digest'

/** How a {@link MemorySnapshotStore} behaves. */
export interface MemorySnapshotStoreOptions {
  /** How many whole snapshots are kept. Default 2. */
  readonly keep?: number
  /** Decides on turns taken. Default 1. */
  readonly seed?: number
}

/**
 * Snapshots in memory, which any number of handles share, as in an object store on a cluster. Promises
 * what the port promises and no more: it refuses what the strictest store refuses, calls of several
 * handles interleave, and a state that changes while it is created is `STATE_CHANGED`.
 */
export class MemorySnapshotStore<S> implements SnapshotStore<S> {
  readonly keep: number
  readonly #shared: SharedSnapshots
  readonly #failures: NextCreateFailure[] = []
  // Changes of one handle are made in their order.
  #lastChange: Promise<unknown> = Promise.resolve()

  constructor(options: MemorySnapshotStoreOptions = {}, shared?: SharedSnapshots) {
    this.keep = options.keep ?? 2
    assertWhole('keep', this.keep, 1)
    this.#shared = shared ?? new SharedSnapshots(options.seed ?? 1)
  }

  /** One more handle on the same snapshots. */
  connect({ keep = this.keep }: { readonly keep?: number } = {}): MemorySnapshotStore<S> {
    return new MemorySnapshotStore<S>({ keep }, this.#shared)
  }

  /** What becomes of this handle's next create; several are taken in their order. */
  failNext(failure: NextCreateFailure): void {
    this.#failures.push(failure)
  }

  /** Changes a byte of a snapshot behind everybody's back. @throws RangeError when there is none of this number */
  damage(seq: number): void {
    this.#shared.damage(seq)
  }

  async create(state: S, seq: number, options: CreateOptions = {}): Promise<CreatedSnapshot> {
    assertWhole('seq', seq, 0)
    const { mode = 'sliced', signal } = options
    if (mode !== 'sliced' && mode !== 'atOnce') throw new TypeError(`there is no mode ${mode}`)
    signal?.throwIfAborted()
    const startMs = performance.now()
    const notes = options.notes === undefined ? undefined : copyOfNotes(options.notes)
    const content = { seq, createdAt: new Date().toISOString(), notes, state }
    const bytes = contentBytes(content)
    const longestSliceMs = performance.now() - startMs
    return this.#inOrder(async () => {
      const created = await this.#create(content, bytes, options)
      return { ...created, elapsedMs: performance.now() - startMs, longestSliceMs }
    })
  }

  async restore(options: RestoreOptions = {}): Promise<RestoredSnapshot<S>> {
    const restored = await this.tryRestore(options)
    if (restored !== undefined) return restored
    throw new SnapshotError('SNAPSHOT_NOT_FOUND', 'there is no such snapshot')
  }

  async tryRestore(options: RestoreOptions = {}): Promise<RestoredSnapshot<S> | undefined> {
    const { atOrBefore = Number.MAX_SAFE_INTEGER, signal } = options
    assertWhole('atOrBefore', atOrBefore, 0)
    signal?.throwIfAborted()
    await this.#turns()
    const candidates = this.#shared.list().filter(({ seq }) => seq <= atOrBefore)
    const skipped: SkippedSnapshot[] = []
    for (const stored of candidates) {
      await this.#pieces(stored.sizeBytes, stored.sizeBytes, options)
      const content = contentOf(stored)
      if (content !== undefined) {
        const { seq, state } = content
        return { state: state as S, seq, info: infoOf(stored, content), skipped }
      }
      skipped.push({ path: stored.path, seq: stored.seq, reason: DAMAGED })
    }
    if (skipped.length === 0) return undefined
    throw new SnapshotError('SNAPSHOT_CORRUPT', 'no snapshot can be trusted', skipped)
  }

  async list(): Promise<SnapshotFile[]> {
    await this.#turns()
    return this.#shared.list().map(fileOf)
  }

  async verify(seq?: number): Promise<CheckedSnapshot[]> {
    assertWhole('seq', seq ?? 0, 0)
    await this.#turns()
    const wanted = this.#shared.list().filter((stored) => seq === undefined || stored.seq === seq)
    if (wanted.length === 0 && seq !== undefined) {
      throw new SnapshotError('SNAPSHOT_NOT_FOUND', `there is no snapshot ${seq}`)
    }
    return wanted.map(checkedOf)
  }

  prune(): Promise<string[]> {
    return this.#inOrder(async () => {
      await this.#turns()
      return this.#prune()
    })
  }

  async #create(
    content: SnapshotContent,
    bytes: Uint8Array,
    options: CreateOptions,
  ): Promise<Omit<CreatedSnapshot, 'elapsedMs' | 'longestSliceMs'>> {
    const failure = this.#failures.shift()
    await this.#turns()
    await this.#pieces(bytes.length, this.#shared.list()[0]?.sizeBytes, options)
    await flushed(content.seq, options)
    if (failure === 'unavailable') throw new SnapshotError('WRITE_FAILED', 'nothing was written')
    if (options.mode !== 'atOnce') assertUnchanged(content, bytes)
    const stored = this.#shared.put(content.seq, bytes)
    if (failure === 'unknownWritten') {
      throw new SnapshotError('WRITE_FAILED', 'no answer came; the snapshot may be there')
    }
    await this.#turns()
    const info = infoOf(stored, content)
    if (failure === 'pruneFails') {
      return { ...info, pruned: [], pruneFailure: new Error('older ones cannot be removed now') }
    }
    return { ...info, pruned: this.#prune(stored), pruneFailure: undefined }
  }

  /** `created`: stays, however many newer ones there are; one of record 0 does always. */
  #prune(created?: StoredSnapshot): string[] {
    let wholeCount = 0
    const unwanted: StoredSnapshot[] = []
    for (const stored of this.#shared.list()) {
      if (wholeCount >= this.keep) unwanted.push(stored)
      else if (isWhole(stored)) wholeCount++
    }
    const gone = unwanted.filter(({ seq }) => seq !== created?.seq && seq > 0).toReversed()
    for (const stored of gone) this.#shared.remove(stored)
    return gone.map(({ path }) => path)
  }

  /** Bytes on their way: after each piece others get their turn. */
  async #pieces(
    sizeBytes: number,
    totalBytes: number | undefined,
    { signal, onProgress }: PieceOptions,
  ): Promise<void> {
    for (let doneBytes = 0; doneBytes < sizeBytes;) {
      doneBytes = Math.min(doneBytes + PIECE_BYTES, sizeBytes)
      onProgress?.({ doneBytes, totalBytes })
      await this.#turns()
      signal?.throwIfAborted()
    }
  }

  #inOrder<T>(change: () => Promise<T>): Promise<T> {
    const answer = this.#lastChange.then(change)
    this.#lastChange = answer.catch(() => {}) // the caller has it; here only the order counts
    return answer
  }

  /** The way to the store, or back: others get their turn meanwhile. */
  async #turns(): Promise<void> {
    for (let left = this.#shared.choices.choose(MOST_TURNS); left > 0; left--) await undefined
  }
}

/** What of the options concerns the bytes on their way. */
interface PieceOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: SnapshotProgress) => void
}

/** A snapshot is never ahead of its log. */
async function flushed(seq: number, { log, signal }: CreateOptions): Promise<void> {
  await log?.flush()
  signal?.throwIfAborted()
  if (log === undefined || log.durableSeq >= seq) return
  throw new SnapshotError('LOG_BEHIND', `the log has only ${log.durableSeq}, not ${seq}`)
}

function assertUnchanged(content: SnapshotContent, bytes: Uint8Array): void {
  if (isDeepStrictEqual(parseContent(contentBytes(content)), parseContent(bytes))) return
  throw new SnapshotError('STATE_CHANGED', 'the state has changed while its snapshot was created')
}

function fileOf({ seq, path, sizeBytes }: SnapshotFile): SnapshotFile {
  return { seq, path, sizeBytes }
}

function checkedOf(stored: StoredSnapshot): CheckedSnapshot {
  if (isWhole(stored)) return { ...fileOf(stored), status: 'whole', reason: undefined }
  return { ...fileOf(stored), status: 'damaged', reason: DAMAGED }
}

function infoOf(stored: SnapshotFile, { createdAt, notes }: SnapshotContent): SnapshotInfo {
  return { ...fileOf(stored), version: 1, createdAt, isVerified: true, notes }
}

function assertWhole(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return
  throw new RangeError(`${name} must be a whole number from ${least}, not ${value}`)
}
