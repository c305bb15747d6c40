import {
  MAX_DEPTH,
  STATE_ROOT,
  describeObject,
  kindOf,
  memberPath,
  notSerializable,
} from './state-values.js'

/**
 * Whether a binary codec gives a state, or notes, back as they were. `root`: how paths in errors begin.
 *
 * @throws {@link MiniSnapError} `STATE_NOT_SERIALIZABLE` with the path inside the state
 */
export function assertCarried(value: unknown, root: string = STATE_ROOT): void {
  check(value, [root])
}

function check(value: unknown, path: string[]): void {
  switch (typeof value) {
    case 'number':
      if (!Number.isFinite(value)) throw fault(String(value), path)
      return
    case 'string':
      if (!value.isWellFormed()) throw fault('a lone surrogate', path)
      // The decoder of longer texts takes it away.
      if (value.startsWith('\ufeff')) throw fault('a text that begins with a byte order mark', path)
      return
    case 'object':
      if (value !== null) checkObject(value, path)
      return
    case 'boolean':
    case 'bigint':
      return
    case 'undefined':
      throw fault('undefined', path)
    case 'symbol':
    case 'function':
      throw fault(`a ${typeof value}`, path)
  }
}

function checkObject(value: object, path: string[]): void {
  if (path.length > MAX_DEPTH) throw fault(`nesting deeper than ${MAX_DEPTH}, or a cycle,`, path)
  switch (kindOf(value)) {
    case 'array':
      return checkArray(value as readonly unknown[], path)
    case 'object':
      return checkPlain(value as Readonly<Record<string, unknown>>, path)
    case 'Map':
      return checkItems([...(value as ReadonlyMap<unknown, unknown>)].flat(1), path)
    case 'Set':
      return checkItems(value as ReadonlySet<unknown>, path)
    case 'Date':
      if (Number.isNaN((value as Date).getTime())) throw fault('an invalid Date', path)
      return
    case 'Uint8Array':
      return
    case undefined:
      throw fault(describeObject(value), path)
  }
}

function checkArray(items: readonly unknown[], path: string[]): void {
  for (let index = 0; index < items.length; index++) {
    if (!(index in items)) throw fault('a hole', [...path, `[${index}]`])
    checkMember(items[index], path, `[${index}]`)
  }
}

function checkPlain(object: Readonly<Record<string, unknown>>, path: string[]): void {
  if (Object.getOwnPropertySymbols(object).length > 0) throw fault('a symbol as a key', path)
  // What has another constructor msgpackr takes for an instance, and calls this.
  if (object['constructor'] !== Object && Boolean(object['toJSON'])) {
    throw fault('a key called toJSON where the constructor is not Object', path)
  }
  for (const key of Object.keys(object)) {
    // msgpackr renames the one, and keeps notes of its own under the other.
    if (key === '__proto__' || key === '__keys__') throw fault(`a key called ${key}`, path)
    if (!key.isWellFormed()) throw fault('a lone surrogate in a key', path)
    checkMember(object[key], path, memberPath(key))
  }
}

function checkItems(items: Iterable<unknown>, path: string[]): void {
  let index = 0
  for (const item of items) checkMember(item, path, `(entry ${index++})`)
}

function checkMember(value: unknown, path: string[], part: string): void {
  path.push(part)
  check(value, path)
  path.pop()
}

function fault(what: string, path: readonly string[]): Error {
  return notSerializable(what, path.join(''), 'convert it first')
}
