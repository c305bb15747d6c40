import type { FileSystem } from '@mini-rs/ministore/fs'
import type { CrashFileSystem } from '@mini-rs/testkit'

const RESERVE_BYTES = 2 * 1024 * 1024

/** The disk as one on which the reserve is there already: to write it takes most of a test's time. */
export function roomy(disk: CrashFileSystem): FileSystem {
  return new Proxy(disk, {
    get: (target, name) => {
      if (name === 'stat') {
        return async (path: string) => {
          const stat = await target.stat(path)
          if (!path.endsWith('/reserve') || stat !== undefined) return stat
          const file = { kind: 'file', inode: 0n, device: 1n, permissions: 0o666 } as const
          return { ...file, sizeBytes: RESERVE_BYTES }
        }
      }
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}
