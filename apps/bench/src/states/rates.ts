import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Load, LoadFigures } from '../peers/load.js'
import { tracedSyncs } from '../syncs.js'
import { Worker } from '../worker.js'
import type { Task } from './child.js'
import { CALLERS, type Callers, type Subject } from './subject.js'

/** How much is measured. */
export interface RateScale {
  readonly rounds: number
  readonly durationMs: number
}

/** Syncs that the kernel saw while so many changes were made. */
export interface SyncCount {
  readonly callers: Callers
  readonly changes: number
  readonly syncs: number
}

/** Everything that was measured of a subject's changes; in each list, one entry a round. */
export interface RateFigures {
  readonly subject: Subject
  readonly rates: Record<Callers, LoadFigures[]>
  readonly syncs: SyncCount[]
  /** All of them together; at the end, each was found again. */
  changesChecked: number
}

const program = fileURLToPath(new URL('child.ts', import.meta.url))

/** As a user has it where it counts; `freeze` is off then, by default. */
export const PRODUCTION = { NODE_ENV: 'production' }

/** All subjects in rounds, so that a drift of the machine meets each of them alike. */
export async function measureRates(
  subjects: readonly Subject[],
  folder: string,
  scale: RateScale,
): Promise<RateFigures[]> {
  const turns = subjects.map((subject, index) => ({
    worker: new Worker(
      subject.name,
      program,
      [subject.name, join(folder, `rates-${index}`)],
      PRODUCTION,
    ),
    figures: {
      subject,
      rates: { 1: [], 64: [], 1024: [] },
      syncs: [],
      changesChecked: 0,
    } as RateFigures,
  }))
  try {
    // The round before the first is thrown away: it compiles.
    for (let round = -1; round < scale.rounds; round++) {
      console.log(round < 0 ? 'warming up …' : `changes, round ${round + 1} of ${scale.rounds} …`)
      await measureRound(turns, round, scale.durationMs * (round < 0 ? WARM_UP : 1))
    }
    for (const { worker, figures } of turns) {
      figures.changesChecked = (await worker.ask({ do: 'finish' } satisfies Task)) as number
    }
  } finally {
    await Promise.all(turns.map(({ worker }) => worker.close()))
  }
  return turns.map(({ figures }) => figures)
}

/** The warming up takes so many times as long as a round. */
const WARM_UP = 10

interface Turn {
  readonly worker: Worker
  readonly figures: RateFigures
}

async function measureRound(
  turns: readonly Turn[],
  round: number,
  durationMs: number,
): Promise<void> {
  for (const callers of CALLERS) {
    for (const { worker, figures } of rotated(turns, round)) {
      const { subject, rates } = figures
      if (!subject.callers.includes(callers) || round >= (subject.maxRounds ?? Infinity)) continue
      // JSON has no Infinity: what crosses to the other process is a number.
      const load: Load = { callers, durationMs, maxAppends: subject.maxChanges ?? 1e9 }
      const measured = await worker.ask({ do: 'load', load } satisfies Task)
      if (round >= 0) rates[callers].push(measured as LoadFigures)
    }
  }
}

/** Each round begins with another one, so that nobody always follows the same. */
function rotated<T>(list: readonly T[], round: number): T[] {
  const first = Math.max(0, round) % list.length
  return [...list.slice(first), ...list.slice(0, first)]
}

/** Counts the syncs of every subject, outside of what is timed; those of opening and closing are taken off. */
export function countAllSyncs(figures: readonly RateFigures[], folder: string): void {
  for (const { subject, syncs } of figures) {
    for (const callers of [1, 64] as const) {
      if (!subject.callers.includes(callers)) continue
      // A change that writes the whole state takes long under strace.
      const changes = callers * (subject.maxRounds === undefined ? 20 : 2)
      const trace = (maxAppends: number): number => {
        const place = join(folder, 'syncs')
        const load: Load = { callers, durationMs: 60_000, maxAppends }
        const args = [subject.name, place, JSON.stringify(load)]
        const seen = tracedSyncs(program, args, `${place}.strace`, PRODUCTION)
        rmSync(place, { recursive: true, force: true })
        return seen
      }
      syncs.push({ callers, changes, syncs: trace(changes) - trace(0) })
    }
  }
}
