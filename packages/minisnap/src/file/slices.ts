import { setImmediate } from 'node:timers/promises'
import type { Clock } from '@mini-rs/ministore'
import { crc32 } from '@mini-rs/ministore/seal'
import { sealOf } from './sealed-body.js'

/** One write takes about this much. */
const BATCH_BYTES = 1024 * 1024

/** How {@link sealedSlices} cuts. */
export interface SliceOptions {
  readonly sliceMs: number
  readonly clock: Clock
  readonly signal: AbortSignal | undefined
  readonly onBytes: (doneBytes: number) => void
  /** Told how long the event loop was held, slice by slice. */
  readonly onSlice: (heldMs: number) => void
}

/**
 * The content of a file with its seal behind it, in batches. Between two of them the event loop gets
 * its turn, so that a large state does not stop everything else.
 */
export async function* sealedSlices(
  pieces: Iterable<string | Uint8Array>,
  { sliceMs, clock, signal, onBytes, onSlice }: SliceOptions,
): AsyncGenerator<Uint8Array> {
  let batch: Uint8Array[] = []
  let batchBytes = 0
  let doneBytes = 0
  let crc = 0
  let startMs = clock.monotonicMs()
  for (const piece of pieces) {
    const bytes = toBytes(piece)
    crc = crc32(bytes, crc)
    batch.push(bytes)
    batchBytes += bytes.length
    const heldMs = clock.monotonicMs() - startMs
    if (batchBytes < BATCH_BYTES && heldMs < sliceMs) continue
    onSlice(heldMs)
    signal?.throwIfAborted()
    doneBytes += batchBytes
    onBytes(doneBytes)
    yield joined(batch)
    await setImmediate()
    batch = []
    batchBytes = 0
    startMs = clock.monotonicMs()
  }
  onSlice(clock.monotonicMs() - startMs)
  signal?.throwIfAborted()
  batch.push(sealOf(crc))
  onBytes(doneBytes + batchBytes)
  yield joined(batch)
}

/** Text that was put together piece by piece costs the garbage collector more, the longer it is kept. */
export function toBytes(piece: string | Uint8Array): Uint8Array {
  return typeof piece === 'string' ? Buffer.from(piece) : piece
}

function joined(batch: readonly Uint8Array[]): Uint8Array {
  const [only] = batch
  return batch.length === 1 && only !== undefined ? only : Buffer.concat(batch)
}
