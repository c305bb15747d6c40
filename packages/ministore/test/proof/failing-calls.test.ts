import { failingCalls } from '../../proof/failing-calls.js'
import { proveRow } from '../support/prove.js'

proveRow(failingCalls)
