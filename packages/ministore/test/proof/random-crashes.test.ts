import { describe, expect, it } from 'vitest'
import type { WorldOptions } from '../../proof/crash-world.js'
import { randomCrashes, runRandomWorlds, runSeededWorld } from '../../proof/random-crashes.js'
import { proveRow, seedOfRun } from '@mini-rs/testkit/vitest'

proveRow(randomCrashes)

it.runIf(process.env['WORLD'])('one world, by its number', async () => {
  const { failure } = await runSeededWorld(Number(process.env['WORLD']))
  expect(failure).toBeUndefined()
})

describe('with a protection taken away, the same worlds lose data', () => {
  const controls: [string, Partial<WorldOptions>, RegExp][] = [
    ['syncs that do nothing', { disk: { lies: { sync: 'never' } } }, /acknowledged|refused/],
    [
      'a sync that takes effect with the next one: two commits in flight',
      { disk: { lies: { sync: 'late' } } },
      /acknowledged|refused/,
    ],
    [
      'folders that are never synced',
      { disk: { lies: { syncDirectory: 'never' } } },
      /acknowledged|refused|dropped/,
    ],
    [
      'no seals, and old bytes where nothing was written',
      { open: { seal: false }, power: { gaps: 'stale' } },
      /is wrong/,
    ],
  ]
  it.each(controls)('%s', async (_name, options, violation) => {
    const { failures } = await runRandomWorlds(seedOfRun('control'), 50_000, {
      ...options,
      isShrunk: false,
    })
    expect(failures.join()).toMatch(violation)
  })
})
