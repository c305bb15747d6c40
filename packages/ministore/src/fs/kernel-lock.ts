import { constants } from 'node:fs'
import { type FileHandle as NodeHandle, open, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { errnoOf } from '../errors.js'
import type { LockAttempt, LockMechanism, LockOwner } from './file-system.js'
import { tryFlock } from './flock.js'
import { tryOfdLock } from './ofd-lock.js'

/**
 * So long a refusal is not taken for final when nobody can be named: the holder has only just won, or
 * has just died and the kernel is still freeing its lock. Also how long a file that is replaced again
 * and again is opened anew.
 */
const PATIENCE_MS = 500
const FIRST_PAUSE_MS = 5

/** A program may lose sight of a store that it has not closed; the garbage collector must not close its lock. */
const HELD = new Set<NodeHandle>()

/** What one way of locking answered. */
export type MechanismAnswer = 'taken' | 'busy' | { readonly unavailable: string }

/**
 * Locks `path` by the kernel, so that the lock dies with its process. On Linux both flock and an OFD
 * lock, since the two do not exclude each other and another process may have only one of them.
 */
export async function tryKernelLock(path: string, since: string): Promise<LockAttempt> {
  const giveUpAtMs = performance.now() + PATIENCE_MS
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs *= 2) {
    const attempt = await tryOnce(path, since)
    const isFinal = attempt.kind !== 'busy' || attempt.holder !== undefined
    if (isFinal || performance.now() > giveUpAtMs) return attempt
    await pause(pauseMs)
  }
}

async function tryOnce(path: string, since: string): Promise<LockAttempt> {
  const handle = await open(path, constants.O_RDWR | constants.O_CREAT)
  let isHeld = false
  try {
    const taken = await takeAll(handle)
    if (taken === 'busy') return { kind: 'busy', holder: await readOwner(handle) }
    if ('reason' in taken) return { kind: 'unavailable', reason: taken.reason }
    if (!(await isStillAt(handle, path))) return { kind: 'busy', holder: undefined }
    const { mechanisms } = taken
    const text = { pid: process.pid, host: hostname(), since, locks: mechanisms }
    await handle.truncate(0)
    await writeText(handle, text)
    isHeld = true
    HELD.add(handle)
    return { kind: 'held', mechanisms, release: () => release(handle, text) }
  } finally {
    if (!isHeld) await handle.close()
  }
}

async function takeAll(
  handle: NodeHandle,
): Promise<'busy' | { mechanisms: LockMechanism[] } | { reason: string }> {
  const mechanisms: LockMechanism[] = []
  const reasons: string[] = []
  const ways: [LockMechanism, () => Promise<MechanismAnswer>][] = [
    ['ofd', () => tryOfdLock(handle.fd)],
  ]
  if (process.platform === 'linux') ways.unshift(['flock', () => tryFlock(handle.fd)])
  for (const [mechanism, take] of ways) {
    const answer = await take()
    if (answer === 'busy') return 'busy'
    if (answer === 'taken') mechanisms.push(mechanism)
    else reasons.push(`${mechanism}: ${answer.unavailable}`)
  }
  return mechanisms.length > 0 ? { mechanisms } : { reason: reasons.join('; ') }
}

/** A lock on a file that no longer has the name protects nothing. */
async function isStillAt(handle: NodeHandle, path: string): Promise<boolean> {
  const own = await handle.stat({ bigint: true })
  try {
    const there = await stat(path, { bigint: true })
    return own.ino === there.ino && own.dev === there.dev
  } catch {
    return false // removed meanwhile
  }
}

async function writeText(handle: NodeHandle, text: object): Promise<void> {
  await handle.write(`${JSON.stringify(text)}\n`, 0)
}

/** The text stays, for people; but the next process that is refused must not be told this name. */
async function release(handle: NodeHandle, text: LockOwner): Promise<void> {
  try {
    await writeText(handle, { ...text, isReleased: true })
  } catch {
    // The text is for messages only; what counts is that the descriptor is closed.
  } finally {
    HELD.delete(handle)
    await handle.close()
  }
}

/** A process of another machine is taken to run. */
function isRunning(pid: number, host: string): boolean {
  if (host !== hostname()) return true
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errnoOf(error) !== 'ESRCH' // EPERM: it runs, and belongs to another user
  }
}

/** Undefined also when the file still has the name of one who held the lock before. */
async function readOwner(handle: NodeHandle): Promise<LockOwner | undefined> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(1024), 0, 1024, 0)
  try {
    const value: unknown = JSON.parse(buffer.toString('utf8', 0, bytesRead))
    if (typeof value !== 'object' || value === null) return undefined
    const { pid, host, since, isReleased } = value as Record<string, unknown>
    if (isReleased === true) return undefined
    const isOwner = typeof pid === 'number' && typeof host === 'string' && typeof since === 'string'
    return isOwner && isRunning(pid, host) ? { pid, host, since } : undefined
  } catch {
    return undefined // the holder has not written its name yet
  }
}
