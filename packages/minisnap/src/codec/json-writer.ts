import {
  MAX_DEPTH,
  STATE_ROOT,
  describeObject,
  kindOf,
  memberPath,
  notSerializable,
} from './state-values.js'

/** A piece is yielded when it has so many characters. */
const PIECE_CHARACTERS = 64 * 1024

/** Keys whose text is remembered: those of records, not those of large dictionaries. */
const KNOWN_KEYS = 4096

/** Quotes, backslashes and control characters; surrogates have to be looked at. */
const NEEDS_ESCAPE = /["\\\p{Cc}\p{Cs}]/u

/** How JSON is written. */
export interface JsonStyle {
  /** Over many lines, as `JSON.stringify(value, null, 2)`. */
  readonly pretty: boolean
  /** With `{"$type":…}` for what JSON does not know. */
  readonly tagged: boolean
  /** How deep the value stands in a larger text, for its indentation. */
  readonly outerDepth: number
  /** How the paths in errors begin. */
  readonly root: string
}

/** What waits to be written inside an array or object that was begun. */
interface Frame {
  readonly close: '}' | ']'
  /** Moves to the next child; false at the end. */
  next(): boolean
  /** The text in front of the current child's value. */
  readonly keyText: string
  /** The current child. */
  readonly value: unknown
  /** Where the current child is, as a part of a path. */
  readonly pathPart: string
}

/**
 * The JSON text of a value in pieces, between which the event loop may get its turn. Refuses what would
 * not come back as it was; `-0` does, written as such. Large arrays, Maps and Sets are walked, not copied.
 *
 * @throws {@link MiniSnapError} `STATE_NOT_SERIALIZABLE` with the path inside the value
 */
export function* writeJson(state: unknown, style: Partial<JsonStyle> = {}): Generator<string> {
  const plain = { pretty: false, tagged: false, outerDepth: 0, root: STATE_ROOT }
  const writer = new JsonWriter({ ...plain, ...style })
  writer.begin(state)
  while (writer.step()) yield writer.take()
  yield writer.take()
}

class JsonWriter {
  readonly #style: JsonStyle
  readonly #frames: Frame[] = []
  readonly #keyTexts = new Map<string, string>()
  #text = ''
  // Whether the innermost frame has written a child.
  #hasChild = false

  constructor(style: JsonStyle) {
    this.#style = style
  }

  begin(state: unknown): void {
    this.#write(state)
  }

  /** The text since the last call. */
  take(): string {
    const text = this.#text
    this.#text = ''
    return text
  }

  /** Writes until a piece is full, or all is written: then false. */
  step(): boolean {
    for (let frame = this.#frames.at(-1); frame !== undefined; frame = this.#frames.at(-1)) {
      if (this.#text.length >= PIECE_CHARACTERS) return true
      if (!frame.next()) {
        this.#end(frame)
        continue
      }
      if (this.#hasChild) this.#text += ','
      if (this.#style.pretty) this.#text += indentOf(this.#style.outerDepth + this.#frames.length)
      this.#hasChild = true
      this.#text += frame.keyText
      this.#write(frame.value)
    }
    return false
  }

  #end({ close }: Frame): void {
    this.#frames.pop()
    if (this.#style.pretty && this.#hasChild)
      this.#text += indentOf(this.#style.outerDepth + this.#frames.length)
    this.#hasChild = true // of the frame around it, this one is a child
    this.#text += close
  }

  #write(value: unknown): void {
    switch (typeof value) {
      case 'string':
        this.#text += this.#stringText(value)
        return
      case 'number':
        if (!Number.isFinite(value)) throw this.#fault(String(value))
        this.#text += Object.is(value, -0) ? '-0' : String(value)
        return
      case 'boolean':
        this.#text += value ? 'true' : 'false'
        return
      case 'object':
        if (value === null) this.#text += 'null'
        else this.#writeObject(value)
        return
      case 'bigint':
        if (!this.#style.tagged) throw this.#fault('a bigint', true)
        return this.#begin(this.#tag('bigint', String(value)))
      case 'undefined':
        throw this.#fault(value === undefined && this.#isHole() ? 'a hole' : 'undefined')
      case 'symbol':
      case 'function':
        throw this.#fault(`a ${typeof value}`)
    }
  }

  #writeObject(value: object): void {
    if (this.#frames.length >= MAX_DEPTH) {
      throw this.#fault(`nesting deeper than ${MAX_DEPTH}, or a cycle,`)
    }
    const kind = kindOf(value)
    if (kind === 'array') return this.#begin(new ArrayFrame(value as readonly unknown[]))
    if (value instanceof LazyArray) return this.#begin(new LazyFrame(value.items))
    if (kind === 'object') return this.#writePlain(value as Readonly<Record<string, unknown>>)
    if (kind === undefined) throw this.#fault(describeObject(value))
    if (!this.#style.tagged) throw this.#fault(`a ${kind}`, true)
    this.#begin(this.#tag(kind, this.#untyped(value)))
  }

  #writePlain(value: Readonly<Record<string, unknown>>): void {
    if (Object.getOwnPropertySymbols(value).length > 0) throw this.#fault('a symbol as a key')
    const isAmbiguous =
      this.#style.tagged && (Object.hasOwn(value, '$type') || Object.hasOwn(value, '__proto__'))
    if (isAmbiguous) this.#begin(this.#tag('Object', new LazyArray(entriesOf(value))))
    else this.#begin(new ObjectFrame(value, this.#keyText))
  }

  /** What stands in a tag for a value of one of its kinds. */
  #untyped(value: object): unknown {
    if (value instanceof Map) return new LazyArray(value.entries())
    if (value instanceof Set) return new LazyArray(value.values())
    if (value instanceof Date) {
      if (Number.isNaN(value.getTime())) throw this.#fault('an invalid Date')
      return value.toISOString()
    }
    const { buffer, byteOffset, byteLength } = value as Uint8Array
    return Buffer.from(buffer, byteOffset, byteLength).toString('base64')
  }

  #tag(type: string, value: unknown): Frame {
    if (this.#frames.length >= MAX_DEPTH) throw this.#fault(`nesting deeper than ${MAX_DEPTH}`)
    return new ObjectFrame({ $type: type, value }, this.#keyText, true)
  }

  #begin(frame: Frame): void {
    this.#frames.push(frame)
    this.#hasChild = false
    this.#text += frame.close === '}' ? '{' : '['
  }

  readonly #keyText = (key: string): string => {
    const known = this.#keyTexts.get(key)
    if (known !== undefined) return known
    const text = this.#stringText(key) + (this.#style.pretty ? ': ' : ':')
    if (this.#keyTexts.size < KNOWN_KEYS) this.#keyTexts.set(key, text)
    return text
  }

  #stringText(value: string): string {
    if (!NEEDS_ESCAPE.test(value)) return `"${value}"`
    if (!value.isWellFormed()) throw this.#fault('a lone surrogate')
    return JSON.stringify(value)
  }

  #isHole(): boolean {
    const frame = this.#frames.at(-1)
    return frame instanceof ArrayFrame && frame.isHole
  }

  #fault(what: string, isTaggable = false): Error {
    const { root } = this.#style
    const path = root + this.#frames.map((frame) => frame.pathPart).join('')
    // Notes are never tagged, whatever the codec.
    const advice =
      isTaggable && root === STATE_ROOT
        ? 'convert it first, or pass codec: json({ tagged: true })'
        : 'convert it first'
    return notSerializable(what, path, advice)
  }
}

/** Items that are made one by one, instead of a large array. */
class LazyArray {
  readonly items: Iterator<unknown>

  constructor(items: Iterator<unknown>) {
    this.items = items
  }
}

class ArrayFrame implements Frame {
  readonly close = ']'
  readonly keyText = ''
  value: unknown
  readonly #items: readonly unknown[]
  #index = -1

  constructor(items: readonly unknown[]) {
    this.#items = items
  }

  next(): boolean {
    if (++this.#index >= this.#items.length) return false
    this.value = this.#items[this.#index]
    return true
  }

  get isHole(): boolean {
    return !(this.#index in this.#items)
  }

  get pathPart(): string {
    return `[${this.#index}]`
  }
}

class LazyFrame implements Frame {
  readonly close = ']'
  readonly keyText = ''
  value: unknown
  readonly #items: Iterator<unknown>
  #index = -1

  constructor(items: Iterator<unknown>) {
    this.#items = items
  }

  next(): boolean {
    const { done, value } = this.#items.next()
    this.#index++
    this.value = value
    return done !== true
  }

  get pathPart(): string {
    return `(entry ${this.#index})`
  }
}

class ObjectFrame implements Frame {
  readonly close = '}'
  keyText = ''
  value: unknown
  readonly #object: Readonly<Record<string, unknown>>
  readonly #keys: readonly string[]
  readonly #keyTextOf: (key: string) => string
  readonly #isTag: boolean
  #index = -1

  constructor(
    object: Readonly<Record<string, unknown>>,
    keyTextOf: (key: string) => string,
    isTag = false,
  ) {
    this.#object = object
    this.#keys = Object.keys(object)
    this.#keyTextOf = keyTextOf
    this.#isTag = isTag
  }

  next(): boolean {
    const key = this.#keys[++this.#index]
    if (key === undefined) return false
    this.value = this.#object[key]
    this.keyText = this.#keyTextOf(key)
    return true
  }

  get pathPart(): string {
    // A tag is ours: the state has the value in its place.
    return this.#isTag ? '' : memberPath(this.#keys[this.#index] ?? '')
  }
}

function* entriesOf(object: Readonly<Record<string, unknown>>): Generator<[string, unknown]> {
  for (const key of Object.keys(object)) yield [key, object[key]]
}

const INDENTS: string[] = []

function indentOf(depth: number): string {
  return (INDENTS[depth] ??= `\n${'  '.repeat(depth)}`)
}
