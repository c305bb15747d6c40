import { proveRow } from '@mini-rs/testkit/vitest'
import { expect, it } from 'vitest'
import { failEachCall, failingCalls } from '../../proof/failing-calls.js'

proveRow(failingCalls)

it.each([{ sync: 'never' }, { syncDirectory: 'never' }] as const)(
  'with %o the same script is told what is not true',
  async (lies) => {
    const { failures } = await failEachCall(1, { lies, stopsAtFirst: true })
    expect(failures).not.toEqual([])
  },
)
