import type { ProofResult, ProofRow } from '@mini-rs/testkit'
import { DECISION_TABLE, type Findings, type TailFindings, decide } from '../src/recovery/decide.js'

/** Everything that recovery can find, against the table that decides. */
export const decisionTable: ProofRow = {
  name: 'decision-table',
  fault: 'the decision table: every combination of inputs hits exactly one row',
  unit: 'combinations',
  pass: '100 %, and every row is used',
  kind: 'all',
  inTest: 15_360,
  inProve: 15_360,
  shard: 1,
  run: () => Promise.resolve(walkTable()),
}

function walkTable(): ProofResult {
  const seen = new Set<number>()
  const failures: string[] = []
  let count = 0
  for (const findings of everyFinding()) {
    count++
    const { row } = decide(findings)
    seen.add(row)
    const first = DECISION_TABLE.find(({ applies }) => applies(findings))
    if (first?.row !== row)
      failures.push(`row ${row}, not ${first?.row}: ${JSON.stringify(findings)}`)
  }
  const unused = DECISION_TABLE.filter(({ row }) => !seen.has(row))
  failures.push(...unused.map(({ row }) => `row ${row} is never used`))
  return { count, failures }
}

const flags = [false, true]

function* everyTail(): Generator<TailFindings> {
  for (const isEmpty of flags)
    for (const hasValidBlock of flags)
      for (const hasDamagedForeignLine of flags)
        for (const isHealable of flags)
          for (const hasZeroSector of flags)
            for (const isUnfinished of flags)
              yield {
                isEmpty,
                hasValidBlock,
                hasDamagedForeignLine,
                isHealable,
                hasZeroSector,
                isUnfinished,
              }
}

function* everyFinding(): Generator<Findings> {
  for (const active of ['missing', 'fragment', 'wrongHeader', 'wrongVersion', 'segment'] as const)
    for (const archivedHeader of ['right', 'wrongHeader', 'wrongVersion'] as const)
      for (const hasArchived of flags)
        for (const isChainBroken of flags)
          for (const isBeforeWatermark of flags)
            for (const isSameBootUnclean of flags)
              for (const tail of everyTail())
                yield {
                  active,
                  archivedHeader,
                  hasArchived,
                  isChainBroken,
                  isBeforeWatermark,
                  isSameBootUnclean,
                  tail,
                }
}
