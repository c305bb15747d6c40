import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Engine } from '@mini-rs/ministate'
import { runOnce } from './once.js'

/** What one round came to. */
export interface OpeningRound {
  readonly openMs: number
  /** One JSON.parse of the text of the snapshot that was opened. */
  readonly parseMs: number
}

/** How the state is opened, and how its snapshot was written. */
export interface OpeningCase {
  readonly engine: Engine
  /** As by default: JSON over many lines; or compact. */
  readonly pretty: boolean
}

/** A case, and one entry a round. */
export interface OpeningFigures {
  readonly of: OpeningCase
  readonly snapshotBytes: number
  readonly rounds: OpeningRound[]
}

/** What the process is told. */
export type OpeningTask = OpeningCase & {
  readonly folder: string
  readonly snapshotBytes: number
  readonly tail: number
  readonly do: 'prepare' | 'open' | 'parse'
}

const CASES: readonly OpeningCase[] = [
  { engine: 'immutable', pretty: true },
  { engine: 'immutable', pretty: false },
  { engine: 'inPlace', pretty: true },
]

const program = fileURLToPath(new URL('opening-child.ts', import.meta.url))
const NODE_OPTIONS = ['--expose-gc', '--max-old-space-size=8192']

/** Opens states with a snapshot of so many bytes and a log of `tail` records after it, in rounds. */
export function measureOpenings(
  folder: string,
  rounds: number,
  snapshotBytes: number,
  tail: number,
): OpeningFigures[] {
  console.log('writing snapshots …')
  const all = CASES.map((of, index) => {
    const task = { ...of, folder: join(folder, `opening-${index}`), snapshotBytes, tail }
    const { sizeBytes } = run<{ sizeBytes: number }>({ ...task, do: 'prepare' })
    return { task, figures: { of, snapshotBytes: sizeBytes, rounds: [] } as OpeningFigures }
  })
  for (let round = 0; round < rounds; round++) {
    console.log(`openings, round ${round + 1} of ${rounds} …`)
    for (const { task, figures } of all) {
      // Each in a process of its own, which has done the same before: what is second in a process would
      // find another heap than what is first.
      figures.rounds.push({
        openMs: run<number>({ ...task, do: 'open' }),
        parseMs: run<number>({ ...task, do: 'parse' }),
      })
    }
  }
  for (const { task } of all) rmSync(task.folder, { recursive: true })
  return all.map(({ figures }) => figures)
}

function run<T>(task: OpeningTask): T {
  return runOnce<T>(program, task, NODE_OPTIONS)
}
