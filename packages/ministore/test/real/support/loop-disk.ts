import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SpokenLines } from './spoken-lines.js'

const PREFIX = 'ministore-loop-disk-'
const IMAGE_BYTES = 64 * 1024 * 1024

/** EXT4_IOC_SHUTDOWN with NOLOGFLUSH: nothing more reaches the device, not even the file system's own log. */
const SHUTDOWN_PROGRAM = `
import fcntl, os, struct, sys
for line in sys.stdin:
    folder = os.open(line.strip(), os.O_RDONLY)
    fcntl.ioctl(folder, 0x8004587D, struct.pack('I', 2))
    os.close(folder)
    print('down', flush=True)
`

/** Why no disk can be cut off here, or undefined when it can. */
export function whyNoLoopDisk(): string | undefined {
  if (process.platform !== 'linux') return 'not Linux'
  if (process.getuid?.() !== 0) return 'not root'
  if (!existsSync('/dev/loop-control')) return 'no loop devices'
  const missing = ['mkfs.ext4', 'mount', 'umount', 'python3'].find((name) => !isInstalled(name))
  if (missing !== undefined) return `no ${missing}`
  try {
    const disk = LoopDisk.create()
    disk.destroy()
    return undefined
  } catch (error) {
    return `no loop device can be mounted: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** Whether a program is on the PATH. */
export function isInstalled(name: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(':')
  return folders.some((folder) => folder !== '' && existsSync(join(folder, name)))
}

/** An ext4 file system of its own in a file, whose power can be cut. What reached the loop device stays; nothing else does. */
export class LoopDisk {
  /** Where it is mounted. */
  readonly folder: string
  readonly #home: string
  readonly #image: string
  #switch: SpokenLines | undefined

  private constructor(home: string) {
    this.#home = home
    this.#image = join(home, 'image')
    this.folder = join(home, 'mounted')
  }

  /** Formats and mounts a new one, after sweeping what aborted runs have left. */
  static create(): LoopDisk {
    sweepLeftovers()
    const home = join(tmpdir(), `${PREFIX}${process.pid}-${process.hrtime.bigint().toString(36)}`)
    const disk = new LoopDisk(home)
    try {
      mkdirSync(disk.folder, { recursive: true })
      writeFileSync(disk.#image, '')
      truncateSync(disk.#image, IMAGE_BYTES)
      run('mkfs.ext4', ['-q', '-F', disk.#image])
      disk.#mount()
      return disk
    } catch (error) {
      disk.destroy()
      throw error
    }
  }

  /** Cuts the power, under whoever writes at this moment. */
  async cut(): Promise<void> {
    this.#switch ??= new SpokenLines('python3', ['-u', '-c', SHUTDOWN_PROGRAM])
    const answer = await this.#switch.ask(this.folder)
    if (answer !== 'down') throw new Error(`the file system was not shut down: ${answer}`)
  }

  /** Starts the switch before it is needed, so that the cut comes at once. */
  prepareCut(): void {
    this.#switch ??= new SpokenLines('python3', ['-u', '-c', SHUTDOWN_PROGRAM])
  }

  /** Switches on again: forgets every page in memory, mounts, and replays the file system's log. */
  remount(): void {
    run('umount', [this.folder])
    this.#mount()
  }

  /** Unmounts and removes it, in whatever state it is. */
  destroy(): void {
    destroyHome(this.#home)
  }

  #mount(): void {
    run('mount', ['-t', 'ext4', '-o', 'loop', this.#image, this.folder])
  }
}

function destroyHome(home: string): void {
  if (mountedFolders().includes(join(home, 'mounted'))) run('umount', [join(home, 'mounted')])
  rmSync(home, { recursive: true, force: true })
}

/** Disks of runs that were killed: their process is gone. */
function sweepLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue
    const pid = Number(name.slice(PREFIX.length).split('-')[0])
    if (!existsSync(`/proc/${pid}`)) destroyHome(join(tmpdir(), name))
  }
}

function mountedFolders(): string[] {
  const lines = readFileSync('/proc/mounts', 'utf8').split('\n')
  return lines.map((line) => line.split(' ')[1] ?? '')
}

function run(command: string, args: readonly string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
}
