import { smallWorlds } from '../../proof/small-worlds.js'
import { proveRow } from '../support/prove.js'

proveRow(smallWorlds)
