import { MiniStore } from '@mini-rs/ministore'
import { idOf } from '../job.js'
import { entriesIn } from '../records/history.js'
import type { QueueRecord } from '../records/record-types.js'
import { decodeRecord } from '../records/record-decoder.js'
import { journalPath } from '../queue/places.js'
import { describe } from './job.js'
import { coloured, localTime, printJson, printLines, shown, valueText } from './output.js'
import { bodyOf, recordsOf, requireQueues } from './reading.js'
import type { CommonOptions } from './summary.js'

/** Options of `tail`. */
export interface TailOptions extends CommonOptions {
  readonly lines: number
  readonly follow?: boolean
  readonly queue?: string
}

interface Named {
  readonly queue: string
  readonly id: string
}

/** Prints what happened last, and with `follow` what comes. */
export async function tail(directory: string, options: TailOptions): Promise<void> {
  await requireQueues(directory)
  const names = new Map<number, Named>()
  let last: { readonly seq: number; readonly record: QueueRecord }[] = []
  let lastSeq = 0
  for await (const one of recordsOf(directory)) {
    lastSeq = one.seq
    learn(names, one.seq, one.record)
    if (!isMeant(names, one.seq, one.record, options.queue)) continue
    last.push(one)
    if (last.length > 2 * options.lines + 1_000) last = last.slice(-options.lines)
  }
  if (options.lines > 0) {
    for (const { seq, record } of last.slice(-options.lines)) {
      await printRecord(names, seq, record, options)
    }
  }
  if (options.follow !== true) return
  const path = journalPath(directory)
  for await (const event of MiniStore.follow(path, { from: lastSeq + 1 })) {
    if (event.kind !== 'record') continue
    const record = decodeRecord(event.record, event.seq, path)
    learn(names, event.seq, record)
    if (isMeant(names, event.seq, record, options.queue)) {
      await printRecord(names, event.seq, record, options)
    }
  }
}

function learn(names: Map<number, Named>, seq: number, record: QueueRecord): void {
  const body = bodyOf(record)
  if (body === undefined) return
  const of = 'carry' in record ? record.carry.of : 'update' in record ? record.update.of : seq
  names.set(of, { queue: body.queue, id: idOf(of, body.id) })
}

function isMeant(
  names: ReadonlyMap<number, Named>,
  seq: number,
  record: QueueRecord,
  queue: string | undefined,
): boolean {
  if (queue === undefined) return true
  const [fields] = Object.values(record) as { readonly queue?: string }[]
  if (fields?.queue !== undefined) return fields.queue === queue
  return entriesIn(seq, record).some(({ of }) => names.get(of)?.queue === queue)
}

async function printRecord(
  names: ReadonlyMap<number, Named>,
  seq: number,
  record: QueueRecord,
  { json, queue }: TailOptions,
): Promise<void> {
  if (json === true) return printJson({ seq, record })
  const number = coloured('dim', String(seq).padStart(7))
  const entries = entriesIn(seq, record)
  if (entries.length === 0) {
    const [atMs, text] = describeOther(record)
    return printLines([`${number}  ${timeText(atMs)}  ${text}`])
  }
  const lines = entries.flatMap(({ of, entry }) => {
    const job = names.get(of)
    if (queue !== undefined && job?.queue !== queue) return []
    const [atMs, what, more] = describe(entry)
    const name = `${coloured('dim', shown(job?.queue ?? '?'))} ${coloured('bold', shown(job?.id ?? `@${of}`))}`
    return [`${number}  ${timeText(atMs)}  ${name}  ${what}  ${more}`.trimEnd()]
  })
  return printLines(lines)
}

function timeText(atMs: number | undefined): string {
  return coloured('dim', (atMs === undefined ? '' : localTime(atMs)).padEnd(19))
}

function describeOther(record: QueueRecord): [number | undefined, string] {
  if ('pause' in record) return [record.pause.atMs, `${shown(record.pause.queue)}  paused`]
  if ('resume' in record) return [record.resume.atMs, `${shown(record.resume.queue)}  resumed`]
  if ('purge' in record) {
    const { queue, states, atMs } = record.purge
    return [atMs, `${shown(queue)}  purged: ${states.join(', ')}`]
  }
  if ('schedule' in record) {
    const { id, queue, atMs, removed, paused, cron, everyMs, tz } = record.schedule
    const when = cron === undefined ? `every ${everyMs ?? '?'} ms` : `${cron} ${tz ?? ''}`
    const what = removed === true ? 'removed' : paused === true ? 'paused' : when.trim()
    return [atMs, `${shown(queue)}  schedule ${coloured('bold', shown(id))}  ${shown(what)}`]
  }
  if ('tick' in record) {
    const { schedule, dueMs, atMs } = record.tick
    return [atMs, `schedule ${coloured('bold', shown(schedule))}  passed over ${localTime(dueMs)}`]
  }
  if ('release' in record) return [record.release.atMs, coloured('dim', 'closed')]
  if ('put' in record) {
    return [
      undefined,
      `value ${coloured('bold', shown(record.put.key))}  ${valueText(record.put.value, 200)}`,
    ]
  }
  return [undefined, coloured('dim', Object.keys(record).join())]
}
