import { proveRow } from '@mini-rs/testkit/vitest'
import { expect, it } from 'vitest'
import { MODEL_TEST, modelWorld, randomModels } from '../../proof/random-models.js'
import { runOneWorld } from '@mini-rs/testkit'

proveRow(randomModels)

it.runIf(process.env['WORLD'])('one world, by its number', async () => {
  const world = Number(process.env['WORLD'])
  const { failure } = await runOneWorld(world, modelWorld(), { testFile: MODEL_TEST })
  expect(failure).toBeUndefined()
})
