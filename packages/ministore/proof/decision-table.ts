import type { ProofResult, ProofRow } from '@mini-rs/testkit'
import {
  DECISION_TABLE,
  type Decision,
  type Findings,
  type TailFindings,
  decide,
} from '../src/recovery/decide.js'

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

/** What must come out, by conditions that exclude each other: the table again, without an order. */
interface Rule {
  readonly row: number
  readonly decision: Decision
  readonly holds: (found: Findings) => boolean
}

const RULES: readonly Rule[] = [
  { row: 1, decision: 'refuseHeader', holds: hasHeader('wrongHeader') },
  {
    row: 1,
    decision: 'refuseVersion',
    holds: (found) => !hasHeader('wrongHeader')(found) && hasHeader('wrongVersion')(found),
  },
  { row: 2, decision: 'refuseCorrupt', holds: (found) => isLegible(found) && found.isChainBroken },
  {
    row: 3,
    decision: 'refuseCorrupt',
    holds: (found) => isLegible(found) && !found.isChainBroken && found.isBeforeWatermark,
  },
  { row: 4, decision: 'refuseCorrupt', holds: inTail(({ hasValidBlock }) => hasValidBlock) },
  {
    row: 5,
    decision: 'refuseCorrupt',
    holds: inTail((tail) => !tail.hasValidBlock && tail.hasDamagedForeignLine),
  },
  {
    row: 6,
    decision: 'finishRotation',
    holds: (found) => isUndamaged(found) && found.active !== 'segment' && found.hasArchived,
  },
  {
    row: 6,
    decision: 'create',
    holds: (found) => isUndamaged(found) && found.active !== 'segment' && !found.hasArchived,
  },
  { row: 7, decision: 'openClean', holds: inTail((tail) => !isRefused(tail) && tail.isEmpty) },
  {
    row: 8,
    decision: 'heal',
    holds: inTail((tail) => !isRefused(tail) && !tail.isEmpty && tail.isHealable),
  },
  { row: 9, decision: 'setAside', holds: inTail((tail, found) => isOpen(tail) && isTorn(found)) },
  {
    row: 10,
    decision: 'refuseAmbiguous',
    holds: inTail((tail, found) => isOpen(tail) && !isTorn(found)),
  },
]

function hasHeader(kind: 'wrongHeader' | 'wrongVersion'): (found: Findings) => boolean {
  return ({ active, archivedHeader }) => active === kind || archivedHeader === kind
}

function isLegible(found: Findings): boolean {
  return !hasHeader('wrongHeader')(found) && !hasHeader('wrongVersion')(found)
}

function isUndamaged(found: Findings): boolean {
  return isLegible(found) && !found.isChainBroken && !found.isBeforeWatermark
}

function inTail(
  holds: (tail: TailFindings, found: Findings) => boolean,
): (found: Findings) => boolean {
  return (found) => isUndamaged(found) && found.active === 'segment' && holds(found.tail, found)
}

function isRefused({ hasValidBlock, hasDamagedForeignLine }: TailFindings): boolean {
  return hasValidBlock || hasDamagedForeignLine
}

function isOpen(tail: TailFindings): boolean {
  return !isRefused(tail) && !tail.isEmpty && !tail.isHealable
}

function isTorn({ tail, isSameBootUnclean }: Findings): boolean {
  return tail.hasZeroSector || tail.isUnfinished || isSameBootUnclean
}

function walkTable(): ProofResult {
  const seen = new Set<number>()
  const failures: string[] = []
  let count = 0
  for (const findings of everyFinding()) {
    count++
    const { row, decision } = decide(findings)
    seen.add(row)
    const [rule, other] = RULES.filter(({ holds }) => holds(findings))
    if (rule?.row !== row || rule.decision !== decision || other !== undefined) {
      const wanted = `${rule?.row} ${rule?.decision}`
      failures.push(`row ${row} ${decision}, not ${wanted}: ${JSON.stringify(findings)}`)
    }
  }
  const unused = DECISION_TABLE.filter(({ row }) => !seen.has(row))
  failures.push(...unused.map(({ row }) => `row ${row} is never used`))
  return { count, failures: failures.slice(0, 10) }
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
