import { proveRow } from '@mini-rs/testkit/vitest'
import { failingCalls } from '../../proof/failing-calls.js'

proveRow(failingCalls)
