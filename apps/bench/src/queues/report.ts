import { grouped, median, medianRatio } from '../measure.js'
import type { AgedFigures } from './aged.js'
import type { Floors, RateFigures } from './rates.js'
import { MEASURES } from './subject.js'
import { type QueueFigures, type RateKey, floorRates, latencyInSyncs, targets } from './targets.js'

/** Everything as tables of Markdown; `leftOut` says what is missing and why. */
export function asTables(figures: QueueFigures, leftOut: readonly string[]): string {
  const { rates, floors, aged } = figures
  const sections = [
    ...(rates.length === 0 || floors === undefined
      ? []
      : [rateTable(rates, floors), latencyTable(rates, floors), syncTable(rates)]),
    ...(aged === undefined ? [] : [agedTable(aged)]),
    ...(rates.length === 0 ? [] : [targetTable(figures)]),
    ...leftOut.map((line) => `Left out: ${line}`),
  ]
  return sections.join('\n\n')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, head.map(() => '---'), ...rows]
  return all.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

const RATES = MEASURES.filter(({ key }) => key !== 'latency')

function rateTable(rates: readonly RateFigures[], floors: Floors): string {
  const floor = RATES.flatMap(({ key }) => [grouped(median(floorRates(floors, key))), '1'])
  const rows = rates.map(({ subject, perSecond }) => [
    subject.name,
    subject.how,
    ...RATES.flatMap(({ key }) => {
      const own = perSecond[key as RateKey]
      if (own.length === 0) return ['–', '–']
      const ratio = medianRatio(own, floorRates(floors, key))
      return [grouped(median(own)), ratio.toFixed(2)]
    }),
  ])
  const head = ['jobs per second', 'by', ...RATES.flatMap(({ title }) => [title, '÷ floor'])]
  return table(head, [['write + fdatasync', 'writeSync + fdatasyncSync', ...floor], ...rows])
}

function latencyTable(rates: readonly RateFigures[], floors: Floors): string {
  const floorMs = median(floors.latency.map(({ p50Ms }) => p50Ms))
  const rows = rates.map((figures) => {
    const ms = (percentile: 'p50Ms' | 'p99Ms'): string =>
      milliseconds(median(figures.latency.map((round) => round[percentile])))
    const inSyncs = (percentile: 'p50Ms' | 'p99Ms'): string =>
      median(latencyInSyncs(figures, floors, percentile)).toFixed(2)
    return [
      figures.subject.name,
      ms('p50Ms'),
      ms('p99Ms'),
      inSyncs('p50Ms'),
      inSyncs('p99Ms'),
      grouped(figures.latency.reduce((sum, { samples }) => sum + samples, 0)),
    ]
  })
  const head = ['from enqueue to handler', 'p50 ms', 'p99 ms', 'p50 in syncs', 'p99 in syncs']
  const floorRow = ['write + fdatasync, as rested', milliseconds(floorMs), '', '1', '', '']
  return table([...head, 'samples'], [floorRow, ...rows])
}

function milliseconds(value: number): string {
  return value < 10 ? value.toFixed(2) : grouped(value)
}

function syncTable(rates: readonly RateFigures[]): string {
  const rows = rates.map(({ subject, syncs, jobsChecked }) => {
    const counted =
      syncs === undefined
        ? ['–', '–', 'not counted']
        : [
            `${syncs.enqueueSyncs} for ${syncs.jobs}`,
            `${syncs.drainSyncs} for ${syncs.jobs}`,
            syncs.enqueueSyncs >= syncs.jobs && syncs.drainSyncs >= syncs.jobs ? 'yes' : 'no',
          ]
    return [subject.name, ...counted, grouped(jobsChecked)]
  })
  const head = ['syncs counted', 'enqueue, one by one', 'drain, one by one', 'durable']
  return table([...head, 'jobs delivered exactly once'], rows)
}

function agedTable({ jobs, openMs, residentBytes, diskBytes, rounds }: AgedFigures): string {
  const rows = [
    agedRow('enqueue, 200 callers', 'enqueue'),
    agedRow('drain, concurrency 100', 'drain'),
  ]
  function agedRow(name: string, key: 'enqueue' | 'drain'): string[] {
    const aged = rounds.map((round) => round.aged[key])
    const fresh = rounds.map((round) => round.fresh[key])
    return [
      name,
      grouped(median(fresh)),
      grouped(median(aged)),
      medianRatio(aged, fresh).toFixed(2),
    ]
  }
  const head = ['jobs per second', 'a new store', 'an aged store', 'aged ÷ new']
  const note = `The aged store has ${grouped(jobs)} completed jobs that are kept, ${grouped(jobs)} that wait and one that is delayed by a year: ${(diskBytes / 1e6).toFixed(0)} MB on the disk, opened in ${(openMs / 1000).toFixed(2)} s, ${(residentBytes / 1e6).toFixed(0)} MB of memory for the whole process.`
  return `${table(head, rows)}\n\n${note}`
}

function targetTable(figures: QueueFigures): string {
  const rows = targets(figures).map(({ name, reach, measured, isReached, detail }) => {
    return [name, reach, measured, isReached ? 'reached' : 'missed', detail]
  })
  return table(['target', 'reach', 'measured', '', 'detail'], rows)
}
