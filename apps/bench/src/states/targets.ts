import { grouped, median, medianRatio } from '../measure.js'
import type { OpeningFigures } from './opening.js'
import type { RateFigures } from './rates.js'
import type { ReadingFigures } from './reading.js'
import type { ReplayFigures } from './replay.js'
import type { Callers } from './subject.js'

/** Everything that was measured; what was not asked for is empty. */
export interface StateFigures {
  readonly rates: readonly RateFigures[]
  readonly replays: readonly ReplayFigures[]
  readonly openings: readonly OpeningFigures[]
  readonly reading: ReadingFigures | undefined
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

const ONE_CALLER = [
  'ministate inPlace, 100',
  'ministate inPlace, 10,000',
  'ministate inPlace, 100,000',
  'ministate immutable, 100',
  'ministate immutable, nested, 10,000',
]
const MANY_CALLERS = ONE_CALLER.slice(0, 4)
const PER_SECOND_OF_MANY = 100_000
const PER_SECOND_OF_REPLAY = 500_000
const OPEN_RATIO = 1.7
const OPEN_EXTRA_MS = 100

/** Rates of a subject with so many callers, one a round; empty where it was not measured. */
export function ratesOf(
  rates: readonly RateFigures[],
  name: string,
  callers: Callers,
): readonly number[] {
  const figures = rates.find(({ subject }) => subject.name === name)
  return figures?.rates[callers].map((round) => round.perSecond) ?? []
}

/** What we want of ours, beside the others of the same run; what was not measured is left out. */
export function targets({ rates, replays, openings, reading }: StateFigures): Target[] {
  return [
    ...ONE_CALLER.flatMap((name) => compared(rates, name, 1, 'ministore', 0.9)),
    ...ONE_CALLER.flatMap((name) =>
      compared(rates, name, 64, `better-sqlite3, ${sizeOf(rates, name)}`, 10),
    ),
    ...MANY_CALLERS.flatMap((name) => {
      const many = ratesOf(rates, name, 1024)
      const beside = grouped(median(ratesOf(rates, 'ministore', 1024)))
      const detail = `ministore's append: ${beside}/s`
      return many.length === 0
        ? []
        : [perSecond(`${name}, 1,024 callers`, median(many), PER_SECOND_OF_MANY, detail)]
    }),
    ...replays.flatMap((figures) => replayTarget(figures, replays)),
    ...openings.map((figures) => openingTarget(figures)),
    ...(reading === undefined ? [] : [readingTarget(reading)]),
  ]
}

function sizeOf(rates: readonly RateFigures[], name: string): string {
  return grouped(rates.find(({ subject }) => subject.name === name)?.subject.size ?? 0)
}

function compared(
  rates: readonly RateFigures[],
  name: string,
  callers: Callers,
  than: string,
  reach: number,
): Target[] {
  const ours = ratesOf(rates, name, callers)
  const theirs = ratesOf(rates, than, callers)
  if (ours.length === 0 || theirs.length === 0) return []
  const value = medianRatio(ours, theirs)
  return [
    {
      name: `${name}, ${callers === 1 ? 'one caller' : `${callers} callers`} ÷ ${than}`,
      reach: `≥ ${reach}`,
      value,
      measured: value.toFixed(2),
      isReached: value >= reach,
      detail: `${grouped(median(ours))}/s beside ${grouped(median(theirs))}/s`,
    },
  ]
}

function perSecond(name: string, value: number, reach: number, detail: string): Target {
  const measured = `${grouped(value)}/s`
  return {
    name,
    reach: `≥ ${grouped(reach)}/s`,
    value,
    measured,
    isReached: value >= reach,
    detail,
  }
}

/** "ministate inPlace, 10,000" */
export function replayName({ of: { into, shape, size } }: ReplayFigures): string {
  if (into === 'nothing') return 'ministore, batches'
  const by = into === 'objects' ? 'ministore, batches into objects' : `ministate ${into}`
  return `${by}${shape === 'flat' ? '' : `, ${shape}`}, ${grouped(size)}`
}

function replayTarget(figures: ReplayFigures, all: readonly ReplayFigures[]): Target[] {
  const { into, shape, size } = figures.of
  if (into === 'nothing' || into === 'objects') return []
  const objects = all.find(
    ({ of }) => of.into === 'objects' && of.shape === shape && of.size === size,
  )
  const beside = objects === undefined ? '–' : grouped(secondOf(objects))
  const first = median(figures.rounds.map(({ firstPerSecond }) => firstPerSecond))
  const detail = `the first of its process: ${grouped(first)}/s; into mere objects: ${beside}/s`
  return [
    perSecond(`${replayName(figures)}, replay`, secondOf(figures), PER_SECOND_OF_REPLAY, detail),
  ]
}

function secondOf({ rounds }: ReplayFigures): number {
  return median(rounds.map(({ secondPerSecond }) => secondPerSecond))
}

/** "ministate immutable, compact" */
export function openingName({ of: { engine, pretty } }: OpeningFigures): string {
  return `ministate ${engine}${pretty ? '' : ', pretty: false'}`
}

/** How many times one JSON.parse an opening takes, besides its 0.1 s: the middle round. */
export function openingRatio({ rounds }: OpeningFigures): number {
  return median(rounds.map(({ openMs, parseMs }) => (openMs - OPEN_EXTRA_MS) / parseMs))
}

function openingTarget(figures: OpeningFigures): Target {
  const value = openingRatio(figures)
  const openMs = median(figures.rounds.map((round) => round.openMs))
  const parseMs = median(figures.rounds.map((round) => round.parseMs))
  return {
    name: `${openingName(figures)}: (open − 0.1 s) ÷ JSON.parse`,
    reach: `≤ ${OPEN_RATIO}`,
    value,
    measured: value.toFixed(2),
    isReached: value <= OPEN_RATIO,
    detail: `${grouped(openMs)} ms beside ${grouped(parseMs)} ms`,
  }
}

function readingTarget(figures: ReadingFigures): Target {
  const { bytesPerRead, collections, controlBytesPerRead, reads } = figures
  return {
    name: 'reading state, bytes on the heap',
    reach: '0',
    value: bytesPerRead,
    measured: bytesPerRead.toFixed(3),
    isReached: bytesPerRead === 0 && collections === 0,
    detail: `${collections} collections in ${grouped(reads)} reads; a loop that makes an object: ${controlBytesPerRead.toFixed(1)} a read`,
  }
}
