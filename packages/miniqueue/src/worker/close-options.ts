import { type OptionNames, assertKnownOptions } from '@mini-rs/ministore'
import { assertObject, assertOneOf, assertWait } from '../queue/queue-options.js'
import type { CloseOptions } from './worker-types.js'

const CLOSE_OPTIONS: OptionNames<CloseOptions> = { timeoutMs: true, graceMs: true, abort: true }

/** @throws TypeError, RangeError */
export function assertCloseOptions(options: CloseOptions): void {
  assertObject('options', options)
  assertKnownOptions('options', options, CLOSE_OPTIONS)
  assertWait('timeoutMs', options.timeoutMs)
  assertWait('graceMs', options.graceMs)
  assertOneOf('abort', options.abort, [true, false])
}
