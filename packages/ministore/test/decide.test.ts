import { decisionTable } from '../proof/decision-table.js'
import { describe, expect, it } from 'vitest'
import { EMPTY_TAIL, type Findings, type TailFindings, decide } from '../src/recovery/decide.js'
import { proveRow } from '@mini-rs/testkit/vitest'

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

proveRow(decisionTable)

describe('the recovery table', () => {
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
