import { expect, it } from 'vitest'
import { bitFlips } from '../../proof/bit-flips.js'
import { loseData, lostData } from '../../proof/lost-data.js'
import { proveRow } from '@mini-rs/testkit/vitest'

proveRow(bitFlips)
proveRow(lostData)

it('without the watermark a cut between two commits goes unnoticed: what the watermark is for', async () => {
  const { failures } = await loseData(1024, false)
  expect(failures.join()).toMatch(/did not notice/)
})
