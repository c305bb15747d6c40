import { proveRow } from '@mini-rs/testkit/vitest'
import { describe, expect, it } from 'vitest'
import {
  CRASH_TEST,
  crashWorld,
  randomCrashes,
  runCrashWorlds,
} from '../../proof/random-crashes.js'
import { runOneWorld } from '../../proof/worlds.js'

proveRow(randomCrashes)

describe('the worlds notice', () => {
  it.each([
    ['a disk that never syncs', { sync: 'never' }],
    ['a disk that syncs late', { sync: 'late' }],
    ['folders that are never synced', { syncDirectory: 'never' }],
  ] as const)('%s', async (_, lies) => {
    const options = { lies: { lies } }
    const { failures } = await runCrashWorlds(1, 3_000, options, { isShrunk: false })
    expect(failures).toHaveLength(1)
  })
})

it.runIf(process.env['WORLD'])('one world, by its number', async () => {
  const world = Number(process.env['WORLD'])
  const { failure } = await runOneWorld(world, crashWorld(), { testFile: CRASH_TEST })
  expect(failure).toBeUndefined()
})
