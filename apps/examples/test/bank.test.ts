import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StateManager } from '@mini-rs/ministate'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Account, bank, faultOf } from '../src/bank/bank.js'
import { runProgram } from './run.js'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ministate-bank-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

function stateOf(
  deposited: number,
  ...accounts: readonly Account[]
): Parameters<typeof faultOf>[0] {
  return { deposited, accounts: new Map(accounts.map((one, n) => [`account-${n}`, one])) }
}

/** Numbers of records, as the first teller that was killed has left them. */
function firstRecovery(
  output = '',
): Record<'acknowledged' | 'snapshot' | 'replayed' | 'more', number> {
  const [, acknowledged, snapshot, replayed, more] =
    /kill 1: (\d+) .*\n.*snapshot of (\w+), (\d+) replayed; (\d+) more/.exec(output) ?? []
  return {
    acknowledged: Number(acknowledged),
    snapshot: snapshot === 'nothing' ? 0 : Number(snapshot),
    replayed: Number(replayed),
    more: Number(more),
  }
}

describe('faultOf', () => {
  test('finds nothing where there is nothing', () => {
    const state = stateOf(10, { balance: 20, overdraft: 0 }, { balance: -10, overdraft: 10 })
    expect(faultOf(state)).toBeUndefined()
  })

  test('finds money that was made, and money that was lost', () => {
    expect(faultOf(stateOf(10, { balance: 11, overdraft: 0 }))).toBe('the total is 11, not 10')
    expect(faultOf(stateOf(10, { balance: 9, overdraft: 0 }))).toBe('the total is 9, not 10')
  })

  test('finds an account that is overdrawn too far', () => {
    const state = stateOf(0, { balance: 11, overdraft: 0 }, { balance: -11, overdraft: 10 })
    expect(faultOf(state)).toBe('account-1 is at -11, and its limit is -10')
  })
})

describe('bank', () => {
  test('of two transfers that want the same money, decides the first and rejects the second', async () => {
    const manager = await StateManager.open(folder, bank)
    await manager.do.open({ account: 'a', deposit: 10, overdraft: 5 })
    await manager.do.open({ account: 'b', deposit: 0, overdraft: 0 })

    const outcomes = await Promise.allSettled([
      manager.do.transfer({ id: '1', from: 'a', to: 'b', amount: 15 }),
      manager.do.transfer({ id: '2', from: 'a', to: 'b', amount: 1 }),
    ])

    expect(outcomes).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: 'REJECTED', rejection: { code: 'OVERDRAWN' } } },
    ])
    expect(manager.sequence()).toBe(3)
    expect(faultOf(manager.state)).toBeUndefined()
    await manager.close()
  })

  test('rejects what is no transfer', async () => {
    const manager = await StateManager.open(folder, bank)
    await manager.do.open({ account: 'a', deposit: 10, overdraft: 0 })
    const transfer = { id: '1', from: 'a', to: 'a', amount: 1 }

    await manager.do.transfer(transfer)
    for (const [change, code] of [
      [{ from: 'c' }, 'NO_SUCH_ACCOUNT'],
      [{ to: 'c' }, 'NO_SUCH_ACCOUNT'],
      [{ amount: -1 }, 'BAD_AMOUNT'],
      [{ amount: 0.5 }, 'BAD_AMOUNT'],
    ] as const) {
      const call = manager.do.transfer({ ...transfer, ...change })
      await expect(call).rejects.toMatchObject({ rejection: { code } })
    }
    expect(manager.state.accounts.get('a')?.balance).toBe(10)
    await manager.close()
  })

  test('is killed under a thousand transfers, and the total is always right', async () => {
    const kills = Number(process.env['KILLS'] ?? 2)
    const outputs: string[] = []
    // The second run goes on with what the first has left: a snapshot, for the first was closed at its end.
    for (const snapshot of ['(?:nothing|\\d+)', '\\d+']) {
      const { exitCode, output } = await runProgram('bank/main.ts', [folder], { KILLS: `${kills}` })
      expect(exitCode, output).toBe(0)
      expect(output).toContain('100 accounts, 10000 in all')
      expect(output).toMatch(
        new RegExp(`kill ${kills}: \\d+ transfers acknowledged, \\d+ rejected`),
      )
      expect(output).toMatch(new RegExp(`recovered: snapshot of ${snapshot}, \\d+ replayed`))
      expect(output).toMatch(/the watcher saw \d+ states: the total was 10000 in each/)
      outputs.push(output)
    }
    // A new folder has the openings, what was acknowledged and what more was on the disk: no record besides.
    const { snapshot, replayed, acknowledged, more } = firstRecovery(outputs[0])
    expect(snapshot + replayed).toBe(100 + acknowledged + more)
  })
})
