// Saving and loading a whole state: ours beside other ways, in one run, and who is durable.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { median } from '../measure.js'
import { hasPeerModule, installPeers } from '../peers/install.js'
import { canCountSyncs } from '../syncs.js'
import { CANDIDATES, type Candidate } from './candidates.js'
import type { SnapshotFigures } from './child.js'
import { type SizeFigures, asTables } from './report.js'

const MB = 1e6
const results = fileURLToPath(new URL('../../results', import.meta.url))
const program = fileURLToPath(new URL('child.ts', import.meta.url))
const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'string', default: `${results}/snapshots.json` },
    dir: { type: 'string', default: `${results}/snapshots-tmp` },
  },
})

/** Megabytes of JSON, and how often each is measured. */
const SIZES: readonly { readonly mb: number; readonly rounds: number }[] = flags.quick
  ? [{ mb: 1, rounds: 3 }]
  : [
      { mb: 1, rounds: 9 },
      { mb: 10, rounds: 5 },
      { mb: 100, rounds: 3 },
    ]

function run(candidate: Candidate, mb: number, what: string, wrapper: string[] = []): string {
  rmSync(flags.dir, { recursive: true, force: true })
  mkdirSync(flags.dir, { recursive: true })
  const node = [process.execPath, '--max-old-space-size=8192', '--import', 'tsx', program]
  const [command = '', ...args] = [
    ...wrapper,
    ...node,
    candidate.name,
    String(mb * MB),
    flags.dir,
    what,
  ]
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${candidate.name}: ${stderr.slice(-2000)}`)
  return stdout
}

function measure(candidates: readonly Candidate[], mb: number, rounds: number): SizeFigures {
  const all = new Map<string, SnapshotFigures[]>(candidates.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const candidate of candidates) {
      all.get(candidate.name)?.push(JSON.parse(run(candidate, mb, 'all')) as SnapshotFigures)
    }
  }
  const rows = [...all].map(([name, figures]) => medians(name, figures))
  return { mb, rows }
}

function medians(
  name: string,
  figures: readonly SnapshotFigures[],
): SnapshotFigures & { readonly name: string } {
  const middle = (of: (one: SnapshotFigures) => number): number => median(figures.map(of))
  return {
    name,
    createMs: middle((one) => one.createMs),
    heldMaxMs: middle((one) => one.heldMaxMs),
    heldP999Ms: middle((one) => one.heldP999Ms),
    fileBytes: middle((one) => one.fileBytes),
    restoreMs: middle((one) => one.restoreMs),
    parseMs: middle((one) => one.parseMs),
  }
}

/** Syncs of files and of folders that the kernel saw in one create; those of starting are none. */
function countSyncs(candidate: Candidate): number {
  const output = `${flags.dir}.strace`
  const calls = ['-f', '-e', 'trace=fsync,fdatasync', '-o', output]
  run(candidate, 1, 'create', ['strace', ...calls])
  const syncs = readFileSync(output, 'utf8').match(/ (fsync|fdatasync)\(/g)?.length ?? 0
  rmSync(output)
  return syncs
}

installPeers()
const candidates = CANDIDATES.filter(({ needs }) => needs === undefined || hasPeerModule(needs))
const sizes = SIZES.map(({ mb, rounds }) => {
  console.log(`measuring ${mb} MB …`)
  return measure(candidates, mb, rounds)
})
const syncs = canCountSyncs()
  ? candidates.map((candidate) => ({ name: candidate.name, syncs: countSyncs(candidate) }))
  : []
rmSync(flags.dir, { recursive: true, force: true })
console.log(`\n${asTables(sizes, syncs)}`)
const report = { date: new Date().toISOString(), node: process.version, sizes, syncs }
writeFileSync(flags.json, `${JSON.stringify(report, null, 2)}\n`)
