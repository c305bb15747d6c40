// Runs one shard of a row: `run-row.ts <row> <seed> <amount>`; its last line of output is the result, as JSON.
import { SIMULATED_ROWS } from './rows.js'

const [name, seed, amount] = process.argv.slice(2)
const row = SIMULATED_ROWS.find((one) => one.name === name)
if (row === undefined) throw new Error(`no row is called ${name}`)
console.log(JSON.stringify(await row.run(Number(seed), Number(amount))))
