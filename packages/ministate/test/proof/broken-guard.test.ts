import { seedOfRun } from '@mini-rs/testkit/vitest'
import { expect, it, vi } from 'vitest'
import { runModelWorlds } from '../../proof/random-models.js'

// A guard that keeps what it is given, as recipes on plain objects would.
vi.mock('../../src/tree/copy.js', async (importOriginal) => ({
  ...(await importOriginal<object>()),
  stateCopier: (unwrap: (value: object) => object) => (value: unknown) =>
    typeof value === 'object' && value !== null ? unwrap(value) : value,
}))

it.each(['immutable', 'inPlace'] as const)(
  'with a guard that does not copy, the model tells the difference, %s',
  async (engine) => {
    const seed = seedOfRun('control')
    const { failures } = await runModelWorlds(engine, seed, 2_000, { isShrunk: false })
    expect(failures).toHaveLength(1)
  },
)
