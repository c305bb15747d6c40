// Every figure beside the raw disk of the same run: a table, and a JSON file.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { measureAppends } from './append.js'
import { type Measure, isReached } from './measure.js'
import { measureMemory, measureOpen, measureReduce } from './read.js'

const results = fileURLToPath(new URL('../results', import.meta.url))
const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    check: { type: 'boolean', default: false },
    json: { type: 'string', default: `${results}/bench.json` },
    dir: { type: 'string', default: `${results}/tmp` },
  },
})
const groups: Record<string, (folder: string, isQuick: boolean) => Promise<Measure[]>> = {
  append: measureAppends,
  reduce: measureReduce,
  open: measureOpen,
  memory: measureMemory,
}

mkdirSync(results, { recursive: true })
const measures: Measure[] = []
for (const [name, measure] of Object.entries(groups)) {
  if (flags.only !== undefined && flags.only !== name) continue
  rmSync(flags.dir, { recursive: true, force: true })
  mkdirSync(flags.dir, { recursive: true })
  console.log(`measuring ${name} …`)
  measures.push(...(await measure(flags.dir, flags.quick)))
}
rmSync(flags.dir, { recursive: true, force: true })

console.log(`\n| measure | reach | measured | | detail |\n| --- | --- | --- | --- | --- |`)
for (const measure of measures) {
  const { name, unit, reach, value, detail } = measure
  const sign = unit === 'ratio' ? '≥' : '≤'
  const suffix = unit === 'MB' ? ' MB' : ''
  const mark = isReached(measure) ? 'reached' : 'missed'
  console.log(
    `| ${name} | ${sign} ${reach}${suffix} | ${value.toFixed(unit === 'MB' ? 0 : 2)}${suffix} | ${mark} | ${detail} |`,
  )
}
const machine = { node: process.version, platform: process.platform, cpus: cpus().length }
const report = { date: new Date().toISOString(), machine, isQuick: flags.quick, measures }
writeFileSync(flags.json, `${JSON.stringify(report, null, 2)}\n`)
if (flags.check && !measures.every(isReached)) process.exitCode = 1
