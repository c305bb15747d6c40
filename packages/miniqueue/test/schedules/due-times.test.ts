import { describe, expect, it } from 'vitest'
import { dueTimesOf } from '../../src/schedules/due-times.js'

const at = (text: string): number => Date.parse(text)

function next(cron: string, tz: string, from: string, count: number): string[] {
  const times = dueTimesOf({ cron, tz, atMs: 0 })
  const found: string[] = []
  for (let ms = at(from); found.length < count;) {
    ms = times.after(ms) ?? Number.NaN
    found.push(new Date(ms).toISOString().slice(0, 19))
  }
  return found
}

describe('a local time that the clocks skip in spring', () => {
  it.each([
    ['30 2 * * *', ['2026-03-28T01:30:00', '2026-03-29T01:00:00', '2026-03-30T00:30:00']],
    ['15,45 2 * * *', ['2026-03-28T01:15:00', '2026-03-28T01:45:00', '2026-03-29T01:00:00']],
  ])('is due once, at the end of the gap: %s', (cron, expected) => {
    expect(next(cron, 'Europe/Berlin', '2026-03-28T00:00:00Z', 3)).toEqual(expected)
  })

  it('does not matter to what is due every so many minutes', () => {
    expect(next('*/30 * * * *', 'Europe/Berlin', '2026-03-29T00:15:00Z', 3)).toEqual([
      '2026-03-29T00:30:00',
      '2026-03-29T01:00:00',
      '2026-03-29T01:30:00',
    ])
  })
})

it('a local time that the clocks repeat in autumn is due once', () => {
  expect(next('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2)).toEqual([
    '2026-10-25T00:30:00',
    '2026-10-26T01:30:00',
  ])
})

it('an hourly time is due every hour, also in the hour that is repeated', () => {
  expect(next('30 * * * *', 'Europe/Berlin', '2026-10-24T23:00:00Z', 4)).toEqual([
    '2026-10-24T23:30:00',
    '2026-10-25T00:30:00',
    '2026-10-25T01:30:00',
    '2026-10-25T02:30:00',
  ])
})

it('every so long is counted from its beginning', () => {
  const times = dueTimesOf({ everyMs: 1_000, atMs: 300 })
  expect([times.after(0), times.after(1_300), times.after(1_299)]).toEqual([1_300, 2_300, 1_300])
  expect(times.between(1_300, 5_300, 2)).toEqual({ count: 4, newest: [4_300, 5_300] })
  expect(times.between(1_300, 1_301, 2)).toEqual({ count: 0, newest: [] })
})

it('of very many times the newest are found, with the last one at the very end', () => {
  const times = dueTimesOf({ cron: '* * * * *', tz: 'UTC', atMs: 0 })
  const untilMs = at('2026-01-02T00:00:00Z')
  const { count, newest } = times.between(at('2026-01-01T00:00:00Z'), untilMs, 10)
  expect(count).toBe(11)
  expect(newest.map((ms) => (untilMs - ms) / 60_000)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0])
  const few = times.between(at('2026-01-01T23:55:00Z'), untilMs, 10)
  expect(few).toEqual({ count: 5, newest: newest.slice(5) })
})
