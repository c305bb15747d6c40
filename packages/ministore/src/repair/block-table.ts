import type { BlockKind, Piece } from './pieces.js'

/** A table that grows past this is summed up in its last row. */
const MAX_BLOCKS = 10_000

/** A range of a segment, `[offsetBytes, offsetBytes + sizeBytes)`. */
export interface BlockRange {
  readonly kind: BlockKind
  readonly offsetBytes: number
  readonly sizeBytes: number
  /** 1-based. */
  readonly firstLine: number
  readonly lines: number
  /** Sequence number of the first record, by counting lines: behind damage that made or destroyed newlines only a guess. */
  readonly firstSeq: number
}

/** Run-length table of a segment's pieces: neighbours of one kind become one row. */
export class BlockTable {
  readonly #rows: BlockRange[] = []
  readonly #firstSeq: number

  constructor(firstSeq: number) {
    this.#firstSeq = firstSeq
  }

  /** Adds what follows the last piece. */
  add({ kind, offsetBytes, sizeBytes, recordsBefore, lineCount }: Piece): void {
    const last = this.#rows.at(-1)
    const isFull = this.#rows.length >= MAX_BLOCKS
    if (last !== undefined && (last.kind === kind || isFull)) {
      const merged = {
        ...last,
        kind: last.kind === kind ? kind : 'mixed',
        sizeBytes: last.sizeBytes + sizeBytes,
        lines: last.lines + lineCount,
      } as const
      this.#rows[this.#rows.length - 1] = Object.freeze(merged)
      return
    }
    const firstLine = recordsBefore + 2
    const firstSeq = this.#firstSeq + recordsBefore
    const row = { kind, offsetBytes, sizeBytes, firstLine, lines: lineCount, firstSeq }
    this.#rows.push(Object.freeze(row))
  }

  /** The rows so far, frozen. */
  rows(): readonly BlockRange[] {
    return Object.freeze([...this.#rows])
  }
}
