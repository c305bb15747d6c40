/** What a run of a row came to. */
export interface ProofResult {
  /** Cases that were looked at. */
  readonly count: number
  /** What must not have happened, each with a line that repeats it. */
  readonly failures: readonly string[]
}

/** One fault, and how often it was survived: a row of the table in a README. */
export interface ProofRow {
  readonly name: string
  readonly fault: string
  /** What is counted. */
  readonly unit: string
  readonly pass: string
  /** `seeds`: cases of a seed, as many as wanted. `all`: there are only so many; `amount` bounds their size. */
  readonly kind: 'seeds' | 'all'
  /** Cases, or the bound, in `npm test`. */
  readonly inTest: number
  /** Cases, or the bound, in `npm run prove`. */
  readonly inProve: number
  /** Cases of one seed at most: what is lost when a run is stopped. */
  readonly shard: number
  run(seed: number, amount: number): Promise<ProofResult>
}

/** What was proven of a row so far, by all runs. */
export interface LedgerEntry {
  readonly count: number
  readonly failures: readonly string[]
  /** For `seeds`: the next run begins here. For `all`: the bound that was done. */
  readonly next: number
  readonly seconds: number
}

/** All entries, by the names of their rows: the committed file of a package. */
export type Ledger = Readonly<Record<string, LedgerEntry>>

/** What is left to run of a row; undefined when it has been proven as often as it should be. */
export function remainingShard(
  row: ProofRow,
  entry: LedgerEntry | undefined,
): { readonly seed: number; readonly amount: number } | undefined {
  if (row.kind === 'all') {
    return entry !== undefined && entry.next >= row.inProve
      ? undefined
      : { seed: 1, amount: row.inProve }
  }
  const left = row.inProve - (entry?.count ?? 0)
  return left <= 0 ? undefined : { seed: entry?.next ?? 1, amount: Math.min(row.shard, left) }
}

/** The entry with one more run in it. */
export function addRun(
  row: ProofRow,
  entry: LedgerEntry | undefined,
  run: ProofResult & { readonly seconds: number },
): LedgerEntry {
  return {
    count: (entry?.count ?? 0) + run.count,
    failures: [...(entry?.failures ?? []), ...run.failures],
    next: row.kind === 'all' ? row.inProve : (entry?.next ?? 1) + 1,
    seconds: Math.round((entry?.seconds ?? 0) + run.seconds),
  }
}

/** The table of a README, in Markdown. */
export function proofTable(rows: readonly ProofRow[], ledger: Ledger): string {
  const grouped = (count: number): string => count.toLocaleString('en-US')
  const lines = rows.map((row) => {
    const { fault, unit, pass, kind, inTest } = row
    const entry = ledger[row.name]
    const test = kind === 'all' ? `up to ${grouped(inTest)}` : grouped(inTest)
    const proven = entry === undefined ? 'not yet run' : `${grouped(entry.count)} ${unit}`
    const seeds = entry === undefined || kind === 'all' ? 'all' : `1 to ${entry.next - 1}`
    const failures = entry === undefined ? '' : String(entry.failures.length)
    return `| ${fault} | ${test} | ${proven} | ${seeds} | ${failures} | ${pass} |`
  })
  return [
    '| fault | in `npm test` | in `npm run prove` | seeds | failures | pass |',
    '| --- | --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n')
}
