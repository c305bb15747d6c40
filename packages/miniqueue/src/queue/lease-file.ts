import { type FileHandle, type FileSystem, readFully, writeAllSync } from '@mini-rs/ministore/fs'
import { isDiskFull } from './disk-full.js'
import type { Unsettled } from '../records/record-types.js'

/** Beyond this the file begins anew, with the leases that are still held. */
const MAX_BYTES = 1024 * 1024

/**
 * The leases that were given out, one line each, written before the job begins: a lease cannot outlive its
 * process, but the line survives a kill, and says at the next opening what was running. It is not synced
 * unless it should be: after a power cut a job may have begun once more than is counted.
 */
export class LeaseFile {
  readonly #fileSystem: FileSystem
  readonly #path: string
  readonly #isSynced: boolean
  readonly #held: () => Iterable<Unsettled>
  #handle: FileHandle
  #sizeBytes = 0
  #renewAtBytes = MAX_BYTES
  /** The next file, while it is put in place of this one: it gets every line too. */
  #next: { readonly handle: FileHandle; sizeBytes: number } | undefined
  #renewal: Promise<void> | undefined

  private constructor(
    fileSystem: FileSystem,
    path: string,
    handle: FileHandle,
    options: { readonly isSynced: boolean; readonly held: () => Iterable<Unsettled> },
  ) {
    this.#fileSystem = fileSystem
    this.#path = path
    this.#handle = handle
    this.#isSynced = options.isSynced
    this.#held = options.held
  }

  /** Every whole line of the file; what a kill has left of the last one is passed over. */
  static async read(fileSystem: FileSystem, path: string): Promise<Unsettled[]> {
    const stat = await fileSystem.stat(path)
    if (stat === undefined || stat.sizeBytes === 0) return []
    const handle = await fileSystem.open(path, 'read')
    try {
      const bytes = new Uint8Array(stat.sizeBytes)
      const length = await readFully(handle, bytes, 0)
      const text = Buffer.from(bytes.subarray(0, length)).toString('utf8')
      return text.split('\n').flatMap(parseLine)
    } finally {
      await handle.close()
    }
  }

  /** Begins the file anew. `held`: the leases that are held at the time. */
  static async create(
    fileSystem: FileSystem,
    path: string,
    options: { readonly isSynced: boolean; readonly held: () => Iterable<Unsettled> },
  ): Promise<LeaseFile> {
    const handle = await fileSystem.open(path, 'createOrOpen')
    await handle.truncate(0)
    if (options.isSynced) {
      await handle.sync()
      await fileSystem.syncDirectory(directoryOf(path))
    }
    return new LeaseFile(fileSystem, path, handle, options)
  }

  /** When it returns, the lines survive a kill of the process; when the promise resolves, whatever was promised of them. */
  note(leases: readonly Unsettled[]): Promise<void> | undefined {
    const bytes = encode(leases)
    try {
      writeAllSync(this.#handle, bytes, this.#sizeBytes)
    } catch (error) {
      // A full disk must not stop what empties it: a crash now would not be counted, and that is all.
      if (this.#isSynced || !isDiskFull(error)) throw error
      return undefined
    }
    this.#sizeBytes += bytes.length
    if (this.#next !== undefined) {
      writeAllSync(this.#next.handle, bytes, this.#next.sizeBytes)
      this.#next.sizeBytes += bytes.length
    }
    if (this.#sizeBytes > this.#renewAtBytes) this.#renewal ??= this.#renew()
    return this.#isSynced ? this.#handle.sync() : undefined
  }

  async close(): Promise<void> {
    await this.#renewal
    await this.#handle.close()
  }

  async #renew(): Promise<void> {
    try {
      await this.#replace()
      this.#renewAtBytes = MAX_BYTES
    } catch {
      // Whatever the disk says: this file goes on, longer than it should be, and is replaced later.
      this.#renewAtBytes = this.#sizeBytes + MAX_BYTES
    } finally {
      this.#next = undefined
      this.#renewal = undefined
    }
  }

  async #replace(): Promise<void> {
    const nextPath = `${this.#path}.next`
    const handle = await this.#fileSystem.open(nextPath, 'createOrOpen')
    await handle.truncate(0)
    const bytes = encode([...this.#held()])
    writeAllSync(handle, bytes, 0)
    this.#next = { handle, sizeBytes: bytes.length }
    if (this.#isSynced) await handle.sync()
    await this.#fileSystem.rename(nextPath, this.#path)
    if (this.#isSynced) await this.#fileSystem.syncDirectory(directoryOf(this.#path))
    const old = this.#handle
    this.#handle = handle
    this.#sizeBytes = this.#next.sizeBytes
    this.#next = undefined
    await old.close()
  }
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'))
}

function encode(leases: readonly Unsettled[]): Uint8Array {
  let text = ''
  for (const { of, attempt } of leases) text += `{"of":${of},"attempt":${attempt}}\n`
  return Buffer.from(text)
}

function parseLine(line: string): Unsettled[] {
  if (!line.endsWith('}')) return []
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    if (error instanceof SyntaxError) return []
    throw error
  }
  if (typeof value !== 'object' || value === null) return []
  const { of, attempt } = value as { of?: unknown; attempt?: unknown }
  return Number.isSafeInteger(of) && Number.isSafeInteger(attempt)
    ? [{ of: of as number, attempt: attempt as number }]
    : []
}
