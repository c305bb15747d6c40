import { describe, expect, it } from 'vitest'
import { proveRow, seedOfRun } from '@mini-rs/testkit/vitest'
import type { WorldOptions } from '../../proof/crash-world.js'
import { randomCrashes, runRandomWorlds, runSeededWorld } from '../../proof/random-crashes.js'

proveRow(randomCrashes)

it.runIf(process.env['WORLD'])('one world, by its number', async () => {
  const { failure } = await runSeededWorld(Number(process.env['WORLD']))
  expect(failure).toBeUndefined()
})

describe('with a protection taken away, the same worlds lose snapshots', () => {
  const controls: [string, Partial<WorldOptions>, RegExp][] = [
    ['syncs that do nothing', { disk: { lies: { sync: 'never' } } }, /acknowledged|refused/],
    [
      'folders that are never synced',
      { disk: { lies: { syncDirectory: 'never' } } },
      /acknowledged|refused|one snapshot alone/,
    ],
  ]
  it.each(controls)('%s', async (_name, options, violation) => {
    const { failures } = await runRandomWorlds(seedOfRun('control'), 20_000, {
      ...options,
      isShrunk: false,
    })
    expect(failures.join()).toMatch(violation)
  })
})
