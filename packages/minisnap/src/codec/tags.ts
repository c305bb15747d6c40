/** Turns the tags of a parsed tree into what they stand for, in place where that is possible. @throws Error for a tag that is none of ours */
export function reviveTags(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index]
      if (typeof item === 'object' && item !== null) value[index] = reviveTags(item)
    }
    return value
  }
  const object = value as Record<string, unknown>
  if (Object.hasOwn(object, '$type')) return reviveTag(object['$type'], object['value'])
  for (const key of Object.keys(object)) {
    const member = object[key]
    if (typeof member !== 'object' || member === null) continue
    const revived = reviveTags(member)
    if (revived !== member) object[key] = revived
  }
  return object
}

function reviveTag(type: unknown, value: unknown): unknown {
  switch (type) {
    case 'Map':
      return new Map(pairsOf(type, value))
    case 'Set':
      return new Set(reviveTags(arrayOf(type, value)) as unknown[])
    case 'Date':
      return dateOf(textOf(type, value))
    case 'bigint':
      return bigintOf(textOf(type, value))
    case 'Uint8Array':
      return Uint8Array.from(Buffer.from(textOf(type, value), 'base64'))
    case 'Object':
      return objectOf(pairsOf(type, value))
    default:
      throw new Error(`its state has a tag of the type ${JSON.stringify(type)}`)
  }
}

function* pairsOf(type: string, value: unknown): Generator<[unknown, unknown]> {
  for (const pair of arrayOf(type, value)) {
    if (!Array.isArray(pair) || pair.length !== 2) throw malformed(type)
    yield [reviveTags(pair[0]), reviveTags(pair[1])]
  }
}

function objectOf(pairs: Iterable<[unknown, unknown]>): unknown {
  const object = {}
  for (const [key, value] of pairs) {
    if (typeof key !== 'string') throw malformed('Object')
    // Not an assignment: `__proto__` is a key like any other.
    Object.defineProperty(object, key, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    })
  }
  return object
}

function dateOf(text: string): Date {
  const date = new Date(text)
  if (Number.isNaN(date.getTime())) throw malformed('Date')
  return date
}

function bigintOf(text: string): bigint {
  if (!/^-?\d+$/.test(text)) throw malformed('bigint')
  return BigInt(text)
}

function arrayOf(type: string, value: unknown): unknown[] {
  if (!Array.isArray(value)) throw malformed(type)
  return value
}

function textOf(type: string, value: unknown): string {
  if (typeof value !== 'string') throw malformed(type)
  return value
}

function malformed(type: string): Error {
  return new Error(`its state has a malformed tag of the type ${type}`)
}
