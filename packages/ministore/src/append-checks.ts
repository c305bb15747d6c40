import { MiniStoreError } from './errors.js'
import type { AppendOptions } from './log.js'
import { type LogLimits, assertInteger } from './options.js'

/** The caller's `expectedSeq`, checked. @throws TypeError, RangeError */
export function expectedSeqOf({ expectedSeq }: AppendOptions): number | undefined {
  if (expectedSeq !== undefined) assertInteger('expectedSeq', expectedSeq, 0)
  return expectedSeq
}

/** Whether these can be one commit. @throws TypeError, RangeError */
export function assertBatch(records: readonly unknown[], limits: LogLimits): void {
  if (!Array.isArray(records)) throw new TypeError('records must be an array')
  if (records.length === 0) throw new RangeError('records must not be empty')
  if (records.length <= limits.maxBatchRecords) return
  throw new RangeError('a store with seal: false cannot append several records as one commit')
}

/** Bytes of a record's text. @throws {@link MiniStoreError} `RECORD_TOO_LARGE` */
export function measured(path: string, { maxRecordBytes }: LogLimits, text: string): number {
  const textBytes = Buffer.byteLength(text)
  if (textBytes <= maxRecordBytes) return textBytes
  throw tooLarge(path, 'the record', textBytes, 'maxRecordBytes', maxRecordBytes)
}

/** A record, or a batch of them, that no commit takes. */
export function tooLarge(
  path: string,
  what: string,
  sizeBytes: number,
  limitName: string,
  limit: number,
): MiniStoreError {
  return new MiniStoreError(
    'RECORD_TOO_LARGE',
    `${path}: ${what} has ${sizeBytes} bytes of JSON, and ${limitName} is ${limit}; split it, or keep large data in a file of its own`,
    { path, outcome: 'absent', sizeBytes },
  )
}
