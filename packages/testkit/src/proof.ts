/** What a run of a row came to. */
export interface ProofResult {
  /** Cases that were looked at. */
  readonly count: number
  /** What must not have happened, each with a line that repeats it. */
  readonly failures: readonly string[]
}

/** One fault, as the table in a README names it. */
export interface ProofTitle {
  readonly name: string
  readonly fault: string
  /** What is counted. */
  readonly unit: string
  readonly pass: string
  /** What the amounts are counted in, where that is not `unit`. */
  readonly amountUnit?: string
  /** How much of it `npm test` does. */
  readonly inTest: number
  /** How much of it `npm run prove` does. */
  readonly inProve: number
}

/** A fault that a program can make by itself, in one process. */
export interface ProofRow extends ProofTitle {
  /** `seeds`: cases of a seed, as many as wanted. `all`: there are only so many; the amounts bound their size. */
  readonly kind: 'seeds' | 'all'
  /** Cases of one seed at most: what is lost when a run is stopped. */
  readonly shard: number
  /** Whether it measures how long something takes. */
  readonly isTimed?: boolean
  run(seed: number, amount: number): Promise<ProofResult>
}

/** What was proven of a row so far, by all runs. */
export interface LedgerEntry {
  readonly count: number
  readonly failures: readonly string[]
  /** Of what kind `seeds`: the next run begins here. Of kind `all`: the bound that was done. */
  readonly next: number
  /** For the table. */
  readonly seeds: string
  readonly seconds: number
}

/** All entries, by the names of their rows: the committed file of a package. */
export type Ledger = Readonly<Record<string, LedgerEntry>>

/** A part of a row's work. */
export interface Shard {
  readonly row: ProofRow
  readonly seed: number
  readonly amount: number
}

/** What is left to do of a row, in parts that can be done side by side. */
export function remainingShards(row: ProofRow, entry: LedgerEntry | undefined): Shard[] {
  if (row.kind === 'all') {
    const isDone = entry !== undefined && entry.next >= row.inProve
    return isDone ? [] : [{ row, seed: 1, amount: row.inProve }]
  }
  const left = row.inProve - (entry?.count ?? 0)
  const first = entry?.next ?? 1
  return Array.from({ length: Math.max(0, Math.ceil(left / row.shard)) }, (_, index) => ({
    row,
    seed: first + index,
    amount: row.shard,
  }))
}

/** The entry with one more shard in it. */
export function addShard(
  { row, seed, amount }: Shard,
  entry: LedgerEntry | undefined,
  run: ProofResult & { readonly seconds: number },
): LedgerEntry {
  const next = row.kind === 'all' ? amount : Math.max(entry?.next ?? 1, seed + 1)
  return {
    count: (entry?.count ?? 0) + run.count,
    failures: [...(entry?.failures ?? []), ...run.failures],
    next,
    seeds: row.kind === 'all' ? 'all cases' : `1 to ${next - 1}`,
    seconds: Math.round((entry?.seconds ?? 0) + run.seconds),
  }
}

/** The table of a README, in Markdown. */
export function proofTable(rows: readonly ProofTitle[], ledger: Ledger): string {
  const lines = rows.map(({ name, fault, unit, amountUnit, pass, inTest, inProve }) => {
    const entry = ledger[name]
    const test = `${grouped(inTest)} ${amountUnit ?? ''}`.trimEnd()
    if (entry === undefined) return `| ${fault} | ${test} | not yet run | | | ${pass} |`
    const bound = amountUnit === undefined ? '' : ` (${grouped(inProve)} ${amountUnit})`
    const proven = `${grouped(entry.count)} ${unit}${bound}`
    return `| ${fault} | ${test} | ${proven} | ${entry.seeds} | ${entry.failures.length} | ${pass} |`
  })
  return [
    '| fault | in `npm test` | in `npm run prove` | seeds | failures | pass |',
    '| --- | --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n')
}

function grouped(count: number): string {
  return count.toLocaleString('en-US')
}
