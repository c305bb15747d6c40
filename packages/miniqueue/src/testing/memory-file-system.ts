import type { FileHandle, FileStat, FileSystem, LockAttempt, OpenMode } from '@mini-rs/ministore/fs'

interface MemoryFile {
  readonly inode: bigint
  bytes: Uint8Array
  sizeBytes: number
}

/** A disk in memory on which everything is durable at once. */
export class MemoryFileSystem implements FileSystem {
  readonly sectorBytes = 512
  readonly #files = new Map<string, MemoryFile>()
  readonly #directories = new Set<string>(['', '/', '.'])
  readonly #locks = new Set<string>()
  #inodes = 0n

  /** The same files as they are now, on another disk: what the next process finds after a crash. */
  copy(): MemoryFileSystem {
    const copy = new MemoryFileSystem()
    for (const directory of this.#directories) copy.#directories.add(directory)
    for (const [path, file] of this.#files) {
      copy.#files.set(path, { ...file, bytes: file.bytes.slice() })
    }
    copy.#inodes = this.#inodes
    return copy
  }

  async open(path: string, mode: OpenMode): Promise<FileHandle> {
    let file = this.#files.get(path)
    if (file === undefined) {
      if (mode === 'read' || mode === 'readWrite') throw failure('ENOENT', 'open', path)
      if (!this.#directories.has(parentOf(path))) throw failure('ENOENT', 'open', path)
      file = { inode: ++this.#inodes, bytes: new Uint8Array(0), sizeBytes: 0 }
      this.#files.set(path, file)
    } else if (mode === 'createNew') throw failure('EEXIST', 'open', path)
    return new MemoryFileHandle(file)
  }

  async stat(path: string): Promise<FileStat | undefined> {
    return this.statSync(path)
  }

  statSync(path: string): FileStat | undefined {
    const file = this.#files.get(path)
    if (file !== undefined) return statOf(file)
    if (!this.#directories.has(path)) return undefined
    return { kind: 'directory', sizeBytes: 0, inode: 0n, device: 1n, permissions: 0o755 }
  }

  async list(directory: string): Promise<string[]> {
    if (!this.#directories.has(directory)) throw failure('ENOENT', 'scandir', directory)
    const names = [...this.#files.keys(), ...this.#directories]
    return names.filter((path) => path !== directory && parentOf(path) === directory).map(nameOf)
  }

  async makeDirectory(path: string): Promise<void> {
    if (this.statSync(path) !== undefined) throw failure('EEXIST', 'mkdir', path)
    if (!this.#directories.has(parentOf(path))) throw failure('ENOENT', 'mkdir', path)
    this.#directories.add(path)
  }

  async realPath(path: string): Promise<string> {
    if (this.statSync(path) === undefined) throw failure('ENOENT', 'realpath', path)
    return path
  }

  async rename(from: string, to: string): Promise<void> {
    const file = this.#files.get(from)
    if (file === undefined) throw failure('ENOENT', 'rename', from)
    this.#files.delete(from)
    this.#files.set(to, file)
  }

  async remove(path: string): Promise<void> {
    if (!this.#files.delete(path)) throw failure('ENOENT', 'unlink', path)
  }

  async syncDirectory(_path: string): Promise<void> {}

  async tryLock(path: string): Promise<LockAttempt> {
    if (this.#locks.has(path)) return { kind: 'busy', holder: undefined }
    this.#locks.add(path)
    const release = async (): Promise<void> => void this.#locks.delete(path)
    return { kind: 'held', mechanisms: ['simulated'], release }
  }

  async bootId(): Promise<string | undefined> {
    return 'memory'
  }

  watch(_directory: string, _changed: () => void): () => void {
    return () => {}
  }
}

class MemoryFileHandle implements FileHandle {
  readonly #file: MemoryFile

  constructor(file: MemoryFile) {
    this.#file = file
  }

  async read(into: Uint8Array, offsetBytes: number): Promise<number> {
    const { bytes, sizeBytes } = this.#file
    const piece = bytes.subarray(offsetBytes, Math.min(sizeBytes, offsetBytes + into.length))
    into.set(piece)
    return piece.length
  }

  async write(bytes: Uint8Array, offsetBytes: number): Promise<number> {
    return this.writeSync(bytes, offsetBytes)
  }

  writeSync(bytes: Uint8Array, offsetBytes: number): number {
    const end = offsetBytes + bytes.length
    this.#reserve(end)
    this.#file.bytes.set(bytes, offsetBytes)
    this.#file.sizeBytes = Math.max(this.#file.sizeBytes, end)
    return bytes.length
  }

  async sync(): Promise<void> {}

  syncSync(): void {}

  async truncate(sizeBytes: number): Promise<void> {
    this.#reserve(sizeBytes)
    // What is cut off must read as zeros, should the file grow again.
    if (sizeBytes < this.#file.sizeBytes) this.#file.bytes.fill(0, sizeBytes)
    this.#file.sizeBytes = sizeBytes
  }

  statSync(): FileStat {
    return statOf(this.#file)
  }

  sizeSync(): number {
    return this.#file.sizeBytes
  }

  async close(): Promise<void> {}

  #reserve(sizeBytes: number): void {
    if (sizeBytes <= this.#file.bytes.length) return
    const grown = new Uint8Array(Math.max(sizeBytes, this.#file.bytes.length * 2))
    grown.set(this.#file.bytes)
    this.#file.bytes = grown
  }
}

function statOf({ inode, sizeBytes }: MemoryFile): FileStat {
  return { kind: 'file', sizeBytes, inode, device: 1n, permissions: 0o644 }
}

function parentOf(path: string): string {
  const cut = path.lastIndexOf('/')
  if (cut < 0) return '.'
  return cut === 0 ? '/' : path.slice(0, cut)
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function failure(code: string, call: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${call} '${path}'`), { code, syscall: call, path })
}
