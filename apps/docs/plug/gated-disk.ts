import type { FileHandle, FileSystem } from '@mini-rs/ministore/fs'

/**
 * A disk whose syncs wait until they are let go, so that a person can look at what is written and not
 * synced. Everything else goes straight to the disk behind it.
 */
export class GatedDisk {
  readonly fileSystem: FileSystem
  #isHolding = false
  #waiting: (() => void)[] = []

  /** `waits` is told each time a sync begins to wait. */
  constructor(disk: FileSystem, waits: () => void) {
    const pass = (): Promise<void> => {
      if (!this.#isHolding) return Promise.resolve()
      return new Promise((resolve) => {
        this.#waiting.push(resolve)
        waits()
      })
    }
    this.fileSystem = overlay(disk, {
      open: async (...args: Parameters<FileSystem['open']>): Promise<FileHandle> => {
        const handle = await disk.open(...args)
        return overlay(handle, { sync: () => pass().then(() => handle.sync()) })
      },
    })
  }

  get isHolding(): boolean {
    return this.#isHolding
  }

  /** Whether a sync waits. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0
  }

  /** Holds every sync that begins from now on, or lets all go. */
  hold(isHolding: boolean): void {
    this.#isHolding = isHolding
    if (!isHolding) this.letGo()
  }

  /** Lets the syncs go that wait now. */
  letGo(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const go of waiting) go()
  }
}

/** What `target` does, but for some of its methods. */
function overlay<T extends object>(target: T, replaced: Partial<T>): T {
  return new Proxy({} as T, {
    get: (_, name) => {
      const own: unknown = Reflect.get(replaced, name)
      const value: unknown = own ?? Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
