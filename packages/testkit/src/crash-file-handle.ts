import type { FileHandle, FileStat } from '@mini-rs/ministore/fs'
import type { Call } from './crash-file-system.js'
import type { DiskModel, DiskOperation, FileId } from './disk-model.js'

/** What a handle asks of its machine. */
export interface HandleHost {
  readonly disk: DiskModel
  /** Tells of a call before it is done; answers how many bytes of it get through where that is not all. */
  call(call: Call, path: string, sizeBytes?: number): number | undefined
  do(operation: DiskOperation): void
  sync(file: FileId): void
  loseSync(file: FileId): void
  statOf(file: FileId): FileStat
}

/** An open file of a machine in memory. */
export class CrashFileHandle implements FileHandle {
  readonly #host: HandleHost
  readonly #file: FileId
  readonly #path: string

  constructor(host: HandleHost, file: FileId, path: string) {
    this.#host = host
    this.#file = file
    this.#path = path
  }

  async read(into: Uint8Array, offsetBytes: number): Promise<number> {
    const wanted = this.#host.call('read', this.#path, into.length) ?? into.length
    // Not Buffer.copy: of the Buffer that the site brings into a browser it refuses a plain Uint8Array.
    const end = offsetBytes + Math.min(wanted, into.length)
    const found = this.#host.disk.bytesOf(this.#file).subarray(offsetBytes, end)
    into.set(found)
    return found.length
  }

  async write(bytes: Uint8Array, offsetBytes: number): Promise<number> {
    return this.writeSync(bytes, offsetBytes)
  }

  writeSync(bytes: Uint8Array, offsetBytes: number): number {
    const taken = this.#host.call('write', this.#path, bytes.length) ?? bytes.length
    if (taken > 0) {
      const written = Buffer.from(bytes.subarray(0, taken))
      this.#host.do({ kind: 'write', file: this.#file, offsetBytes, bytes: written })
    }
    return taken
  }

  async sync(): Promise<void> {
    this.syncSync()
  }

  syncSync(): void {
    try {
      this.#host.call('sync', this.#path)
    } catch (error) {
      this.#host.loseSync(this.#file)
      throw error
    }
    this.#host.sync(this.#file)
  }

  async truncate(sizeBytes: number): Promise<void> {
    this.#host.call('truncate', this.#path)
    this.#host.do({ kind: 'truncate', file: this.#file, sizeBytes })
  }

  statSync(): FileStat {
    this.#host.call('size', this.#path)
    return this.#host.statOf(this.#file)
  }

  sizeSync(): number {
    this.#host.call('size', this.#path)
    return this.#host.disk.bytesOf(this.#file).length
  }

  async close(): Promise<void> {
    this.#host.call('close', this.#path)
  }
}
