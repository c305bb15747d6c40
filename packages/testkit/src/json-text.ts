import { LogError } from './log-error.js'

/** A record as JSON. @throws {@link LogError} `RECORD_NOT_SERIALIZABLE` for what JSON would drop or change */
export function recordText(record: unknown): string {
  try {
    const text: string | undefined = JSON.stringify(record, function (this: unknown, key, value) {
      assertJson(value, key !== '' && !Array.isArray(this))
      return value as unknown
    })
    if (text !== undefined) return text
  } catch (error) {
    throw new LogError('RECORD_NOT_SERIALIZABLE', 'JSON cannot carry this record', {
      outcome: 'absent',
      cause: error,
    })
  }
  throw new LogError('RECORD_NOT_SERIALIZABLE', 'there is no record', { outcome: 'absent' })
}

function assertJson(value: unknown, isProperty: boolean): void {
  const isCarried =
    value === undefined
      ? isProperty
      : ['string', 'boolean', 'object'].includes(typeof value) || Number.isFinite(value)
  const isPlain =
    typeof value !== 'object' ||
    value === null ||
    Array.isArray(value) ||
    Object.prototype.toString.call(value) === '[object Object]'
  if (!isCarried || !isPlain) throw new TypeError(`JSON cannot carry ${String(value)}`)
}
