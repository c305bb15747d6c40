import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LoadFigures } from '../peers/load.js'
import { tracedSyncs } from '../syncs.js'
import { Worker } from '../worker.js'
import type { DrainFigures, LatencyFigures, Task } from './child.js'
import { type FloorFigures, measureFloor } from './floor.js'
import {
  LATENCY_REST_MS,
  MEASURES,
  type Measure,
  type MeasureKey,
  type Subject,
  takesPart,
} from './subject.js'

/** How much is measured. */
export interface RateScale {
  readonly rounds: number
  readonly durationMs: number
}

/** Syncs that the kernel saw while so many jobs were enqueued, and drained, one by one. */
export interface SyncCount {
  readonly jobs: number
  readonly enqueueSyncs: number
  readonly drainSyncs: number
}

/** Everything that was measured of a subject; in each list, one entry a round. */
export interface RateFigures {
  readonly subject: Subject
  readonly perSecond: Record<Exclude<MeasureKey, 'latency'>, number[]>
  readonly latency: LatencyFigures[]
  syncs: SyncCount | undefined
  /** All jobs together: each was delivered exactly once. */
  jobsChecked: number
}

/** The floor before each measure, one entry a round. */
export type Floors = Record<MeasureKey, FloorFigures[]>

interface Turn {
  readonly worker: Worker
  readonly figures: RateFigures
}

const program = fileURLToPath(new URL('child.ts', import.meta.url))

/** As a user has it where it counts. */
const PRODUCTION = { NODE_ENV: 'production' }

/** All subjects in rounds, so that a drift of the machine meets each of them alike. */
export async function measureRates(
  subjects: readonly Subject[],
  folder: string,
  scale: RateScale,
): Promise<{ readonly rates: RateFigures[]; readonly floors: Floors }> {
  const floors: Floors = { enqueue1: [], enqueue200: [], drain1: [], drain100: [], latency: [] }
  const turns = subjects.map((subject, index): Turn => {
    const args = [subject.name, join(folder, `rates-${index}`)]
    return {
      worker: new Worker(subject.name, program, args, PRODUCTION),
      figures: {
        subject,
        perSecond: { enqueue1: [], enqueue200: [], drain1: [], drain100: [] },
        latency: [],
        syncs: undefined,
        jobsChecked: 0,
      },
    }
  })
  try {
    // The round before the first is thrown away: it compiles.
    for (let round = -1; round < scale.rounds; round++) {
      console.log(round < 0 ? 'warming up …' : `round ${round + 1} of ${scale.rounds} …`)
      for (const measure of MEASURES) {
        const restMs = measure.key === 'latency' ? LATENCY_REST_MS : 0
        const path = join(folder, 'floor.jsonl')
        const floor = await measureFloor(path, scale.durationMs, restMs)
        if (round >= 0) floors[measure.key].push(floor)
        await measureOne(measure, turns, round, scale.durationMs)
      }
    }
    for (const { worker, figures } of turns) {
      figures.jobsChecked = (await worker.ask({ do: 'finish' } satisfies Task)) as number
    }
  } finally {
    await Promise.all(turns.map(({ worker }) => worker.close()))
  }
  return { rates: turns.map(({ figures }) => figures), floors }
}

async function measureOne(
  measure: Measure,
  turns: readonly Turn[],
  round: number,
  durationMs: number,
): Promise<void> {
  for (const { worker, figures } of rotated(turns, round)) {
    const { subject, perSecond, latency } = figures
    if (!takesPart(subject, measure)) continue
    const measured = await worker.ask(taskOf(measure, subject, durationMs))
    if (round < 0) continue
    if (measure.key === 'latency') latency.push(measured as LatencyFigures)
    else perSecond[measure.key].push((measured as LoadFigures | DrainFigures).perSecond)
  }
}

function taskOf(measure: Measure, { jobsPerSecond }: Subject, durationMs: number): Task {
  if (measure.key === 'latency') return { do: 'latency', durationMs }
  if ('callers' in measure) {
    // JSON has no Infinity: what crosses to the other process is a number.
    return { do: 'enqueue', load: { callers: measure.callers, durationMs, maxAppends: 1e9 } }
  }
  const atLeast = Math.ceil((jobsPerSecond * durationMs) / 1000)
  return { do: 'drain', concurrency: measure.concurrency, durationMs, atLeast }
}

/** Each round begins with another one, so that nobody always follows the same. */
function rotated<T>(list: readonly T[], round: number): T[] {
  const first = Math.max(0, round) % list.length
  return [...list.slice(first), ...list.slice(0, first)]
}

const TRACED_JOBS = 20

/** Counts the syncs of every subject, outside of what is timed; those of opening and closing are taken off. */
export function countAllSyncs(rates: readonly RateFigures[], folder: string): void {
  for (const figures of rates) {
    const trace = (...tasks: readonly Task[]): number => {
      const place = join(folder, 'syncs')
      const args = [figures.subject.name, place, JSON.stringify(tasks)]
      const seen = tracedSyncs(program, args, `${place}.strace`, PRODUCTION)
      rmSync(place, { recursive: true, force: true })
      return seen
    }
    const load = { callers: 1, durationMs: 60_000, maxAppends: TRACED_JOBS }
    const enqueue: Task = { do: 'enqueue', load }
    const drain: Task = { do: 'drain', concurrency: 1, durationMs: 60_000, atLeast: 0 }
    const nothing = trace()
    const enqueued = trace(enqueue)
    const drained = trace(enqueue, drain)
    figures.syncs = {
      jobs: TRACED_JOBS,
      enqueueSyncs: enqueued - nothing,
      drainSyncs: drained - enqueued,
    }
  }
}
