/** What a path names, as far as a journal cares. */
export type FileKind = 'file' | 'directory' | 'other'

/** Identity and size of a file. Inode and device are what tells one file from another at the same path. */
export interface FileStat {
  readonly kind: FileKind
  readonly sizeBytes: number
  readonly inode: bigint
  readonly device: bigint
  /** Mode bits of a file; without meaning on Windows. */
  readonly permissions: number
}

/** How {@link FileSystem.open} opens: `read`: it must exist; `readWrite`: it must exist; `createNew`: it must not; `createOrOpen`: either. */
export type OpenMode = 'read' | 'readWrite' | 'createNew' | 'createOrOpen'

/**
 * An open file. Reads and writes are positioned, and either may do less than it was asked:
 * {@link writeAll} and {@link readFully} loop.
 */
export interface FileHandle {
  /** Reads up to `into.length` bytes at `offsetBytes`; resolves to the count, 0 at the end of the file. */
  read(into: Uint8Array, offsetBytes: number): Promise<number>
  /** Writes `bytes` at `offsetBytes`; resolves to how many were written. */
  write(bytes: Uint8Array, offsetBytes: number): Promise<number>
  /** {@link FileHandle.write} on the calling thread. */
  writeSync(bytes: Uint8Array, offsetBytes: number): number
  /** Resolves when the file's bytes and size are on the disk (fdatasync; F_FULLFSYNC on macOS). */
  sync(): Promise<void>
  /** {@link FileHandle.sync} on the calling thread. */
  syncSync(): void
  /** Cuts the file, or extends it with zeros. Durable after {@link FileHandle.sync}. */
  truncate(sizeBytes: number): Promise<void>
  /** On the calling thread: the kernel answers from memory. */
  statSync(): FileStat
  /** Only the size, at less cost: it is asked for before every commit. */
  sizeSync(): number
  /** Closes the descriptor; it must not be used again. */
  close(): Promise<void>
}

/** Who holds a lock, as written into the lock file for messages. Never used to decide anything. */
export interface LockOwner {
  readonly pid: number
  readonly host: string
  /** ISO 8601. */
  readonly since: string
}

/** The kernel locks that a held lock stands on. */
export type LockMechanism = 'flock' | 'ofd' | 'simulated'

/** A lock that is held until it is released or its process ends. */
export interface HeldLock {
  readonly kind: 'held'
  readonly mechanisms: readonly LockMechanism[]
  /** Releases the lock. The file stays. */
  release(): Promise<void>
}

/** `busy`: another holder, named when its text could be read. `unavailable`: nothing on this machine can lock; `reason` says what was tried. */
export type LockAttempt =
  | HeldLock
  | { readonly kind: 'busy'; readonly holder: LockOwner | undefined }
  | { readonly kind: 'unavailable'; readonly reason: string }

/**
 * The calls that the packages make on a disk, and no others. `nodeFileSystem` implements them with
 * `node:fs`; tests put a simulated disk in its place. Errors carry Node's `code` (`ENOENT`, `ENOSPC`, …).
 */
export interface FileSystem {
  /** The unit that the disk writes whole or not at all, in bytes: 512 on every disk that is sold. */
  readonly sectorBytes: number
  /** `permissions`: mode bits of a file that is created; the umask decides when undefined. */
  open(path: string, mode: OpenMode, permissions?: number): Promise<FileHandle>
  /** What the path names, symbolic links followed; undefined when nothing is there. */
  stat(path: string): Promise<FileStat | undefined>
  /** {@link FileSystem.stat} on the calling thread. */
  statSync(path: string): FileStat | undefined
  /** Names in a directory, in no order. Rejects with `ENOENT` when it is missing. */
  list(directory: string): Promise<string[]>
  /** Creates one directory; its parent must exist. Rejects with `EEXIST`. */
  makeDirectory(path: string): Promise<void>
  /** The absolute path with every symbolic link resolved. Rejects with `ENOENT`. */
  realPath(path: string): Promise<string>
  /** Renames, replacing what is at `to`. Durable after {@link FileSystem.syncDirectory}. */
  rename(from: string, to: string): Promise<void>
  /** Removes a file. Rejects with `ENOENT`. Durable after {@link FileSystem.syncDirectory}. */
  remove(path: string): Promise<void>
  /** Resolves when the names in a directory are on the disk. */
  syncDirectory(path: string): Promise<void>
  /**
   * Tries to take the machine-wide exclusive lock on `path`, which is created and never deleted. Does
   * not wait. `since`: ISO 8601, written into the file with process and host, for messages.
   */
  tryLock(path: string, since: string): Promise<LockAttempt>
  /** What changes at each boot of this machine; undefined where it cannot be known. */
  bootId(): Promise<string | undefined>
  /**
   * Calls `changed` after something in the directory may have changed; a hint that may come late, twice
   * or never. Returns what ends it.
   */
  watch(directory: string, changed: () => void): () => void
}
