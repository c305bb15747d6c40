import { seedOfRun } from '@mini-rs/testkit/vitest'
import { expect, it, vi } from 'vitest'
import { runModelWorlds } from '../../proof/random-models.js'
import type * as Original from '../../src/tree/lost-writes.js'

// Finds nothing: as if what was assigned could be changed.
vi.mock('../../src/tree/lost-writes.js', async (importOriginal) => {
  const original = await importOriginal<typeof Original>()
  return {
    ...original,
    LostWrites: class extends original.LostWrites {
      override assertNone(): void {}
    },
  }
})

it.each(['immutable', 'inPlace'] as const)(
  'where lost writes are not found, the model tells the difference, %s',
  async (engine) => {
    const seed = seedOfRun('control')
    const { failures } = await runModelWorlds(engine, seed, 2_000, { isShrunk: false })
    expect(failures).toHaveLength(1)
  },
)
