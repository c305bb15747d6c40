import { createHash } from 'node:crypto'
import type { SnapshotFile } from '@mini-rs/minisnap'
import { type Choices, SeededChoices } from './choices.js'
import { type SnapshotContent, parseContent } from './snapshot-bytes.js'

/** A snapshot as an object store keeps it: bytes, so that nobody shares an object with anybody. */
export interface StoredSnapshot extends SnapshotFile {
  readonly bytes: Uint8Array
  readonly digest: string
}

/** What all handles of a {@link MemorySnapshotStore} share: every change takes effect at once, and whole. */
export class SharedSnapshots {
  readonly choices: Choices
  readonly #bySeq = new Map<number, StoredSnapshot>()

  constructor(seed: number) {
    this.choices = new SeededChoices(seed)
  }

  /** Newest first, as they are now: whoever has one can read it, also when it is pruned meanwhile. */
  list(): StoredSnapshot[] {
    return [...this.#bySeq.values()].toSorted((a, b) => b.seq - a.seq)
  }

  put(seq: number, bytes: Uint8Array): StoredSnapshot {
    const path = `memory:snapshot-${seq}`
    const stored = { seq, path, sizeBytes: bytes.length, bytes, digest: digestOf(bytes) }
    this.#bySeq.set(seq, stored)
    return stored
  }

  remove({ seq }: StoredSnapshot): void {
    this.#bySeq.delete(seq)
  }

  /** Changes one byte behind everybody's back. */
  damage(seq: number): void {
    const stored = this.#bySeq.get(seq)
    if (stored === undefined) throw new RangeError(`there is no snapshot ${seq}`)
    const bytes = Uint8Array.from(stored.bytes)
    const middle = bytes.length >> 1
    bytes[middle] = (bytes[middle] ?? 0) ^ 1
    this.#bySeq.set(seq, { ...stored, bytes })
  }
}

/** Whether the bytes are those that were put. */
export function isWhole({ bytes, digest }: StoredSnapshot): boolean {
  return digestOf(bytes) === digest
}

/** What a snapshot holds; undefined when it is damaged. */
export function contentOf(stored: StoredSnapshot): SnapshotContent | undefined {
  return isWhole(stored) ? parseContent(stored.bytes) : undefined
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
