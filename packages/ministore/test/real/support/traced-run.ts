import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { programAt } from './spoken-lines.js'

/** The calls that are let fail. */
export const TRACED = [
  'pwrite64',
  'pwritev',
  'write',
  'openat',
  'fdatasync',
  'fsync',
  'ftruncate',
  'rename',
  'unlink',
  'pread64',
] as const
export type Syscall = (typeof TRACED)[number]

/** Lets the `nth` such call of a thread fail, or that one and all behind it. */
export interface Injection {
  readonly syscall: Syscall
  readonly errno: string
  readonly nth: number
  readonly andAllBehind?: boolean
}

/** What a file of the journal is. */
export type Role = 'directory' | 'active' | 'next' | 'archived' | 'watermark'

/** One call that the kernel was asked for. */
export interface TracedCall {
  readonly thread: string
  readonly syscall: Syscall
  readonly role: Role
  readonly isInjected: boolean
}

/** What became of one call of a step; `first` to `last` are the ids of its records. */
export interface StepResult {
  readonly first: number
  readonly last: number
  readonly isAcknowledged: boolean
  readonly seq?: number
  readonly code?: string
  readonly outcome?: string
  readonly message?: string
}

/** One line of the scripted writer. */
export interface Step {
  readonly step: string
  readonly results?: readonly StepResult[]
  readonly status?: string
  readonly code?: string
}

export interface TracedRun {
  readonly steps: readonly Step[]
  readonly calls: readonly TracedCall[]
}

/** Why nothing can be traced here, or undefined when it can. */
export function whyNoTrace(): string | undefined {
  if (process.platform !== 'linux') return 'not Linux'
  const { error, status, stderr } = spawnSync('strace', ['-f', '-qq', '-o', '/dev/null', 'true'])
  if (error !== undefined) return 'no strace'
  return status === 0 ? undefined : `strace: ${stderr.toString().trim()}`
}

/** Runs the scripted writer on `path`, with failures made by the kernel. One thread for files, so that calls can be counted. */
export function runTraced(path: string, injections: readonly Injection[]): TracedRun {
  const log = `${dirname(path)}.trace`
  const archived = Array.from({ length: 12 }, (_, index) => {
    return `${path}.${String(index + 1).padStart(6, '0')}`
  })
  const paths = [dirname(path), path, `${path}.next`, `${path}.ack`, ...archived]
  const options = `-f -qq -y -o ${log} -e trace=${TRACED.join(',')}`.split(' ')
  const watched = paths.flatMap((one) => ['-P', one])
  const failing = injections.flatMap((one) => ['-e', injectionText(one)])
  const program = [process.execPath, programAt('scripted-writer.mjs'), path]
  // libuv's io_uring would go past the calls that are traced.
  const env = { ...process.env, UV_THREADPOOL_SIZE: '1', UV_USE_IO_URING: '0' }
  const { stdout, stderr } = spawnSync('strace', [...options, ...watched, ...failing, ...program], {
    env,
  })
  const lines = stdout.toString().split('\n').slice(0, -1)
  if (lines.length === 0) throw new Error(`the writer said nothing: ${stderr.toString()}`)
  return {
    steps: lines.map((line) => JSON.parse(line) as Step),
    calls: parseLog(readFileSync(log, 'utf8'), path),
  }
}

function injectionText({ syscall, errno, nth, andAllBehind }: Injection): string {
  return `inject=${syscall}:error=${errno}:when=${nth}${andAllBehind === true ? '+' : ''}`
}

function parseLog(text: string, path: string): TracedCall[] {
  const calls: TracedCall[] = []
  for (const line of text.split('\n')) {
    const match = /^(\d+)\s+(\w+)\((.*)/.exec(line)
    const [, thread, syscall, rest] = match ?? []
    const known = TRACED.find((one) => one === syscall)
    if (thread === undefined || rest === undefined || known === undefined) continue
    const role = roleOf(rest, path)
    if (role !== undefined) {
      calls.push({ thread, syscall: known, role, isInjected: line.includes('(INJECTED)') })
    }
  }
  return calls
}

/** By the first path of the journal in the arguments: `3</dir/journal.jsonl>` or `"/dir/journal.jsonl"`. */
function roleOf(args: string, path: string): Role | undefined {
  const first = args.slice(args.indexOf(dirname(path)))
  if (!first.startsWith(dirname(path))) return undefined
  if (first.startsWith(`${path}.next`)) return 'next'
  if (first.startsWith(`${path}.ack`)) return 'watermark'
  if (/^\.\d{6}/.test(first.slice(path.length)) && first.startsWith(path)) return 'archived'
  return first.startsWith(path) ? 'active' : 'directory'
}
