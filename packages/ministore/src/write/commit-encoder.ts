import { SPACE } from '../format/bytes.js'
import { crc32 } from '../format/crc32.js'
import { SEAL_BYTES, writeSeal } from '../format/seal.js'
import type { Checkpoint } from '../read/segment-scanner.js'

/** Beyond this the memory of a commit is given back. */
const KEPT_BYTES = 8 * 1024 * 1024

/** The bytes of a commit, and where the file stands behind them. */
export interface EncodedCommit {
  /** Valid until the next commit is encoded. */
  readonly bytes: Uint8Array
  /** Computed when asked: nobody needs it before the sync has begun. */
  end(): Checkpoint
}

/** Turns the lines of a commit into the bytes of FORMAT.md, "Commits and seals". */
export class CommitEncoder {
  readonly #isSealing: boolean
  #buffer: Buffer = Buffer.allocUnsafe(64 * 1024)

  constructor(isSealing: boolean) {
    this.#isSealing = isSealing
  }

  /** `textBytes`: of all lines in UTF-8. `isUnordered`: something before this commit may not have been synced. */
  encode(
    lines: readonly string[],
    textBytes: number,
    start: Checkpoint,
    isUnordered: boolean,
  ): EncodedCommit {
    const buffer = this.#room(textBytes + 2 * lines.length + SEAL_BYTES + 2)
    const behind = (length: number, crc: number): Checkpoint => ({
      offsetBytes: start.offsetBytes + length,
      crc,
      recordCount: start.recordCount + lines.length,
    })
    if (!this.#isSealing) {
      const bytes = buffer.subarray(0, buffer.write(`${lines.join('\n')}\n`))
      return { bytes, end: () => behind(bytes.length, crc32(bytes, start.crc)) }
    }
    let tab = buffer.write(lines.length === 1 ? (lines[0] ?? '') : lines.join('\t\n'))
    if (isUnordered) buffer[tab++] = SPACE
    const seal = crc32(buffer.subarray(0, tab), start.crc)
    writeSeal(buffer, tab, seal)
    const bytes = buffer.subarray(0, tab + SEAL_BYTES + 1)
    return { bytes, end: () => behind(bytes.length, crc32(bytes.subarray(tab), seal)) }
  }

  #room(sizeBytes: number): Buffer {
    if (sizeBytes <= this.#buffer.length) return this.#buffer
    const buffer = Buffer.allocUnsafe(2 * sizeBytes)
    if (buffer.length <= KEPT_BYTES) this.#buffer = buffer
    return buffer
  }
}
