// Queues of jobs, ours beside others of the same durability, in one run: tables and JSON.
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { hasPeerModule, installPeers, peerVersion } from '../peers/install.js'
import { canCountSyncs } from '../syncs.js'
import { measureAged } from './aged.js'
import { countAllSyncs, measureRates } from './rates.js'
import { asTables } from './report.js'
import type { Subject } from './subject.js'
import { allSubjects } from './subjects/all.js'
import { type QueueFigures, targets } from './targets.js'

const results = fileURLToPath(new URL('../../results', import.meta.url))
const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    /** `rates` or `aged`. */
    only: { type: 'string' },
    /** Subjects whose names have this in them. */
    match: { type: 'string', default: '' },
    json: { type: 'string', default: `${results}/queues.json` },
    dir: { type: 'string', default: `${results}/queues-tmp` },
  },
})
const scale = flags.quick
  ? { rounds: 3, durationMs: 200, agedJobs: 100_000 }
  : { rounds: 11, durationMs: 500, agedJobs: 1_000_000 }

const leftOut: string[] = []
const wanted = allSubjects.filter(({ name }) => name.includes(flags.match))
if (isWanted('rates') && wanted.some(({ needs }) => needs !== undefined)) installPeers()
const subjects = wanted.filter(isThere)
if (isWanted('rates') && !canCountSyncs()) {
  leftOut.push('the count of syncs: there is no strace here')
}

rmSync(flags.dir, { recursive: true, force: true })
mkdirSync(flags.dir, { recursive: true })
const figures: QueueFigures = {
  ...(isWanted('rates') ? await rates() : { rates: [], floors: undefined }),
  aged: isWanted('aged') ? aged() : undefined,
}
rmSync(flags.dir, { recursive: true, force: true })

console.log(`\n${asTables(figures, leftOut)}`)
const reached = targets(figures)
const packages = subjects.flatMap(({ needs }) => needs ?? [])
const report = {
  date: new Date().toISOString(),
  machine: { node: process.version, platform: process.platform, cpus: cpus().length },
  scale,
  versions: Object.fromEntries(packages.map((needs) => [needs, peerVersion(needs)])),
  leftOut,
  targets: reached,
  ...figures,
}
writeFileSync(flags.json, `${JSON.stringify(report, null, 2)}\n`)
if (flags.check && !reached.every(({ isReached }) => isReached)) process.exitCode = 1

function isWanted(part: string): boolean {
  return flags.only === undefined || flags.only === part
}

/** Notes what is left out. */
function isThere({ name, needs, needsProgram }: Subject): boolean {
  if (needsProgram !== undefined) {
    const { status } = spawnSync(needsProgram, ['--version'], { stdio: 'ignore' })
    if (status !== 0) leftOut.push(`${name}: there is no ${needsProgram} here`)
    if (status !== 0) return false
  }
  if (needs === undefined || hasPeerModule(needs)) return true
  leftOut.push(`${name}: its package could not be installed here`)
  return false
}

async function rates(): Promise<Pick<QueueFigures, 'rates' | 'floors'>> {
  const measured = await measureRates(subjects, flags.dir, scale)
  if (canCountSyncs()) {
    console.log('counting syncs …')
    countAllSyncs(measured.rates, flags.dir)
  }
  return measured
}

function aged(): QueueFigures['aged'] {
  const { rounds, durationMs, agedJobs } = scale
  return measureAged(flags.dir, { rounds, durationMs, jobs: agedJobs })
}
