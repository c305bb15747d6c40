import { grouped, median, medianRatio } from '../measure.js'
import type { OpeningFigures } from './opening.js'
import type { RateFigures } from './rates.js'
import type { ReplayFigures } from './replay.js'
import { CALLERS, type Callers, type Subject } from './subject.js'
import {
  type StateFigures,
  openingName,
  openingRatio,
  ratesOf,
  replayName,
  targets,
} from './targets.js'

/** Everything as tables of Markdown; `leftOut` says what is missing and why. */
export function asTables(figures: StateFigures, leftOut: readonly string[]): string {
  const { rates, replays, openings } = figures
  const sections = [
    ...(rates.length === 0 ? [] : [rateTable(rates), latencyTable(rates), syncTable(rates)]),
    ...(replays.length === 0 ? [] : [replayTable(replays)]),
    ...(openings.length === 0 ? [] : [openingTable(openings)]),
    targetTable(figures),
    ...leftOut.map((line) => `Left out: ${line}`),
  ]
  return sections.join('\n\n')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, head.map(() => '---'), ...rows]
  return all.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function rateTable(rates: readonly RateFigures[]): string {
  const floor = ratesOf(rates, 'write + fdatasync', 1)
  const log = (callers: Callers): readonly number[] => ratesOf(rates, 'ministore', callers)
  const rows = rates.map(({ subject }) => {
    const of = (callers: Callers): readonly number[] => ratesOf(rates, subject.name, callers)
    return [
      subject.name,
      subject.change,
      rate(of(1)),
      ratio(of(1), floor),
      ratio(of(1), log(1)),
      rate(of(64)),
      ratio(of(64), log(64)),
      rate(of(1024)),
      ratio(of(1024), log(1024)),
    ]
  })
  const append = '÷ append'
  const head = ['changes per second', 'by', 'one caller', '÷ floor', append]
  return table([...head, '64 callers', append, '1,024 callers', append], rows)
}

/** A rate below ten keeps a digit: it is that of a state that is written as a whole. */
function rate(rounds: readonly number[]): string {
  if (rounds.length === 0) return '–'
  const value = median(rounds)
  return value < 10 ? value.toFixed(1) : grouped(value)
}

/** Of the rounds that both have: what is slow has fewer. */
function ratio(above: readonly number[], below: readonly number[]): string {
  const both = Math.min(above.length, below.length)
  if (both === 0) return '–'
  const value = medianRatio(above.slice(0, both), below.slice(0, both))
  return value < 0.01 ? value.toFixed(4) : value.toFixed(2)
}

function latencyTable(rates: readonly RateFigures[]): string {
  const rows = rates.map(({ subject, rates: rounds }) => [
    subject.name,
    ...CALLERS.map((callers) => {
      const of = rounds[callers]
      if (of.length === 0) return '–'
      const p50Ms = median(of.map((round) => round.p50Ms))
      const p99Ms = median(of.map((round) => round.p99Ms))
      return `${ms(p50Ms)} / ${ms(p99Ms)}`
    }),
  ])
  return table(['latency, p50 / p99 in ms', 'one caller', '64 callers', '1,024 callers'], rows)
}

function ms(value: number): string {
  return value < 10 ? value.toFixed(2) : grouped(value)
}

function syncTable(rates: readonly RateFigures[]): string {
  const rows = rates.map(({ subject, syncs, changesChecked }) => {
    const [one, many] = syncs
    const counted = (count: typeof one): string =>
      count === undefined ? '–' : `${count.syncs} for ${grouped(count.changes)}`
    const durable = one === undefined ? 'not counted' : durability(subject, one.syncs, one.changes)
    return [subject.name, counted(one), counted(many), durable, grouped(changesChecked)]
  })
  return table(
    ['syncs counted', 'one caller', '64 callers', 'durable', 'changes found again'],
    rows,
  )
}

/** Whether every change of a lone caller had a sync of its own; a new file's name needs one too. */
function durability(subject: Subject, syncs: number, changes: number): string {
  if (syncs < changes) return 'no'
  return subject.replacesFile === true && syncs < 2 * changes ? 'the content, not the name' : 'yes'
}

function replayTable(replays: readonly ReplayFigures[]): string {
  const rows = replays.map((figures) => [
    replayName(figures),
    grouped(median(figures.rounds.map(({ firstPerSecond }) => firstPerSecond))),
    grouped(median(figures.rounds.map(({ secondPerSecond }) => secondPerSecond))),
  ])
  return table(['mutations replayed per second', 'first opening', 'second, same process'], rows)
}

function openingTable(openings: readonly OpeningFigures[]): string {
  const rows = openings.map((figures) => [
    openingName(figures),
    (figures.snapshotBytes / 1e6).toFixed(1),
    grouped(median(figures.rounds.map(({ openMs }) => openMs))),
    grouped(median(figures.rounds.map(({ parseMs }) => parseMs))),
    openingRatio(figures).toFixed(2),
  ])
  const head = ['opening', 'snapshot MB', 'open ms', 'JSON.parse ms']
  return table([...head, '(open − 0.1 s) ÷ JSON.parse'], rows)
}

function targetTable(figures: StateFigures): string {
  const rows = targets(figures).map(({ name, reach, measured, isReached, detail }) => {
    return [name, reach, measured, isReached ? 'reached' : 'missed', detail]
  })
  return table(['target', 'reach', 'measured', '', 'detail'], rows)
}
