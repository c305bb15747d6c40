import { grouped, median, medianRatio } from '../measure.js'
import type { AgedFigures } from './aged.js'
import type { Floors, RateFigures } from './rates.js'
import type { MeasureKey } from './subject.js'

/** Everything that was measured; what was not asked for is undefined. */
export interface QueueFigures {
  readonly rates: readonly RateFigures[]
  readonly floors: Floors | undefined
  readonly aged: AgedFigures | undefined
}

/** What is wanted, and what it came to. */
export interface Target {
  readonly name: string
  readonly reach: string
  readonly value: number
  readonly measured: string
  readonly isReached: boolean
  /** What was compared, for a person. */
  readonly detail: string
}

/** What is measured as a rate. */
export type RateKey = Exclude<MeasureKey, 'latency'>

const OF_FLOOR: readonly (readonly [RateKey, string, number])[] = [
  ['enqueue1', 'enqueue, one caller', 0.6],
  ['enqueue200', 'enqueue, 200 callers', 12],
  ['drain1', 'drain, concurrency 1', 0.5],
  ['drain100', 'drain, concurrency 100', 12],
]
const OF_PEERS = [
  ['BullMQ', 7],
  ['plainjob', 20],
] as const
const LATENCY_SYNCS = 1.5
/** What is asked of a lone caller, who may have his sync on his own thread. */
const INLINE: ReadonlySet<RateKey> = new Set(['enqueue1', 'drain1'])
const THE_SAME_INLINE = "the same with syncOn: 'inline'"

/** Rates of a subject, one a round; empty where it was not measured. */
export function ratesOf(
  rates: readonly RateFigures[],
  name: string,
  key: RateKey,
): readonly number[] {
  return rates.find(({ subject }) => subject.name === name)?.perSecond[key] ?? []
}

/** The floor before a measure, one a round. */
export function floorRates(floors: Floors | undefined, key: MeasureKey): readonly number[] {
  return floors?.[key].map(({ perSecond }) => perSecond) ?? []
}

/** The latency in times of a write and its sync, one a round. */
export function latencyInSyncs(
  { latency }: RateFigures,
  floors: Floors | undefined,
  percentile: 'p50Ms' | 'p99Ms',
): readonly number[] {
  return latency.map((round, index) => round[percentile] / (floors?.latency[index]?.p50Ms ?? NaN))
}

/** What we want of ours, beside the floor and the others of the same run; what was not measured is left out. */
export function targets({ rates, floors }: QueueFigures): Target[] {
  const ours = rates.find(({ subject }) => subject.name === 'miniqueue')
  const inline = rates.find(({ subject }) => subject.name === 'miniqueue inline')
  if (ours === undefined) return []
  return [
    ...OF_FLOOR.flatMap(([key, name, reach]) => {
      const floor = floorRates(floors, key)
      const target = compared(`${name} ÷ floor`, reach, ours.perSecond[key], floor)
      if (inline === undefined || !INLINE.has(key)) return [target]
      return [target, compared(THE_SAME_INLINE, reach, inline.perSecond[key], floor)]
    }),
    ...OF_PEERS.flatMap(([peer, reach]) => {
      const theirs = ratesOf(rates, peer, 'drain100')
      if (theirs.length === 0) return []
      const name = `drain, concurrency 100 ÷ ${peer}`
      return [compared(name, reach, ours.perSecond.drain100, theirs)]
    }),
    latencyTarget('latency from enqueue to handler, p50, in sync times', ours, floors),
    ...(inline === undefined ? [] : [latencyTarget(THE_SAME_INLINE, inline, floors)]),
  ]
}

function compared(
  name: string,
  reach: number,
  ours: readonly number[],
  theirs: readonly number[],
): Target {
  const value = medianRatio(ours, theirs)
  return {
    name,
    reach: `≥ ${reach}`,
    value,
    measured: value.toFixed(2),
    isReached: value >= reach,
    detail: `${grouped(median(ours))}/s beside ${grouped(median(theirs))}/s`,
  }
}

function latencyTarget(name: string, ours: RateFigures, floors: Floors | undefined): Target {
  const value = median(latencyInSyncs(ours, floors, 'p50Ms'))
  const p50Ms = median(ours.latency.map((round) => round.p50Ms))
  const floorMs = median(floors?.latency.map((floor) => floor.p50Ms) ?? [])
  return {
    name,
    reach: `< ${LATENCY_SYNCS}`,
    value,
    measured: value.toFixed(2),
    isReached: value < LATENCY_SYNCS,
    detail: `${p50Ms.toFixed(2)} ms beside ${floorMs.toFixed(2)} ms`,
  }
}
