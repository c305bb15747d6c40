/** Larger texts are parsed in parts: V8 has no string of more than about 512 Mi characters. */
const PART_BYTES = 500 * 1024 * 1024

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a

/** One array or object that is parsed in parts. */
interface Container {
  readonly open: '[' | '{'
  readonly close: ']' | '}'
  readonly value: unknown[] | Record<string, unknown>
}

/**
 * What `JSON.parse` makes of the text in `bytes`, also of one that is too long for a string.
 *
 * @throws SyntaxError
 */
export function readJson(bytes: Uint8Array, partBytes: number = PART_BYTES): unknown {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return new PartReader(text, partBytes).read(0, text.length)
}

class PartReader {
  readonly #text: Buffer
  readonly #partBytes: number

  constructor(text: Buffer, partBytes: number) {
    this.#text = text
    this.#partBytes = partBytes
  }

  read(start: number, end: number): unknown {
    if (end - start <= this.#partBytes) return this.#parse('', start, end, '')
    const at = this.#skipBlanks(start, end)
    if (this.#text[at] === 0x5b)
      return this.#readContainer({ open: '[', close: ']', value: [] }, at, end)
    if (this.#text[at] === 0x7b)
      return this.#readContainer({ open: '{', close: '}', value: {} }, at, end)
    return this.#parse('', start, end, '')
  }

  /** Neighbours that are small enough are parsed together; a child that is not is read by itself. */
  #readContainer(container: Container, openAt: number, end: number): unknown {
    let runAt = openAt + 1
    let childAt = runAt
    for (;;) {
      const childEnd = this.#endOfChild(childAt, end)
      const isLast = this.#text[childEnd] !== COMMA
      const isBlank = this.#skipBlanks(childAt, childEnd) === childEnd
      // Only a container without children may have nothing where one is expected.
      if (isBlank && !(isLast && childAt === openAt + 1)) throw this.#unexpected(childEnd)
      if (childEnd - childAt > this.#partBytes) {
        if (childAt > runAt) this.#addRun(container, runAt, childAt - 1)
        this.#addChild(container, childAt, childEnd)
        runAt = childEnd + 1
      } else if (childEnd - runAt > this.#partBytes) {
        this.#addRun(container, runAt, childAt - 1)
        runAt = childAt
      }
      if (isLast) {
        if (runAt < childEnd) this.#addRun(container, runAt, childEnd)
        this.#assertEnd(container, childEnd, end)
        return container.value
      }
      childAt = childEnd + 1
    }
  }

  /** Where the comma or bracket behind the child is. */
  #endOfChild(start: number, end: number): number {
    const text = this.#text
    let depth = 0
    for (let at = start; at < end; at++) {
      const byte = text[at]
      if (byte === QUOTE) at = this.#endOfString(at, end)
      else if (byte === COMMA) {
        if (depth === 0) return at
      } else if (byte === 0x5b || byte === 0x7b) depth++
      else if ((byte === 0x5d || byte === 0x7d) && depth-- === 0) return at
    }
    throw this.#unexpected(end)
  }

  /** Where the closing quote of the string is whose opening quote stands at `start`. */
  #endOfString(start: number, end: number): number {
    const text = this.#text
    // Most strings are short, and a call of indexOf costs more than their few bytes.
    for (let at = start + 1; at < end; at++) {
      const byte = text[at]
      if (byte === QUOTE) return at
      if (byte === BACKSLASH) at++
    }
    throw this.#unexpected(end)
  }

  #addRun({ open, close, value }: Container, start: number, end: number): void {
    const run: unknown = this.#parse(open, start, end, close)
    if (Array.isArray(value)) {
      for (const item of run as unknown[]) value.push(item)
      return
    }
    const members = run as Record<string, unknown>
    for (const key of Object.keys(members)) setOwn(value, key, members[key])
  }

  #addChild({ value }: Container, start: number, end: number): void {
    if (Array.isArray(value)) {
      value.push(this.read(start, end))
      return
    }
    const keyAt = this.#skipBlanks(start, end)
    if (this.#text[keyAt] !== QUOTE) throw this.#unexpected(keyAt)
    const keyEnd = this.#endOfString(keyAt, end) + 1
    const colonAt = this.#skipBlanks(keyEnd, end)
    if (this.#text[colonAt] !== COLON) throw this.#unexpected(colonAt)
    const key = this.#parse('', keyAt, keyEnd, '') as string
    setOwn(value, key, this.read(colonAt + 1, end))
  }

  #assertEnd({ close }: Container, closeAt: number, end: number): void {
    if (this.#text[closeAt] !== close.charCodeAt(0)) throw this.#unexpected(closeAt)
    const behind = this.#skipBlanks(closeAt + 1, end)
    if (behind !== end) throw this.#unexpected(behind)
  }

  #skipBlanks(start: number, end: number): number {
    for (let at = start; at < end; at++) {
      const byte = this.#text[at]
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at
    }
    return end
  }

  #parse(open: string, start: number, end: number, close: string): unknown {
    try {
      return JSON.parse(open + this.#text.toString('utf8', start, end) + close)
    } catch (error) {
      if (start === 0 || !(error instanceof SyntaxError)) throw error
      throw new SyntaxError(`in the part from byte ${start}: ${error.message}`, { cause: error })
    }
  }

  #unexpected(at: number): SyntaxError {
    const byte = this.#text[at]
    const what = byte === undefined ? 'end' : JSON.stringify(String.fromCharCode(byte))
    return new SyntaxError(`unexpected ${what} at byte ${at}`)
  }
}

/** As JSON.parse sets a property: `__proto__` is a key like any other. */
function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value
  else
    Object.defineProperty(object, key, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    })
}
