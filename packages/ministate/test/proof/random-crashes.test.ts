import type { CrashFileSystemOptions, Lies } from '@mini-rs/testkit'
import { proveRow, seedOfRun } from '@mini-rs/testkit/vitest'
import { describe, expect, it } from 'vitest'
import type { CrashWorldOptions } from '../../proof/crash-world.js'
import {
  CRASH_TEST,
  crashWorld,
  randomCrashes,
  runCrashWorlds,
} from '../../proof/random-crashes.js'
import { runOneWorld } from '@mini-rs/testkit'

proveRow(randomCrashes)

it.runIf(process.env['WORLD'])('one world, by its number', async () => {
  const world = Number(process.env['WORLD'])
  const { failure } = await runOneWorld(world, crashWorld(), { testFile: CRASH_TEST })
  expect(failure).toBeUndefined()
})

describe('with a protection taken away, the same worlds lose what somebody knew of', () => {
  const lying = (lies: Lies): CrashFileSystemOptions => ({ lies })
  const controls: [string, Partial<CrashWorldOptions>, RegExp][] = [
    ['syncs that do nothing', { disk: lying({ sync: 'never' }) }, /told of|refused/],
    ['syncs that come late', { disk: lying({ sync: 'late' }) }, /told of|refused/],
    ['folders that are never synced', { disk: lying({ syncDirectory: 'never' }) }, /told|refused/],
    ['answers before the sync', { open: { durability: 'os' } }, /told of/],
  ]
  it.each(controls)('%s', async (_, options, violation) => {
    const seed = seedOfRun('control')
    const { failures } = await runCrashWorlds(seed, 5_000, { ...options, isShrunk: false })
    expect(failures.join()).toMatch(violation)
  })
})
