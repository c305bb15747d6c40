import { fullDisk, randomFaults } from '../../proof/failing-calls.js'
import { jsonValues } from '../../proof/json-values.js'
import { proveRow } from '@mini-rs/testkit/vitest'

proveRow(fullDisk)
proveRow(randomFaults)
proveRow(jsonValues)
