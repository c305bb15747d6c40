import { describe, expect, it } from 'vitest'
import {
  DECISION_TABLE,
  EMPTY_TAIL,
  type Findings,
  type TailFindings,
  decide,
} from '../src/recovery/decide.js'

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

const found: Findings = {
  active: 'segment',
  archivedHeader: 'right',
  hasArchived: true,
  isChainBroken: false,
  isBeforeWatermark: false,
  isSameBootUnclean: false,
  tail: { ...EMPTY_TAIL, isEmpty: false },
}
const withTail = (tail: Partial<TailFindings>): Findings => ({
  ...found,
  tail: { ...found.tail, ...tail },
})

describe('the recovery table', () => {
  it('gives every combination of findings exactly one row, and uses every row', () => {
    const seen = new Map<number, number>()
    for (const findings of everyFinding()) {
      const { row } = decide(findings)
      const first = DECISION_TABLE.find(({ applies }) => applies(findings))
      expect(first?.row).toBe(row)
      seen.set(row, (seen.get(row) ?? 0) + 1)
    }
    expect([...seen.keys()].toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect([...seen.values()].reduce((a, b) => a + b)).toBe(5 * 3 * 2 ** 4 * 2 ** 6)
  })

  it.each([
    [1, 'refuseHeader', { ...found, active: 'wrongHeader', isChainBroken: true }],
    [1, 'refuseHeader', { ...found, archivedHeader: 'wrongHeader' }],
    [1, 'refuseVersion', { ...found, active: 'wrongVersion' }],
    [2, 'refuseCorrupt', { ...found, isChainBroken: true, isBeforeWatermark: true }],
    [3, 'refuseCorrupt', { ...found, active: 'missing', isBeforeWatermark: true }],
    [4, 'refuseCorrupt', withTail({ hasValidBlock: true, hasZeroSector: true })],
    [5, 'refuseCorrupt', { ...withTail({ hasDamagedForeignLine: true }), isSameBootUnclean: true }],
    [6, 'create', { ...found, active: 'fragment', hasArchived: false }],
    [6, 'finishRotation', { ...found, active: 'missing' }],
    [7, 'openClean', withTail({ isEmpty: true })],
    [8, 'heal', withTail({ isHealable: true, isUnfinished: true })],
    [9, 'setAside', withTail({ hasZeroSector: true })],
    [9, 'setAside', withTail({ isUnfinished: true })],
    [9, 'setAside', { ...found, isSameBootUnclean: true }],
    [10, 'refuseAmbiguous', found],
  ] as const)('row %i decides %s', (row, decision, findings) => {
    expect(decide(findings)).toEqual({ row, decision })
  })
})
