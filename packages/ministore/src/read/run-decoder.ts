import { MiniStoreError } from '../errors.js'
import { isBlank } from '../format/bytes.js'
import { MAX_DEPTH } from '../format/limits.js'
import { endsCommit, jsonEndOf, lineEndOf } from '../format/seal.js'
import { isAscii } from '../platform/node.js'
import { nestsTooDeep } from '../record/json-depth.js'
import type { Run } from './segment-scanner.js'
import { corruptError } from './segment-chain.js'

const COMMA = 0x2c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

/** Where a run stands, for messages. */
export interface RunPlace {
  readonly path: string
  readonly firstSeq: number
  readonly maxRecordBytes: number
}

/** The values of a run's lines. */
export interface DecodedRun {
  readonly values: unknown[]
  /** Whether the line at `index` is the last of its commit. */
  isCommitEnd(index: number): boolean
}

/**
 * Parses all lines of a run. A sealed run without foreign lines goes through one `JSON.parse`: its
 * newlines become commas, and its seals are white space to JSON.
 */
export function decodeRun(run: Run, place: RunPlace): DecodedRun {
  const { newlines } = run
  const hasForeign = checkLines(run, place)
  const isCommitEnd = (index: number): boolean => endsCommit(run.bytes, newlines[index] ?? 0)
  const values = run.isSealed && !hasForeign ? tryParseAtOnce(run, newlines) : undefined
  return { values: values ?? parseEachLine(run, newlines, place), isCommitEnd }
}

/** Refuses what is too long or too deep, and says whether a line is foreign. */
function checkLines(run: Run, place: RunPlace): boolean {
  const { bytes, newlines } = run
  let hasForeign = false
  let lineStart = run.start
  for (let index = 0; index < newlines.length; index++) {
    const newline = newlines[index] ?? lineStart
    if (!isBlank(bytes[newline - 1])) hasForeign = true
    if (newline - lineStart > 2 * MAX_DEPTH) refuseLine(run, lineStart, newline, index, place)
    lineStart = newline + 1
  }
  return hasForeign
}

function refuseLine(
  run: Run,
  start: number,
  newline: number,
  index: number,
  place: RunPlace,
): void {
  const jsonEnd = jsonEndOf(run.bytes, newline, lineEndOf(run.bytes, start, newline))
  const { path, maxRecordBytes } = place
  const line = lineNumber(run, index)
  if (jsonEnd - start > maxRecordBytes) {
    throw new MiniStoreError(
      'RECORD_TOO_LARGE',
      `${path}:${line}: the record has ${jsonEnd - start} bytes, more than maxRecordBytes (${maxRecordBytes}); pass a larger maxRecordBytes if it is meant to be there`,
      { path, line, offsetBytes: offsetOf(run, start), sizeBytes: jsonEnd - start },
    )
  }
  if (nestsTooDeep(run.bytes, start, jsonEnd)) {
    throw corruptError(path, `the record nests deeper than ${MAX_DEPTH}, which no writer writes`, {
      line,
      offsetBytes: offsetOf(run, start),
      lastSeq: place.firstSeq + index - 1,
    })
  }
}

/** Undefined where the text is not JSON, or has not one value a line: then each line must say for itself. */
function tryParseAtOnce(run: Run, newlines: readonly number[]): unknown[] | undefined {
  const { bytes, start, end } = run
  for (const newline of newlines) bytes[newline] = COMMA
  bytes[start - 1] = OPEN_BRACKET
  bytes[end - 1] = CLOSE_BRACKET
  try {
    // Latin-1 is a plain copy, and the same text where all is ASCII.
    const encoding = isAscii(bytes.subarray(start, end)) ? 'latin1' : 'utf8'
    const values: unknown = JSON.parse(bytes.toString(encoding, start - 1, end))
    return Array.isArray(values) && values.length === newlines.length ? values : undefined
  } catch {
    return undefined // not JSON: parsing line by line names the bad one
  }
}

function parseEachLine(run: Run, newlines: readonly number[], place: RunPlace): unknown[] {
  let lineStart = run.start
  return newlines.map((newline, index) => {
    const start = lineStart
    lineStart = newline + 1
    const lineEnd = lineEndOf(run.bytes, start, newline)
    const text = run.bytes.toString('utf8', start, jsonEndOf(run.bytes, newline, lineEnd))
    try {
      return JSON.parse(text) as unknown
    } catch (error) {
      throw new MiniStoreError(
        'JOURNAL_CORRUPT',
        `${place.path}:${lineNumber(run, index)}: the line is not JSON, though its seal is right: a faulty writer sealed it`,
        {
          path: place.path,
          line: lineNumber(run, index),
          offsetBytes: offsetOf(run, start),
          firstSeq: place.firstSeq + index,
          cause: error,
        },
      )
    }
  })
}

function lineNumber(run: Run, index: number): number {
  return run.from.recordCount + index + 2
}

function offsetOf(run: Run, at: number): number {
  return run.from.offsetBytes + (at - run.start)
}
