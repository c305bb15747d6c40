import type { FileHandle, FileStat, FileSystem, LockAttempt, OpenMode } from '@mini-rs/ministore/fs'

/** The calls that a test can let fail. */
export type Call =
  'open' | 'read' | 'write' | 'sync' | 'truncate' | 'rename' | 'remove' | 'syncDirectory' | 'list'

/** What a hook may do with a call: nothing, throw, or for a write let only so many bytes through. */
export type Hook = (call: Call, path: string, sizeBytes: number) => number | undefined | void

interface Node {
  bytes: Buffer
  readonly inode: bigint
}

/** A disk in memory that does as it is told. It never loses anything: it is for faults, not for power cuts. */
export class MemoryFileSystem implements FileSystem {
  readonly files: Map<string, Node> = new Map()
  readonly calls: string[] = []
  readonly #locks: Set<string> = new Set()
  hook: Hook | undefined
  #nextInode = 1n

  /** Counts the calls of one kind. */
  count(call: Call): number {
    return this.calls.filter((one) => one.startsWith(`${call} `)).length
  }

  put(path: string, bytes: Uint8Array): void {
    this.files.set(path, { bytes: Buffer.from(bytes), inode: this.#nextInode++ })
  }

  get(path: string): Buffer {
    const node = this.files.get(path)
    if (node === undefined) throw errno('ENOENT', path)
    return node.bytes
  }

  #call(call: Call, path: string, sizeBytes = 0): number | undefined {
    this.calls.push(`${call} ${path}`)
    return this.hook?.(call, path, sizeBytes) ?? undefined
  }

  async open(path: string, mode: OpenMode): Promise<FileHandle> {
    this.#call('open', path)
    const isThere = this.files.has(path)
    if (mode === 'createNew' && isThere) throw errno('EEXIST', path)
    if ((mode === 'read' || mode === 'readWrite') && !isThere) throw errno('ENOENT', path)
    if (!isThere) this.put(path, new Uint8Array())
    const node = this.files.get(path)
    if (node === undefined) throw errno('ENOENT', path)
    return this.#handle(node, path)
  }

  #handle(node: Node, path: string): FileHandle {
    const write = (bytes: Uint8Array, offsetBytes: number): number => {
      const taken = this.#call('write', path, bytes.length) ?? bytes.length
      const end = Math.max(node.bytes.length, offsetBytes + taken)
      const grown = Buffer.alloc(end)
      node.bytes.copy(grown)
      grown.set(bytes.subarray(0, taken), offsetBytes)
      node.bytes = grown
      return taken
    }
    const sync = (): void => void this.#call('sync', path)
    return {
      read: async (into, offsetBytes) => {
        this.#call('read', path)
        return node.bytes.copy(into, 0, offsetBytes, offsetBytes + into.length)
      },
      write: async (bytes, offsetBytes) => write(bytes, offsetBytes),
      writeSync: write,
      sync: async () => sync(),
      syncSync: sync,
      truncate: async (sizeBytes) => {
        this.#call('truncate', path)
        const cut = Buffer.alloc(sizeBytes)
        node.bytes.copy(cut)
        node.bytes = cut
      },
      statSync: () => toStat(node),
      sizeSync: () => node.bytes.length,
      close: async () => {},
    }
  }

  async stat(path: string): Promise<FileStat | undefined> {
    return this.statSync(path)
  }

  statSync(path: string): FileStat | undefined {
    if (path === '/') return { kind: 'directory', sizeBytes: 0, inode: 0n, device: 1n }
    const node = this.files.get(path)
    return node && toStat(node)
  }

  async list(directory: string): Promise<string[]> {
    this.#call('list', directory)
    return [...this.files.keys()].map((path) => path.slice(1))
  }

  async makeDirectory(): Promise<void> {}

  async realPath(path: string): Promise<string> {
    if (path !== '/' && !this.files.has(path)) throw errno('ENOENT', path)
    return path
  }

  async rename(from: string, to: string): Promise<void> {
    this.#call('rename', from)
    const node = this.files.get(from)
    if (node === undefined) throw errno('ENOENT', from)
    this.files.delete(from)
    this.files.set(to, node)
  }

  async remove(path: string): Promise<void> {
    this.#call('remove', path)
    if (!this.files.delete(path)) throw errno('ENOENT', path)
  }

  async syncDirectory(path: string): Promise<void> {
    this.#call('syncDirectory', path)
  }

  async tryLock(path: string): Promise<LockAttempt> {
    if (this.#locks.has(path)) return { kind: 'busy', holder: undefined }
    this.#locks.add(path)
    const release = async (): Promise<void> => void this.#locks.delete(path)
    return { kind: 'held', mechanisms: ['simulated'], release }
  }

  async bootId(): Promise<string> {
    return 'boot-1'
  }
}

function toStat(node: Node): FileStat {
  return { kind: 'file', sizeBytes: node.bytes.length, inode: node.inode, device: 1n }
}

/** An error as Node's file system throws it. */
export function errno(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code })
}
