import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Engine } from '@mini-rs/ministate'
import { MiniStore } from '@mini-rs/ministore'
import { SIZES, changeOf } from './changes.js'
import { runOnce } from './once.js'
import type { Shape } from './shaped-state.js'

/** What a log is replayed into: a state, objects without any of its promises, or nothing. */
export type ReplayInto = Engine | 'objects' | 'nothing'

/** What is replayed. */
export interface ReplayCase {
  readonly into: ReplayInto
  readonly shape: Shape
  readonly size: number
}

/** What one process came to; the first opening is that of a program which has just started. */
export interface ReplayRound {
  readonly firstPerSecond: number
  readonly secondPerSecond: number
}

/** A case, and one entry a round. */
export interface ReplayFigures {
  readonly of: ReplayCase
  readonly rounds: ReplayRound[]
}

/** What the process is told. */
export interface ReplayTask extends ReplayCase {
  readonly folder: string
  readonly mutations: number
}

const CASES: readonly ReplayCase[] = [
  { into: 'nothing', shape: 'flat', size: 100 },
  ...SIZES.map((size) => ({ into: 'objects', shape: 'flat', size }) as const),
  { into: 'objects', shape: 'nested', size: 10_000 },
  { into: 'objects', shape: 'map', size: 10_000 },
  ...SIZES.map((size) => ({ into: 'inPlace', shape: 'flat', size }) as const),
  ...SIZES.map((size) => ({ into: 'immutable', shape: 'flat', size }) as const),
  { into: 'immutable', shape: 'nested', size: 10_000 },
  { into: 'immutable', shape: 'map', size: 10_000 },
]

const program = fileURLToPath(new URL('replay-child.ts', import.meta.url))

/** Opens logs of so many mutations, without a snapshot, in rounds. */
export async function measureReplays(
  folder: string,
  rounds: number,
  mutations: number,
): Promise<ReplayFigures[]> {
  console.log('filling …')
  for (const size of SIZES) await fill(join(folder, `replay-${size}`), size, mutations)
  const all = CASES.map((of): ReplayFigures => ({ of, rounds: [] }))
  for (let round = 0; round < rounds; round++) {
    console.log(`replays, round ${round + 1} of ${rounds} …`)
    for (const figures of all) {
      const place = join(folder, `replay-${figures.of.size}`)
      const task: ReplayTask = { ...figures.of, folder: place, mutations }
      figures.rounds.push(runOnce<ReplayRound>(program, task))
    }
  }
  for (const size of SIZES) rmSync(join(folder, `replay-${size}`), { recursive: true })
  return all
}

async function fill(folder: string, size: number, mutations: number): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const store = await MiniStore.open(join(folder, 'journal.jsonl'))
  for (let n = 0; n < mutations; n += 1000) {
    const length = Math.min(1000, mutations - n)
    await store.appendMany(
      Array.from({ length }, (_, index) => ({ set: changeOf(n + index, size) })),
    )
  }
  await store.close()
}
