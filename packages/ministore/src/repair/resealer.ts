import { crc32 } from '../format/crc32.js'
import { type SegmentLink, formatHeader } from '../format/header.js'
import { SEAL_BYTES, lineEndOf, writeSeal } from '../format/seal.js'
import type { FileHandle } from '../fs/file-system.js'
import { writeAll } from '../fs/write-all.js'
import type { Lines } from './pieces.js'

/** Writes a segment anew: lines stay as they are, each seal becomes the right one for its new place. */
export class Resealer {
  readonly #handle: FileHandle
  #offsetBytes = 0
  #crc = 0
  #recordCount = 0

  private constructor(handle: FileHandle) {
    this.#handle = handle
  }

  /** Begins with the header; `handle` is of an empty file. */
  static async begin(handle: FileHandle, link: SegmentLink | undefined): Promise<Resealer> {
    const resealer = new Resealer(handle)
    await resealer.#write(Buffer.from(formatHeader(link)))
    return resealer
  }

  get offsetBytes(): number {
    return this.#offsetBytes
  }

  /** CRC of everything written. */
  get crc(): number {
    return this.#crc
  }

  get recordCount(): number {
    return this.#recordCount
  }

  /** Appends the first `lineCount` lines; changes their seals in place. */
  async append({ bytes, start, newlines }: Lines, lineCount: number): Promise<void> {
    const last = newlines[lineCount - 1]
    if (last === undefined) return
    let crc = this.#crc
    let hashedTo = start
    let lineStart = start
    for (const newline of newlines.slice(0, lineCount)) {
      if (lineEndOf(bytes, lineStart, newline) === 'sealed') {
        const tab = newline - SEAL_BYTES
        crc = crc32(bytes.subarray(hashedTo, tab), crc)
        writeSeal(bytes, tab, crc)
        hashedTo = tab
      }
      lineStart = newline + 1
    }
    this.#recordCount += lineCount
    await this.#write(bytes.subarray(start, last + 1))
  }

  async #write(bytes: Uint8Array): Promise<void> {
    await writeAll(this.#handle, bytes, this.#offsetBytes)
    this.#offsetBytes += bytes.length
    this.#crc = crc32(bytes, this.#crc)
  }
}
