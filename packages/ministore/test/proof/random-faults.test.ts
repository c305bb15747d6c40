import { fullDisk, randomFaults } from '../../proof/failing-calls.js'
import { jsonValues } from '../../proof/json-values.js'
import { proveRow } from '../support/prove.js'

proveRow(fullDisk)
proveRow(randomFaults)
proveRow(jsonValues)
