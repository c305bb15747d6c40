// `npm run prove`, for this package.
import { fileURLToPath } from 'node:url'
import { prove } from '@mini-rs/testkit'
import { REAL_ROWS } from './real-rows.js'
import { SIMULATED_ROWS } from './rows.js'

const folder = fileURLToPath(new URL('..', import.meta.url))
await prove({ folder, rows: SIMULATED_ROWS, realRows: REAL_ROWS })
