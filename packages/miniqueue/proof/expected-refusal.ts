import { Violation } from '@mini-rs/testkit'
import { MiniQueueError } from '@mini-rs/miniqueue'

/** The call has to be refused, and to have done nothing. @throws Violation */
export async function expectCode(code: string, call: Promise<unknown>): Promise<void> {
  try {
    await call
  } catch (error) {
    return assertCode(code, error)
  }
  throw new Violation(`nothing was refused with ${code}`)
}

/** What a call was refused with, and that it says it has done nothing. @throws Violation */
export function assertCode(code: string, error: unknown): void {
  if (!MiniQueueError.is(error)) throw error
  if (error.code !== code) throw new Violation(`${error.code} instead of ${code}`)
  if (error.outcome !== 'absent') throw new Violation(`${code} does not say: absent`)
}
