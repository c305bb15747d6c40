import { grouped, median, medianRatio } from '../measure.js'
import type { Callers, PeerFigures } from './campaign.js'

/** A figure of a peer: the median of its rounds. */
export function medianOf<T>(rounds: readonly T[], pick: (round: T) => number): number {
  return median(rounds.map(pick))
}

/** What is wanted, and what it came to. */
export interface Target {
  readonly name: string
  readonly value: number
  /** A ratio is wanted to be at least `reach`, milliseconds at most. */
  readonly unit: 'ratio' | 'ms'
  readonly reach: number
  readonly isReached: boolean
  /** What was compared, for a person. */
  readonly detail: string
}

/** What we want of ours, beside the others of the same run; peers that are missing are left out. */
export function targets(figures: readonly PeerFigures[]): Target[] {
  const find = (name: string): PeerFigures | undefined =>
    figures.find(({ peer }) => peer.name === name)
  const appends = (name: string, callers: Callers, than: string, reach: number): Target[] =>
    compared(
      `${name}, ${callersText(callers)} ÷ ${than}`,
      find(name)?.appends[callers].map(({ perSecond }) => perSecond),
      find(than)?.appends[callers].map(({ perSecond }) => perSecond),
      reach,
    )
  const reads = (than: string, reach: number): Target[] =>
    compared(
      `ministore, replay ÷ ${than}`,
      find('ministore')?.reads.map(({ perSecond }) => perSecond),
      find(than)?.reads.map(({ perSecond }) => perSecond),
      reach,
    )
  return [
    ...appends('ministore', 1, 'write + fdatasync', 0.65),
    ...appends('ministore inline', 1, 'write + fdatasync', 0.85),
    ...appends('ministore', 64, 'lmdb', 1.5),
    ...appends('ministore', 64, 'better-sqlite3', 10),
    ...appends('ministore', 64, 'classic-level', 10),
    ...appends('ministore', 64, 'fs.appendFile', 10),
    ...appends('ministore', 64, 'lowdb', 10),
    ...appends('ministore', 1024, 'lmdb', 1.3),
    ...reads('lmdb', 1.3),
    ...reads('readline', 2),
    ...loopDelay(find('ministore')),
  ]
}

/** "one caller" or "64 callers" */
export function callersText(callers: number): string {
  return callers === 1 ? 'one caller' : `${grouped(callers)} callers`
}

function compared(
  name: string,
  ours: readonly number[] = [],
  theirs: readonly number[] = [],
  reach: number,
): Target[] {
  if (ours.length === 0 || theirs.length === 0) return []
  const detail = `${grouped(median(ours))}/s beside ${grouped(median(theirs))}/s`
  const value = medianRatio(ours, theirs)
  return [{ name, value, unit: 'ratio', reach, isReached: value >= reach, detail }]
}

function loopDelay(ours: PeerFigures | undefined): Target[] {
  if (ours === undefined) return []
  const rounds = ours.appends[1024]
  const longest = medianOf(rounds, ({ loopMaxMs }) => loopMaxMs)
  const value = medianOf(rounds, ({ loopP99Ms }) => loopP99Ms)
  const reach = 20
  return [
    {
      name: 'ministore, event loop delay at 1,024 callers, p99',
      value,
      unit: 'ms',
      reach,
      isReached: value <= reach,
      detail: `longest ${longest.toFixed(1)} ms`,
    },
  ]
}
