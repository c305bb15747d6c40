/** Bytes that grow. */
export class Bytes {
  #room: Buffer = Buffer.alloc(0)
  #sizeBytes = 0

  static of(bytes: Uint8Array): Bytes {
    const made = new Bytes()
    made.#room = Buffer.from(bytes)
    made.#sizeBytes = bytes.length
    return made
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  view(): Buffer {
    return this.#room.subarray(0, this.#sizeBytes)
  }

  clone(): Bytes {
    return Bytes.of(this.view())
  }

  write(offsetBytes: number, bytes: Uint8Array): void {
    if (offsetBytes + bytes.length > this.#sizeBytes) this.resize(offsetBytes + bytes.length)
    this.#room.set(bytes, offsetBytes)
  }

  /** What is gained is zero. */
  resize(sizeBytes: number): void {
    if (sizeBytes > this.#room.length) {
      const larger = Buffer.alloc(2 * sizeBytes)
      this.view().copy(larger)
      this.#room = larger
    } else if (sizeBytes < this.#sizeBytes) this.#room.fill(0, sizeBytes, this.#sizeBytes)
    this.#sizeBytes = sizeBytes
  }
}
