import { expect, it } from 'vitest'
import { failEachCall, failingCalls } from '../../proof/failing-calls.js'
import { proveRow } from '@mini-rs/testkit/vitest'

proveRow(failingCalls)

it.each([{ sync: 'never' }, { syncDirectory: 'never' }] as const)(
  'with %o the same script is told what is not true',
  async (lies) => {
    const { failures } = await failEachCall(1, 10, lies)
    expect(failures).not.toEqual([])
  },
)
