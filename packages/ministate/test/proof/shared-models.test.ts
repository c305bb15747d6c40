import { proveRow } from '@mini-rs/testkit/vitest'
import { expect, it } from 'vitest'
import { SHARED_TEST, sharedModels, sharedWorld } from '../../proof/random-models.js'
import { runOneWorld } from '@mini-rs/testkit'

proveRow(sharedModels)

it.runIf(process.env['WORLD'])('one world, by its number', async () => {
  const world = Number(process.env['WORLD'])
  const { failure } = await runOneWorld(world, sharedWorld, { testFile: SHARED_TEST })
  expect(failure).toBeUndefined()
})
