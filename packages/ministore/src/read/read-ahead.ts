import type { FileHandle } from '../fs/file-system.js'

interface Pending {
  readonly offsetBytes: number
  readonly bytes: Uint8Array
  readonly count: Promise<number>
}

/** Sequential reads of one file: while a piece is worked on, the next one is on its way. */
export class ReadAhead {
  readonly #handle: FileHandle
  readonly #pieceBytes: number
  #pending: Pending | undefined
  // The piece that is not pending, once there was one; the two take turns.
  #spare: Uint8Array | undefined

  constructor(handle: FileHandle, pieceBytes: number) {
    this.#handle = handle
    this.#pieceBytes = pieceBytes
  }

  /** Fills `into` from `offsetBytes`, as far as the file goes; resolves to the count. */
  async read(into: Uint8Array, offsetBytes: number): Promise<number> {
    let done = 0
    while (done < into.length) {
      const count = await this.#readSome(into.subarray(done), offsetBytes + done)
      if (count === 0) return done
      done += count
    }
    this.#start(offsetBytes + done)
    return done
  }

  /** Resolves when no read is under way any more: then the file may be closed. */
  async settle(): Promise<void> {
    await this.#pending?.count.catch(() => 0) // whoever asks for these bytes again gets the error
    this.#pending = undefined
  }

  async #readSome(into: Uint8Array, offsetBytes: number): Promise<number> {
    const pending = this.#pending
    if (pending === undefined) return this.#handle.read(into, offsetBytes)
    this.#pending = undefined
    const count = await pending.count
    if (pending.offsetBytes !== offsetBytes || count === 0) {
      return this.#handle.read(into, offsetBytes)
    }
    const used = pending.bytes.subarray(0, Math.min(count, into.length))
    into.set(used)
    this.#spare = pending.bytes
    return used.length
  }

  #start(offsetBytes: number): void {
    const into = this.#spare ?? new Uint8Array(this.#pieceBytes)
    this.#spare = undefined
    const count = this.#handle.read(into, offsetBytes)
    count.catch(() => 0) // not lost: `#readSome` awaits the same promise
    this.#pending = { offsetBytes, bytes: into, count }
  }
}
