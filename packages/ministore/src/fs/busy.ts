import { errnoOf } from '../errors.js'

/** The last wait; the ones before it add up to about as much. */
const LONGEST_WAIT_MS = 1024

/**
 * Calls `attempt` again, after longer and longer waits, while Windows says that the file is in use:
 * virus scanners and indexers hold files open for moments.
 */
export async function retryWhileBusy(
  attempt: () => Promise<void>,
  wait: (ms: number) => Promise<unknown>,
): Promise<void> {
  for (let delayMs = 1; ; delayMs *= 2) {
    try {
      await attempt()
      return
    } catch (error) {
      if (!isBusy(error) || delayMs > LONGEST_WAIT_MS) throw error
      await wait(delayMs)
    }
  }
}

function isBusy(error: unknown): boolean {
  return ['EPERM', 'EACCES', 'EBUSY'].includes(errnoOf(error) ?? '')
}

/** Whether a file could not be removed because it is open elsewhere; only Windows minds. */
export function isHeldOpen(error: unknown): boolean {
  const code = errnoOf(error)
  return code === 'EBUSY' || (code === 'EPERM' && process.platform === 'win32')
}
