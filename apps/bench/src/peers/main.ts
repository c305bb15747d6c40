// Ours beside other ways to keep records, at the same durability, in one run: tables, JSON, charts.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { canCountSyncs } from '../syncs.js'
import { allPeers } from './adapters/all.js'
import { type Scale, countAllSyncs, measurePeers } from './campaign.js'
import { drawCharts } from './charts.js'
import { hasPeerModule, installPeers, peerVersion } from './install.js'
import { asTables } from './report.js'
import { targets } from './targets.js'

const results = fileURLToPath(new URL('../../results', import.meta.url))
const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    json: { type: 'string', default: `${results}/peers.json` },
    charts: { type: 'string', default: `${results}/peers` },
    dir: { type: 'string', default: `${results}/peers-tmp` },
  },
})
const scale: Scale = flags.quick
  ? { rounds: 3, durationMs: 200, records: 20_000 }
  : { rounds: 7, durationMs: 1000, records: 200_000 }

installPeers()
const peers = allPeers.filter(({ needs }) => needs === undefined || hasPeerModule(needs))
const leftOut = allPeers
  .filter((peer) => !peers.includes(peer))
  .map(({ name }) => `${name}: its package could not be installed here`)
if (!canCountSyncs()) leftOut.push('the count of syncs: there is no strace here')

rmSync(flags.dir, { recursive: true, force: true })
mkdirSync(flags.dir, { recursive: true })
const figures = await measurePeers(peers, flags.dir, scale)
if (canCountSyncs()) {
  console.log('counting syncs …')
  countAllSyncs(figures, flags.dir)
}
rmSync(flags.dir, { recursive: true, force: true })

console.log(`\n${asTables(figures, leftOut)}`)
const reached = targets(figures)
const report = {
  date: new Date().toISOString(),
  machine: { node: process.version, platform: process.platform, cpus: cpus().length },
  scale,
  versions: Object.fromEntries(
    peers.flatMap(({ needs }) => (needs === undefined ? [] : [[needs, peerVersion(needs)]])),
  ),
  leftOut,
  targets: reached,
  peers: figures.map(({ peer, ...rest }) => ({ name: peer.name, ...rest })),
}
writeFileSync(flags.json, `${JSON.stringify(report, null, 2)}\n`)
mkdirSync(flags.charts, { recursive: true })
drawCharts(figures, flags.charts)
if (flags.check && !reached.every(({ isReached }) => isReached)) process.exitCode = 1
