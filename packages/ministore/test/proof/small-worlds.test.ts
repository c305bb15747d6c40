import { expect, it } from 'vitest'
import { runSmallWorlds, smallWorlds } from '../../proof/small-worlds.js'
import { proveRow } from '@mini-rs/testkit/vitest'

proveRow(smallWorlds)

it.each([{ sync: 'never' }, { sync: 'late' }, { syncDirectory: 'never' }] as const)(
  'with %o the same worlds lose data',
  async (lies) => {
    const { failures } = await runSmallWorlds(4, { lies })
    expect(failures.join()).toMatch(/acknowledged|refused/)
  },
)
