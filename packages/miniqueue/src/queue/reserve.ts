import { randomFillSync } from 'node:crypto'
import { type FileSystem, writeAll } from '@mini-rs/ministore/fs'

const PIECE_BYTES = 256 * 1024

/**
 * Bytes on the disk that are there to be given up: when the disk is full, what has been done can still be
 * written down. They are random, for a file system may compress.
 */
export class Reserve {
  readonly #fileSystem: FileSystem
  readonly #path: string
  readonly #directory: string
  #isWhole = false

  constructor(fileSystem: FileSystem, directory: string) {
    this.#fileSystem = fileSystem
    this.#directory = directory
    this.#path = `${directory}/reserve`
  }

  get isWhole(): boolean {
    return this.#isWhole
  }

  /** Rejects with what the disk says when there is no room for it. */
  async fill(sizeBytes: number): Promise<void> {
    const there = await this.#fileSystem.stat(this.#path)
    if (there !== undefined && there.sizeBytes >= sizeBytes) {
      this.#isWhole = true
      return
    }
    const handle = await this.#fileSystem.open(this.#path, 'createOrOpen')
    try {
      const piece = new Uint8Array(PIECE_BYTES)
      for (let offset = there?.sizeBytes ?? 0; offset < sizeBytes; offset += piece.length) {
        randomFillSync(piece)
        await writeAll(
          handle,
          piece.subarray(0, Math.min(piece.length, sizeBytes - offset)),
          offset,
        )
      }
      await handle.sync()
      this.#isWhole = true
    } finally {
      await handle.close()
    }
    await this.#fileSystem.syncDirectory(this.#directory)
  }

  /** Gives the bytes up. */
  async release(): Promise<void> {
    this.#isWhole = false
    if ((await this.#fileSystem.stat(this.#path)) === undefined) return
    await this.#fileSystem.remove(this.#path)
    await this.#fileSystem.syncDirectory(this.#directory)
  }
}
