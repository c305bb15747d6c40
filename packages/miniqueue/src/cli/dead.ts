import type { DeadOptions } from './writing.js'
import {
  coloured,
  counted,
  cut,
  localTime,
  printJson,
  printLines,
  shown,
  table,
  valueText,
} from './output.js'
import { findQueue, readBody, readId, readQueues } from './reading.js'

const DEFAULT_LIMIT = 20

/** Prints the dead letters of a queue. */
export async function listDead(
  directory: string,
  name: string,
  { json, limit = DEFAULT_LIMIT, reason, error }: DeadOptions,
): Promise<void> {
  const view = await readQueues(directory)
  const queue = findQueue(view.ledger, name)
  const { table: jobs } = view.ledger.jobs
  const slots = [...queue.ended.dead].filter((slot) => {
    const extra = jobs.extra(slot)
    const text = extra?.error && `${extra.error.name}: ${extra.error.message}`
    if (reason !== undefined && extra?.reason !== reason) return false
    return error === undefined || text?.includes(error) === true
  })
  const letters = []
  for (const slot of slots.slice(0, limit)) {
    const { reason: why, error: last } = jobs.extra(slot) ?? {}
    const stored = await readBody(view, slot)
    const data: unknown = stored === undefined ? undefined : JSON.parse(stored.dataText)
    const seq = jobs.seq(slot)
    const state = { deliveries: jobs.attempt(slot), diedAtMs: jobs.dueMs(slot) }
    letters.push({ id: await readId(view, seq), seq, reason: why, error: last, ...state, data })
  }
  if (json === true) return printJson(letters)
  const rows = letters.map(({ id, reason: why = '', error: last, deliveries, diedAtMs, data }) => [
    coloured('bold', shown(id)),
    coloured('dim', localTime(diedAtMs)),
    String(deliveries),
    coloured('red', why),
    last === undefined ? '' : cut(shown(`${last.name}: ${last.message}`), 60),
    valueText(data, 60),
  ])
  const heads = ['job', 'died', 'deliveries', 'why', 'last error', 'data'].map((head) =>
    coloured('dim', head),
  )
  await printLines([
    `${coloured('bold', shown(name))}: ${counted(slots.length, 'dead letter')}`,
    ...(rows.length === 0 ? [] : table([heads, ...rows], [2]).map((line) => `  ${line.trimEnd()}`)),
    ...(slots.length > letters.length
      ? [`  … and ${counted(slots.length - letters.length, 'other')}; --limit shows more`]
      : []),
  ])
}
