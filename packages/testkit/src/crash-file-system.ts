import type { FileHandle, FileStat, FileSystem, LockAttempt, OpenMode } from '@mini-rs/ministore/fs'
import { type Choices, SeededChoices } from './choices.js'
import { CrashFileHandle, type HandleHost } from './crash-file-handle.js'
import { type DiskOperation, DiskModel, type FileId, directoryOf } from './disk-model.js'
import type { PowerCutRules } from './power-cut.js'

/** The calls of the port, as a hook and `calls` name them. */
export type Call =
  | 'open'
  | 'read'
  | 'write'
  | 'sync'
  | 'truncate'
  | 'size'
  | 'close'
  | 'stat'
  | 'list'
  | 'makeDirectory'
  | 'realPath'
  | 'rename'
  | 'remove'
  | 'syncDirectory'
  | 'lock'

/** What a test does with a call: nothing, throw, or for a read or write let only so many bytes through. */
export type Hook = (call: Call, path: string, sizeBytes: number) => number | undefined | void

/** How a {@link CrashFileSystem} is set up. */
export interface CrashFileSystemOptions {
  readonly disk?: DiskModel
  /** Default 512. */
  readonly sectorBytes?: number
  /** Default `boot-1`. */
  readonly bootId?: string
  /** What reaches the disk of a sync that fails, and whether its pages are evicted. Default: by seed 1. */
  readonly choices?: Choices
  /** Protections taken away, for negative controls. */
  readonly lies?: Lies
}

/** What a disk claims to have done and has not. */
export interface Lies {
  /** `never`: syncs do nothing; `late`: each takes effect when the next one is asked for. */
  readonly sync?: 'never' | 'late'
  readonly syncDirectory?: 'never'
}

/**
 * A disk in memory that keeps apart what is durable and what is only in the page cache, and logs what
 * is done to it: {@link CrashFileSystem.diskAt} gives the disk as it stood after any of these steps,
 * and {@link CrashFileSystem.powerCutAt} what a power cut there may leave.
 */
export class CrashFileSystem implements FileSystem {
  readonly sectorBytes: number
  /** Every call, as `<call> <path>`. */
  readonly calls: string[] = []
  /** Asked before every call. */
  hook: Hook | undefined
  readonly #options: CrashFileSystemOptions
  readonly #initial: DiskModel
  readonly #disk: DiskModel
  readonly #log: DiskOperation[] = []
  readonly #choices: Choices
  readonly #locks: Set<string> = new Set()
  readonly #watchers: Set<() => void> = new Set()
  readonly #bootId: string
  readonly #handleHost: HandleHost
  #lateSync: FileId | undefined
  #nextFile: FileId

  constructor(options: CrashFileSystemOptions = {}) {
    this.#options = options
    this.sectorBytes = options.sectorBytes ?? 512
    this.#initial = options.disk ?? new DiskModel()
    this.#disk = this.#initial.clone()
    this.#choices = options.choices ?? new SeededChoices(1)
    this.#bootId = options.bootId ?? 'boot-1'
    this.#nextFile = 1 + this.#disk.lastFile
    this.#handleHost = {
      disk: this.#disk,
      call: (call, path, sizeBytes) => this.#call(call, path, sizeBytes),
      do: (operation) => this.#do(operation),
      sync: (file) => this.#sync(file),
      loseSync: (file) => this.#loseSync(file),
      statOf: (file) => this.#statOf(file),
    }
  }

  /** How many steps were logged: a place to crash at. */
  get position(): number {
    return this.#log.length
  }

  /** The disk, with its page cache, after the first `position` steps: what a killed process leaves. */
  diskAt(position: number, from: DiskModel = this.#initial, fromPosition = 0): DiskModel {
    const disk = from.clone()
    for (const operation of this.#log.slice(fromPosition, position)) disk.apply(operation)
    return disk
  }

  /** The same machine after a process was killed at `position`: the page cache is still there, locks are not. */
  killedAt(position: number): CrashFileSystem {
    return new CrashFileSystem({
      ...this.#options,
      disk: this.diskAt(position),
      bootId: this.#bootId,
    })
  }

  /** The machine after a power cut at `position`, booted anew. */
  powerCutAt(
    position: number,
    choices: Choices,
    rules: Partial<PowerCutRules> = {},
  ): CrashFileSystem {
    return this.bootedWith(
      this.diskAt(position).afterPowerCut(choices, {
        sectorBytes: this.sectorBytes,
        gaps: 'zero',
        hasPatterns: true,
        ...rules,
      }),
    )
  }

  /** This machine, booted anew with that disk. */
  bootedWith(disk: DiskModel): CrashFileSystem {
    const [, count = '1'] = /(\d+)$/.exec(this.#bootId) ?? []
    return new CrashFileSystem({ ...this.#options, disk, bootId: `boot-${Number(count) + 1}` })
  }

  /** Counts the calls of one kind. */
  count(call: Call): number {
    return this.calls.filter((one) => one.startsWith(`${call} `)).length
  }

  /** Puts a new file there, durably, in place of what was there. Like the other calls for tests, it asks no hook. */
  put(path: string, bytes: Uint8Array): void {
    const file = this.#nextFile++
    const directory = directoryOf(path)
    this.#do({ kind: 'link', directory, path, file })
    this.#do({ kind: 'write', file, offsetBytes: 0, bytes: Buffer.from(bytes) })
    this.#do({ kind: 'sync', file })
    this.#do({ kind: 'syncDirectory', directory })
  }

  /** Appends to a file, as another program does. */
  appendTo(path: string, bytes: Uint8Array): void {
    const file = this.#fileAt(path)
    const offsetBytes = this.#disk.bytesOf(file).length
    this.#do({ kind: 'write', file, offsetBytes, bytes: Buffer.from(bytes) })
  }

  /** Removes a file, durably. */
  discard(path: string): void {
    this.#fileAt(path)
    const directory = directoryOf(path)
    this.#do({ kind: 'unlink', directory, path })
    this.#do({ kind: 'syncDirectory', directory })
  }

  /** A copy of a file's bytes, as programs see them. */
  get(path: string): Buffer {
    return Buffer.from(this.#disk.bytesOf(this.#fileAt(path)))
  }

  /** A copy of what a power cut surely leaves of a file's bytes. */
  durable(path: string): Buffer {
    return Buffer.from(this.#disk.durableBytesOf(this.#fileAt(path)))
  }

  has(path: string): boolean {
    return this.#disk.fileAt(path) !== undefined
  }

  get paths(): string[] {
    return this.#disk.paths.toSorted()
  }

  /** Changes bytes of a file as a failing medium does: on the disk, and without a trace in the log. */
  damage(path: string, offsetBytes: number, bytes: Uint8Array): void {
    const file = this.#fileAt(path)
    this.#disk.damage(file, offsetBytes, bytes)
  }

  /** {@link CrashFileSystem.damage} by a function that changes the bytes in place. */
  alter(path: string, change: (bytes: Buffer) => void): void {
    const bytes = this.get(path)
    change(bytes)
    this.damage(path, 0, bytes)
  }

  async open(path: string, mode: OpenMode): Promise<FileHandle> {
    this.#call('open', path)
    const found = this.#disk.fileAt(path)
    if (mode === 'createNew' && found !== undefined) throw errno('EEXIST', path)
    if (found !== undefined) return this.#handle(found, path)
    if (mode === 'read' || mode === 'readWrite') throw errno('ENOENT', path)
    const directory = directoryOf(path)
    if (!this.#disk.hasDirectory(directory)) throw errno('ENOENT', path)
    const file = this.#nextFile++
    this.#do({ kind: 'link', directory, path, file })
    return this.#handle(file, path)
  }

  async stat(path: string): Promise<FileStat | undefined> {
    return this.statSync(path)
  }

  statSync(path: string): FileStat | undefined {
    this.#call('stat', path)
    if (this.#disk.hasDirectory(path)) {
      return { kind: 'directory', sizeBytes: 0, inode: 0n, device: 1n, permissions: 0o777 }
    }
    const file = this.#disk.fileAt(path)
    return file === undefined ? undefined : this.#statOf(file)
  }

  async list(directory: string): Promise<string[]> {
    this.#call('list', directory)
    if (!this.#disk.hasDirectory(directory)) throw errno('ENOENT', directory)
    const within = [...this.#disk.paths, ...this.#disk.directories]
    return within
      .filter((path) => path !== '/' && directoryOf(path) === directory)
      .map((path) => path.slice(path.lastIndexOf('/') + 1))
  }

  async makeDirectory(path: string): Promise<void> {
    this.#call('makeDirectory', path)
    if (this.#disk.hasDirectory(path)) throw errno('EEXIST', path)
    if (!this.#disk.hasDirectory(directoryOf(path))) throw errno('ENOENT', path)
    this.#do({ kind: 'makeDirectory', directory: directoryOf(path), path })
  }

  async realPath(path: string): Promise<string> {
    this.#call('realPath', path)
    const isThere = this.#disk.hasDirectory(path) || this.#disk.fileAt(path) !== undefined
    if (!isThere) throw errno('ENOENT', path)
    return path
  }

  async rename(from: string, to: string): Promise<void> {
    this.#call('rename', from)
    this.#fileAt(from)
    this.#do({ kind: 'rename', directory: directoryOf(to), from, to })
  }

  async remove(path: string): Promise<void> {
    this.#call('remove', path)
    this.#fileAt(path)
    this.#do({ kind: 'unlink', directory: directoryOf(path), path })
  }

  async syncDirectory(path: string): Promise<void> {
    this.#call('syncDirectory', path)
    if (this.#options.lies?.syncDirectory === 'never') return
    this.#do({ kind: 'syncDirectory', directory: path })
  }

  async tryLock(path: string): Promise<LockAttempt> {
    this.#call('lock', path)
    if (this.#locks.has(path)) return { kind: 'busy', holder: undefined }
    this.#locks.add(path)
    const release = async (): Promise<void> => void this.#locks.delete(path)
    return { kind: 'held', mechanisms: ['simulated'], release }
  }

  async bootId(): Promise<string> {
    return this.#bootId
  }

  watch(_directory: string, changed: () => void): () => void {
    this.#watchers.add(changed)
    return () => void this.#watchers.delete(changed)
  }

  #fileAt(path: string): FileId {
    const file = this.#disk.fileAt(path)
    if (file === undefined) throw errno('ENOENT', path)
    return file
  }

  #statOf(file: FileId): FileStat {
    const sizeBytes = this.#disk.bytesOf(file).length
    return { kind: 'file', sizeBytes, inode: BigInt(file), device: 1n, permissions: 0o666 }
  }

  #call(call: Call, path: string, sizeBytes = 0): number | undefined {
    this.calls.push(`${call} ${path}`)
    return this.hook?.(call, path, sizeBytes) ?? undefined
  }

  #do(operation: DiskOperation): void {
    this.#log.push(operation)
    this.#disk.apply(operation)
    this.#changed()
  }

  #changed(): void {
    for (const changed of this.#watchers) changed()
  }

  #handle(file: FileId, path: string): FileHandle {
    return new CrashFileHandle(this.#handleHost, file, path)
  }

  #sync(file: FileId): void {
    const lie = this.#options.lies?.sync
    const due = lie === 'late' ? this.#lateSync : lie === 'never' ? undefined : file
    this.#lateSync = file
    if (due !== undefined) this.#do({ kind: 'sync', file: due })
  }

  /** As Linux does: after a failed sync the pages count as clean, whether or not the disk has them. */
  #loseSync(file: FileId): void {
    const script = Array.from({ length: LOST_SYNC_ANSWERS }, () => this.#choices.choose(3))
    const isEvicted = this.#choices.choose(2) === 1
    const { sectorBytes } = this
    this.#do({ kind: 'lostSync', file, sectorBytes, script, isEvicted })
  }
}

/** How many sectors of a failed sync are decided about; the rest reached the disk. */
const LOST_SYNC_ANSWERS = 8

/** An error as Node's file system throws it: without a stack, which would cost more than the call itself. */
export function errno(code: string, path: string): Error {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  const error = Object.assign(new Error(`${code}: ${path}`), { code })
  Error.stackTraceLimit = stackTraceLimit
  return error
}
