// A bank under a thousand concurrent transfers, killed again and again: the total is always right.
// npx tsx src/bank/main.ts [folder]; SEED=… repeats the transfers of another run
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { StateManager } from '@mini-rs/ministate'
import { exampleFolder } from '../folder.js'
import { bank, faultOf, totalOf } from './bank.js'
import type { FromTeller } from './teller.js'

const ACCOUNTS = 100
const KILLS = Number(process.env['KILLS'] ?? 3)
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const TELLER = fileURLToPath(new URL('teller.ts', import.meta.url))
const folder = await exampleFolder()

interface Shift {
  /** Ids of transfers, by the numbers with which they were acknowledged. */
  readonly acknowledged: ReadonlyMap<number, string>
  readonly rejectedCount: number
  readonly closed: (FromTeller & { kind: 'closed' }) | undefined
}

/** Lets a teller work until so many transfers were acknowledged, and then kills it, or lets it close. */
async function shift(seed: number, until: number, end: 'kill' | 'close'): Promise<Shift> {
  const teller = fork(TELLER, [folder, String(seed)])
  const acknowledged = new Map<number, string>()
  let rejectedCount = 0
  let closed: Shift['closed']
  teller.on('message', (message: FromTeller) => {
    if (message.kind === 'acknowledged') acknowledged.set(message.seq, message.id)
    else if (message.kind === 'rejected') rejectedCount++
    else closed = message
    if (acknowledged.size !== until) return
    if (end === 'kill') teller.kill('SIGKILL')
    else teller.send('stop', () => {})
  })
  const [exitCode, signal] = (await once(teller, 'exit')) as [number | null, string | null]
  assert.ok(end === 'kill' ? signal === 'SIGKILL' : exitCode === 0, `${signal ?? exitCode}`)
  return { acknowledged, rejectedCount, closed }
}

/** Opens what a killed teller has left: every acknowledged transfer is there, with its number, and none twice. */
async function recover({ acknowledged }: Shift): Promise<string> {
  const manager = await StateManager.open(folder, bank)
  assert.equal(faultOf(manager.state), undefined)
  const ids = new Set<string>()
  const first = Math.min(...acknowledged.keys())
  for await (const { seq, mutation } of manager.history({ from: first })) {
    assert.ok(typeof mutation === 'object' && mutation.transfer !== undefined)
    const { id } = mutation.transfer
    assert.ok(!ids.has(id), `${id} is in the log twice`)
    ids.add(id)
    const known = acknowledged.get(seq)
    assert.ok(known === undefined || known === id)
  }
  for (const id of acknowledged.values()) assert.ok(ids.has(id), `${id} is lost`)
  const more = ids.size - acknowledged.size
  const { snapshot, replayedRecords } = manager.recovery
  await manager.close()
  return `snapshot of ${snapshot?.seq ?? 'nothing'}, ${replayedRecords} replayed; ${more} more were on the disk, unacknowledged`
}

const manager = await StateManager.open(folder, bank)
if (manager.sequence() === 0) {
  const openings = Array.from({ length: ACCOUNTS }, (_, n) => {
    return { open: { account: `account-${n}`, deposit: 100, overdraft: (n % 5) * 10 } }
  })
  await manager.applyAll(openings)
}
await manager.close()
console.log(
  `${manager.state.accounts.size} accounts, ${manager.state.deposited} in all, seed ${SEED}`,
)

// It sees every commit of every teller, and looks at the whole state each time.
const watcher = await StateManager.open(folder, bank, { readOnly: { follow: true } })
let commitCount = 0
const faults: string[] = []
watcher.subscribe(() => {
  commitCount++
  const fault = faultOf(watcher.state)
  if (fault !== undefined) faults.push(`mutation ${watcher.sequence()}: ${fault}`)
})

for (let kill = 1; kill <= KILLS; kill++) {
  const killed = await shift(SEED + kill, 2_000 + 500 * kill, 'kill')
  console.log(
    `kill ${kill}: ${killed.acknowledged.size} transfers acknowledged, ${killed.rejectedCount} rejected`,
  )
  console.log(`        recovered: ${await recover(killed)}`)
}
const { closed } = await shift(SEED, 3_000, 'close')
await watcher.refresh()
assert.deepEqual(faults, [])
assert.equal(watcher.sequence(), closed?.seq)
console.log(
  `the watcher saw ${commitCount} states: the total was ${totalOf(watcher.state)} in each`,
)
await watcher.close()
