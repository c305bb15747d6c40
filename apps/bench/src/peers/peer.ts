/** What every peer stores: about 60 bytes of JSON. */
export interface BenchRecord {
  readonly n: number
  readonly kind: string
  readonly by: number
  readonly name: string
}

/** A peer's data in a folder of its own, opened. */
export interface Journal {
  /** Resolves when the record is as durable as the peer makes it; returns nothing if it blocked. */
  append(record: BenchRecord): Promise<unknown> | undefined
  /** Many records at once, by the peer's own means for that; durability does not matter here. */
  fill(records: BenchRecord[]): Promise<unknown> | undefined
  /** Reads every record and adds up `by`. */
  sum(): Promise<number>
  close(): Promise<void>
}

/** A way to keep records, and what of it is measured. */
export interface Peer {
  readonly name: string
  /** The package that has to be there; none for what Node brings. */
  readonly needs?: string
  /** What an append is, in the peer's own terms. */
  readonly append?: string
  /** How all records are read. */
  readonly replay?: string
  /** False where opening reads nothing. */
  readonly hasOpenTime: boolean
  /** The largest number of callers that makes sense; all of them by default. */
  readonly maxCallers?: number
  /** True where an append blocks, so that its caller has to wait for a turn of the event loop. */
  readonly isBlocking?: boolean
  /** No more appends than this in one measure: its cost grows with what is stored. */
  readonly maxAppends?: number
  open(folder: string): Promise<Journal>
}

/** The n-th record. */
export function benchRecord(n: number): BenchRecord {
  return { n, kind: 'inc', by: n % 7, name: `counter-${n % 100}` }
}
