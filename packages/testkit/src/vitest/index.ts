export { Random, seedOfRun } from './random.js'
export { type Proof, countFromEnv, proving, recordProof } from './proof-ledger.js'
export { proveRow } from './prove-row.js'
export { temporaryFolder } from './temporary.js'
