import { MiniStoreError, messageOf, type RecordIssue } from '../errors.js'
import { assertOneLine, serialize } from './serialize.js'
import { type SchemaIssue, type StandardSchema, isStandardSchema } from './standard-schema.js'

/**
 * Carries what JSON cannot (dates, maps, bigints) and upgrades old versions of a record.
 * `decode(encode(record))` must equal the record.
 */
export interface Codec<R> {
  /** A value that JSON can carry. */
  encode(record: R): unknown
  /** The record that was encoded. Throw to refuse a value: the reader then rejects with `RECORD_INVALID`. */
  decode(value: unknown): R
}

/** The half of {@link RecordCodec} that readers need. */
export interface RecordDecoder<R> {
  /** Whether a parsed JSON value is the record as it is. */
  readonly isIdentity: boolean
  decode(value: unknown): R
}

/** How records become lines and lines become records: schema and codec in one. */
export class RecordCodec<R, Input = R> implements RecordDecoder<R> {
  readonly #schema: StandardSchema<Input, R> | undefined
  readonly #codec: Codec<Input> | undefined
  readonly #stringify: (value: unknown) => string
  /** Whether a parsed JSON value is the record as it is. */
  readonly isIdentity: boolean

  /** `stringify`: as `OpenOptions.stringify`. Only who writes has one. */
  constructor(
    schema: StandardSchema<Input, R> | undefined,
    codec: Codec<Input> | undefined,
    stringify?: (value: unknown) => string,
  ) {
    if (schema !== undefined && !isStandardSchema(schema)) {
      throw new TypeError('schema must be a Standard Schema (zod, valibot, arktype, …)')
    }
    const isCodec = typeof codec?.encode === 'function' && typeof codec.decode === 'function'
    if (codec !== undefined && !isCodec) {
      throw new TypeError('codec must have the functions encode and decode')
    }
    this.#schema = schema
    if (stringify !== undefined && typeof stringify !== 'function') {
      throw new TypeError('stringify must be a function')
    }
    this.#codec = codec
    this.#stringify =
      stringify === undefined ? serialize : (value) => assertOneLine(stringify(value))
    this.isIdentity = schema === undefined && codec === undefined
  }

  /**
   * The JSON text to write: the schema's input is validated and written, its output is thrown away.
   *
   * @throws {@link MiniStoreError} `RECORD_INVALID`, `RECORD_NOT_SERIALIZABLE`
   */
  encode(record: Input): string {
    if (this.#schema !== undefined) this.#validate(record)
    return this.#stringify(this.#codec === undefined ? record : this.#codec.encode(record))
  }

  /** The record that a JSON value stands for. @throws {@link MiniStoreError} `RECORD_INVALID` */
  decode(value: unknown): R {
    const decoded = this.#codec === undefined ? value : this.#codec.decode(value)
    return this.#schema === undefined ? (decoded as R) : this.#validate(decoded)
  }

  #validate(value: unknown): R {
    const result = (this.#schema as StandardSchema<Input, R>)['~standard'].validate(value)
    if (result instanceof Promise) {
      throw new TypeError('the schema is asynchronous; a journal needs one that answers at once')
    }
    if (result.issues === undefined) return result.value
    const issues = Array.from(result.issues, toRecordIssue) // a plain array: some libraries have a class of their own
    const list = issues.map(({ path, message }) => `${path}: ${message}`).join('; ')
    throw new MiniStoreError('RECORD_INVALID', `the record does not fit the schema: ${list}`, {
      outcome: 'absent',
      issues,
    })
  }
}

function toRecordIssue(issue: SchemaIssue): RecordIssue {
  const path = (issue.path ?? []).map((part) => {
    const key = typeof part === 'object' ? part.key : part
    return typeof key === 'number' ? `[${key}]` : `.${String(key)}`
  })
  return { path: `$${path.join('')}`, message: issue.message }
}

/** Adds file and place to what a codec or schema threw while reading. */
export function decodeError(error: unknown, path: string, line: number, seq: number): Error {
  const issues = MiniStoreError.is(error) ? error.issues : undefined
  return new MiniStoreError(
    'RECORD_INVALID',
    `${path}:${line}: record ${seq} cannot be decoded: ${messageOf(error)}`,
    { path, line, firstSeq: seq, lastSeq: seq, issues, cause: error },
  )
}
