import { proveRow } from '@mini-rs/testkit/vitest'
import { expect, it } from 'vitest'
import {
  MODEL_TEST,
  immutableModels,
  inPlaceModels,
  modelWorld,
} from '../../proof/random-models.js'
import { runOneWorld } from '../../proof/worlds.js'

proveRow(immutableModels)
proveRow(inPlaceModels)

it.runIf(process.env['WORLD']).each(['immutable', 'inPlace'] as const)(
  'one world, by its number, %s',
  async (engine) => {
    const world = Number(process.env['WORLD'])
    const { failure } = await runOneWorld(world, modelWorld(engine), { testFile: MODEL_TEST })
    expect(failure).toBeUndefined()
  },
)
