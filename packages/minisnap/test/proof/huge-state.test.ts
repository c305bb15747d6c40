import { proveRow } from '@mini-rs/testkit/vitest'
import { hugeState } from '../../proof/huge-state.js'

proveRow(hugeState)
