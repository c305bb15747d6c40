import type { MechanismAnswer } from './kernel-lock.js'

/** One byte far behind the text, so that others can read who holds the lock. */
const LOCKED_OFFSET = 2 ** 30

interface NativeLocks {
  tryLock(fd: number, offset: number, length: number): boolean
}

/** A lock of the open file description, by the optional prebuilt add-on `fs-native-extensions`. */
export async function tryOfdLock(fd: number): Promise<MechanismAnswer> {
  const native = await tryLoad()
  if (typeof native === 'string') return { unavailable: native }
  try {
    return native.tryLock(fd, LOCKED_OFFSET, 1) ? 'taken' : 'busy'
  } catch (error) {
    return { unavailable: error instanceof Error ? error.message : String(error) }
  }
}

async function tryLoad(): Promise<NativeLocks | string> {
  // It loads there, and ends the process at the first call: it is bound to libuv, which Deno lacks.
  if ('deno' in process.versions) return 'fs-native-extensions does not run on Deno'
  try {
    const module: unknown = await import('fs-native-extensions')
    const native = hasLocks(module) ? module : (module as { default?: unknown }).default
    return hasLocks(native) ? native : 'fs-native-extensions has no tryLock'
  } catch (error) {
    return `fs-native-extensions does not load: ${error instanceof Error ? error.message : String(error)}`
  }
}

function hasLocks(value: unknown): value is NativeLocks {
  return (
    typeof value === 'object' &&
    value !== null &&
    'tryLock' in value &&
    typeof value.tryLock === 'function'
  )
}
