import { execFile } from 'node:child_process'
import * as fs from 'node:fs'
import { promises } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { FileHandle, FileStat, FileSystem, OpenMode } from './file-system.js'
import { tryKernelLock } from './kernel-lock.js'
import { retryWhileBusy } from './busy.js'
import { toFileStat, toNodeHandle } from './node-file-handle.js'

const FLAGS: Readonly<Record<OpenMode, number>> = {
  read: fs.constants.O_RDONLY,
  readWrite: fs.constants.O_RDWR,
  createNew: fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_EXCL,
  createOrOpen: fs.constants.O_RDWR | fs.constants.O_CREAT,
}

/** Disks with larger ones still write this much whole. */
const SECTOR_BYTES = 512

const isWindows = process.platform === 'win32'

/** The disk, through `node:fs`. */
export const nodeFileSystem: FileSystem = Object.freeze({
  sectorBytes: SECTOR_BYTES,
  open: async (path: string, mode: OpenMode, permissions?: number): Promise<FileHandle> =>
    toNodeHandle(await openDescriptor(path, FLAGS[mode], permissions)),
  stat: async (path: string): Promise<FileStat | undefined> => statPath(path),
  statSync: statPath,
  list: (directory: string): Promise<string[]> => promises.readdir(directory),
  makeDirectory: (path: string): Promise<void> => promises.mkdir(path),
  realPath: (path: string): Promise<string> => promises.realpath(path),
  rename: (from: string, to: string): Promise<void> => {
    const rename = (): Promise<void> => promises.rename(from, to)
    return isWindows ? retryWhileBusy(rename, setTimeout) : rename()
  },
  remove: (path: string): Promise<void> => promises.unlink(path),
  syncDirectory,
  tryLock: tryKernelLock,
  bootId,
  watch,
})

function openDescriptor(path: string, flags: number, permissions = 0o666): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.open(path, flags, permissions, (error, fd) => (error ? reject(error) : resolve(fd)))
  })
}

/** Behind every commit: with numbers it is a third faster, and on most disks they are exact. */
function statPath(path: string): FileStat | undefined {
  const quick = fs.statSync(path, { throwIfNoEntry: false })
  if (quick === undefined) return undefined
  const isExact = Number.isSafeInteger(quick.ino) && Number.isSafeInteger(quick.dev)
  const stats = isExact ? quick : fs.statSync(path, { bigint: true, throwIfNoEntry: false })
  return stats === undefined ? undefined : toFileStat(stats)
}

/** Windows keeps names durable by its own journal, and cannot open a directory to sync it. */
async function syncDirectory(path: string): Promise<void> {
  if (isWindows) return
  const directory = await promises.open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/** Where the directory cannot be watched, no hints come: whoever asks polls as well. */
function watch(directory: string, changed: () => void): () => void {
  try {
    const watcher = fs.watch(directory, { persistent: false }, changed)
    watcher.on('error', () => watcher.close())
    return () => watcher.close()
  } catch {
    return () => {} // too many watches, or a file system without them
  }
}

let knownBootId: Promise<string | undefined> | undefined

/** Asked once: no process lives through a boot. */
function bootId(): Promise<string | undefined> {
  knownBootId ??= askBootId()
  return knownBootId
}

async function askBootId(): Promise<string | undefined> {
  try {
    if (process.platform === 'linux') {
      return (await promises.readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
    }
    if (process.platform !== 'darwin') return undefined
    const { stdout } = await promisify(execFile)('sysctl', ['-n', 'kern.bootsessionuuid'])
    return stdout.trim()
  } catch {
    return undefined // a machine that does not tell: never the same boot
  }
}
