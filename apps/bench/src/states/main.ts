// A durable state, ours beside the log under it and beside other ways, in one run: tables, JSON, charts.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { hasPeerModule, installPeers, peerVersion } from '../peers/install.js'
import { canCountSyncs } from '../syncs.js'
import { SIZES } from './changes.js'
import { drawCharts } from './charts.js'
import { measureOpenings } from './opening.js'
import { type RateFigures, countAllSyncs, measureRates } from './rates.js'
import { measureReading } from './reading.js'
import { measureReplays } from './replay.js'
import { asTables } from './report.js'
import { allSubjects } from './subjects/all.js'
import { type StateFigures, targets } from './targets.js'

const results = fileURLToPath(new URL('../../results', import.meta.url))
const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    only: { type: 'string' },
    match: { type: 'string' },
    json: { type: 'string', default: `${results}/states.json` },
    charts: { type: 'string', default: `${results}/states` },
    dir: { type: 'string', default: `${results}/states-tmp` },
  },
})
const scale = flags.quick
  ? { rounds: 3, durationMs: 150, replays: 3, mutations: 100_000, openings: 3, snapshotBytes: 1e7 }
  : { rounds: 15, durationMs: 300, replays: 5, mutations: 1e6, openings: 5, snapshotBytes: 1e8 }
const TAIL = 10_000

installPeers()
const subjects = allSubjects.filter(({ needs }) => needs === undefined || hasPeerModule(needs))
const leftOut = allSubjects
  .filter((subject) => !subjects.includes(subject))
  .map(({ name }) => `${name}: its package could not be installed here`)
if (!canCountSyncs()) leftOut.push('the count of syncs: there is no strace here')

rmSync(flags.dir, { recursive: true, force: true })
mkdirSync(flags.dir, { recursive: true })
const figures: StateFigures = {
  rates: isWanted('rates') ? await rates() : [],
  replays: isWanted('replay')
    ? await measureReplays(flags.dir, scale.replays, scale.mutations)
    : [],
  openings: isWanted('open')
    ? measureOpenings(flags.dir, scale.openings, scale.snapshotBytes, TAIL)
    : [],
  reading: isWanted('read') ? measureReading(flags.dir) : undefined,
}
rmSync(flags.dir, { recursive: true, force: true })

console.log(`\n${asTables(figures, leftOut)}`)
const reached = targets(figures)
const packages = new Set(subjects.flatMap(({ needs }) => needs ?? []))
const report = {
  date: new Date().toISOString(),
  machine: { node: process.version, platform: process.platform, cpus: cpus().length },
  scale,
  versions: Object.fromEntries([...packages].map((needs) => [needs, peerVersion(needs)])),
  leftOut,
  targets: reached,
  ...figures,
}
writeFileSync(flags.json, `${JSON.stringify(report, null, 2)}\n`)
mkdirSync(flags.charts, { recursive: true })
drawCharts(figures, flags.charts)
if (flags.check && !reached.every(({ isReached }) => isReached)) process.exitCode = 1

function isWanted(part: string): boolean {
  return flags.only === undefined || flags.only === part
}

async function rates(): Promise<RateFigures[]> {
  const chosen = subjects.filter(({ name }) => name.includes(flags.match ?? ''))
  const measured = await measureRates(chosen, flags.dir, scale)
  if (canCountSyncs()) {
    console.log('counting syncs …')
    // They do not depend on the size of the state.
    const counted = measured.filter(({ subject }) => !flags.quick || subject.size === SIZES[0])
    countAllSyncs(counted, flags.dir)
  }
  return measured
}
