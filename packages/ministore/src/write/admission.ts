import { MiniStoreError } from '../errors.js'
import { type OptionNames, assertKnownOptions } from '../known-options.js'
import type { AppendOptions } from '../log.js'
import { type LogLimits, assertInteger } from '../options.js'
import type { RecordCodec } from '../record/record-codec.js'

const APPEND_OPTIONS: OptionNames<AppendOptions> = { expectedSeq: true }

/** Records that may be appended as one unit, serialised. */
export interface Admitted {
  readonly lines: readonly string[]
  /** Of all lines, in UTF-8. */
  readonly textBytes: number
}

/** The door: records are checked, serialised and measured before anything is queued. */
export class Admission<Input> {
  readonly #path: string
  readonly #codec: Pick<RecordCodec<unknown, Input>, 'encode'>
  readonly #limits: LogLimits

  constructor(path: string, codec: Pick<RecordCodec<unknown, Input>, 'encode'>, limits: LogLimits) {
    this.#path = path
    this.#codec = codec
    this.#limits = limits
  }

  /** @throws `RECORD_NOT_SERIALIZABLE`, `RECORD_INVALID`, `RECORD_TOO_LARGE` */
  one(record: Input): Admitted {
    const text = this.#codec.encode(record)
    return { lines: [text], textBytes: this.#measured(text) }
  }

  /** @throws as `one`; RangeError for an empty batch, and for one that a journal without seals cannot hold together */
  many(records: readonly Input[]): Admitted {
    this.#assertCount(records)
    const { maxBatchBytes } = this.#limits
    const lines = records.map((record) => this.#codec.encode(record))
    const textBytes = lines.reduce((sum, line) => sum + this.#measured(line), 0)
    if (textBytes <= maxBatchBytes) return { lines, textBytes }
    throw this.#tooLarge('the batch', textBytes, 'limits.maxBatchBytes', maxBatchBytes)
  }

  #assertCount(records: readonly Input[]): void {
    if (!Array.isArray(records)) throw new TypeError('records must be an array')
    if (records.length === 0) throw new RangeError('records must not be empty')
    if (records.length <= this.#limits.maxBatchRecords) return
    throw new RangeError('a store with seal: false cannot append several records as one commit')
  }

  #measured(text: string): number {
    const { maxRecordBytes } = this.#limits
    const textBytes = Buffer.byteLength(text)
    if (textBytes <= maxRecordBytes) return textBytes
    throw this.#tooLarge('the record', textBytes, 'maxRecordBytes', maxRecordBytes)
  }

  #tooLarge(what: string, sizeBytes: number, limitName: string, limit: number): MiniStoreError {
    return new MiniStoreError(
      'RECORD_TOO_LARGE',
      `${this.#path}: ${what} has ${sizeBytes} bytes of JSON, and ${limitName} is ${limit}; split it, or keep large data in a file of its own`,
      { path: this.#path, outcome: 'absent', sizeBytes },
    )
  }
}

/** The caller's `expectedSeq`, checked. @throws TypeError, RangeError */
export function expectedSeqOf(options: AppendOptions): number | undefined {
  assertKnownOptions('options', options, APPEND_OPTIONS)
  const { expectedSeq } = options
  if (expectedSeq !== undefined) assertInteger('expectedSeq', expectedSeq, 0)
  return expectedSeq
}
