import { proveRow } from '@mini-rs/testkit/vitest'
import { expect, it } from 'vitest'
import { MODEL_TESTS, inPlaceModels, modelWorld } from '../../proof/random-models.js'
import { runOneWorld } from '@mini-rs/testkit'

proveRow(inPlaceModels)

it.runIf(process.env['WORLD'])('one world, by its number', async () => {
  const testFile = MODEL_TESTS.inPlace
  const { failure } = await runOneWorld(Number(process.env['WORLD']), modelWorld('inPlace'), {
    testFile,
  })
  expect(failure).toBeUndefined()
})
