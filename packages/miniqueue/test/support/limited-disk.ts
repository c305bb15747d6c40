import type { FileHandle, FileSystem } from '@mini-rs/ministore/fs'

/** A disk with so much room: a write that needs more fails with ENOSPC, whatever is removed gives room again. */
export class LimitedDisk {
  readonly fileSystem: FileSystem
  capacityBytes: number
  readonly #inner: FileSystem
  readonly #sizes = new Map<string, number>()

  constructor(inner: FileSystem, capacityBytes: number) {
    this.#inner = inner
    this.capacityBytes = capacityBytes
    this.fileSystem = forward(inner, {
      open: async (...args: Parameters<FileSystem['open']>) =>
        this.#limited(args[0], await inner.open(...args)),
      remove: async (path: string) => {
        await inner.remove(path)
        this.#sizes.delete(path)
      },
      rename: async (from: string, to: string) => {
        await inner.rename(from, to)
        this.#sizes.set(to, this.#sizes.get(from) ?? 0)
        this.#sizes.delete(from)
      },
    })
  }

  get usedBytes(): number {
    return [...this.#sizes.values()].reduce((sum, size) => sum + size, 0)
  }

  #limited(path: string, handle: FileHandle): FileHandle {
    const { inode } = handle.statSync()
    const nameNow = (): string =>
      [...this.#sizes.keys()].find((name) => this.#inner.statSync(name)?.inode === inode) ?? path
    this.#sizes.set(path, handle.sizeSync())
    const admit = (bytes: Uint8Array, offsetBytes: number): void => {
      const name = nameNow()
      const size = this.#sizes.get(name) ?? 0
      const grown = Math.max(size, offsetBytes + bytes.length)
      if (this.usedBytes - size + grown > this.capacityBytes) throw noSpace(path)
      this.#sizes.set(name, grown)
    }
    return forward(handle, {
      write: async (bytes: Uint8Array, offsetBytes: number) => {
        admit(bytes, offsetBytes)
        return handle.write(bytes, offsetBytes)
      },
      writeSync: (bytes: Uint8Array, offsetBytes: number) => {
        admit(bytes, offsetBytes)
        return handle.writeSync(bytes, offsetBytes)
      },
      truncate: async (sizeBytes: number) => {
        await handle.truncate(sizeBytes)
        this.#sizes.set(nameNow(), sizeBytes)
      },
    })
  }
}

function forward<T extends object>(target: T, over: Partial<T>): T {
  return new Proxy(target, {
    get: (_, name) => {
      if (name in over) return Reflect.get(over, name) as unknown
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

function noSpace(path: string): Error {
  return Object.assign(new Error(`ENOSPC: no space left on device, write '${path}'`), {
    code: 'ENOSPC',
  })
}
