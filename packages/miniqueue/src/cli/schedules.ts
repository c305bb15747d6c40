import { dueTimesOf } from '../schedules/due-times.js'
import { lengthInWords } from '../queue/words.js'
import { coloured, fitted, localTime, printJson, printLines, shown, table } from './output.js'
import { readQueues } from './reading.js'
import type { CommonOptions } from './summary.js'

/** Prints the schedules of all queues. */
export async function schedules(directory: string, options: CommonOptions): Promise<void> {
  const { ledger, nowMs } = await readQueues(directory)
  const states = ledger.schedules.all().map(({ definition, lastDueMs }) => {
    const { id, queue, cron, everyMs, tz, missed, overlap, data, atMs } = definition
    const isPaused = definition.paused === true
    const next = dueTimesOf(definition).after(Math.max(atMs, lastDueMs ?? 0))
    const nextMs = isPaused ? undefined : next
    return {
      id,
      queue,
      cron,
      everyMs,
      tz,
      missed,
      overlap,
      data,
      isPaused,
      nextMs,
      lastMs: lastDueMs,
    }
  })
  if (options.json === true) return printJson(states)
  if (states.length === 0) return printLines(['There are no schedules.'])
  const heads = ['schedule', 'queue', 'when', 'next', 'last'].map((head) => coloured('dim', head))
  const rows = states.map(({ id, queue, cron, everyMs, tz, isPaused, nextMs, lastMs }) => [
    coloured('bold', shown(id)),
    shown(queue),
    cron === undefined ? `every ${lengthInWords(everyMs ?? 0)}` : shown(`${cron} ${tz ?? 'UTC'}`),
    isPaused ? coloured('yellow', 'paused') : nextText(nextMs, nowMs),
    lastMs === undefined ? coloured('dim', '–') : localTime(lastMs),
  ])
  await printLines(fitted(table([heads, ...rows], [])))
}

function nextText(nextMs: number | undefined, nowMs: number): string {
  if (nextMs === undefined) return coloured('dim', '–')
  const leftMs = nextMs - nowMs
  const when = leftMs > 0 ? `in ${lengthInWords(leftMs)}` : coloured('yellow', 'overdue')
  return `${localTime(nextMs)}, ${when}`
}
