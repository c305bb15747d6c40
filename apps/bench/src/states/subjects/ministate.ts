import type { Engine } from '@mini-rs/ministate'
import { grouped } from '../../measure.js'
import { SIZES, changeOf } from '../changes.js'
import { type Shape, shapedState } from '../shaped-state.js'
import { CALLERS, type Subject } from '../subject.js'

/** Ours, in every engine, shape and size that has a row. */
export const ministates: readonly Subject[] = [
  ...SIZES.map((size) => ministate('inPlace', 'flat', size)),
  ministate('immutable', 'flat', 100),
  ministate('immutable', 'nested', 10_000),
  ministate('immutable', 'flat', 10_000),
  ministate('immutable', 'map', 10_000),
]

function ministate(engine: Engine, shape: Shape, size: number): Subject {
  const family = `ministate ${engine}${shape === 'flat' ? '' : `, ${shape}`}`
  return {
    name: `${family}, ${grouped(size)}`,
    kind: 'state',
    family,
    size,
    change: 'apply',
    callers: CALLERS,
    async open(folder) {
      const state = await shapedState(shape, size)(folder, engine)
      return {
        change: (n) => state.set(changeOf(n, size)),
        values: () => state.values(),
        close: () => state.close(),
      }
    },
  }
}
