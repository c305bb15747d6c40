// Times in words, for people.

const UNITS: readonly (readonly [ms: number, name: string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
]

/** `2 d 3 h`, `4 min 5 s`, `1.5 s`, `12 ms`. */
export function lengthInWords(ms: number): string {
  const whole = Math.max(0, Math.round(ms))
  if (whole < 1_000) return `${whole} ms`
  if (whole < 10_000) return `${Number((whole / 1_000).toFixed(1))} s`
  const first = UNITS.findIndex(([unit]) => whole >= unit)
  const [unitMs, name] = UNITS[first] ?? [1, 'ms']
  const next = UNITS[first + 1]
  const rest = next === undefined ? 0 : Math.floor((whole % unitMs) / next[0])
  const text = `${Math.floor(whole / unitMs)} ${name}`
  return rest === 0 || next === undefined ? text : `${text} ${rest} ${next[1]}`
}

/** A time of the calendar, to the second, in UTC. */
export function timeInWords(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}
