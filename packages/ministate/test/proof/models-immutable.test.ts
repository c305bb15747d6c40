import { proveRow } from '@mini-rs/testkit/vitest'
import { expect, it } from 'vitest'
import { MODEL_TESTS, immutableModels, modelWorld } from '../../proof/random-models.js'
import { runOneWorld } from '@mini-rs/testkit'

proveRow(immutableModels)

it.runIf(process.env['WORLD'])('one world, by its number', async () => {
  const testFile = MODEL_TESTS.immutable
  const { failure } = await runOneWorld(Number(process.env['WORLD']), modelWorld('immutable'), {
    testFile,
  })
  expect(failure).toBeUndefined()
})
