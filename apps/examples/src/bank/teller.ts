// The process that writes, with a thousand transfers under way at any time, until it is told to stop or killed.
import { MiniStateError, StateManager } from '@mini-rs/ministate'
import { bank } from './bank.js'

/** What a teller reports. */
export type FromTeller =
  | { readonly kind: 'acknowledged'; readonly seq: number; readonly id: string }
  | { readonly kind: 'rejected'; readonly code: string }
  | { readonly kind: 'closed'; readonly seq: number; readonly snapshots: number }

const CONCURRENT = 1_000
const [folder = '', seed = '1'] = process.argv.slice(2)
const stopping = new AbortController()
process.on('message', () => stopping.abort())
process.on('disconnect', () => process.exit())

const manager = await StateManager.open(folder, bank, {
  // Opening stays fast; the log stays whole, for whoever audits it.
  snapshots: { everyRecords: 2_000, compact: false },
})
const accounts = [...manager.state.accounts.keys()]
const random = randomFrom(Number(seed))
let count = 0

await Promise.all(Array.from({ length: CONCURRENT }, transferUntilStopped))
const snapshots = manager.stats().snapshots?.created ?? 0
await manager.close()
report({ kind: 'closed', seq: manager.sequence(), snapshots })
process.disconnect()

async function transferUntilStopped(): Promise<void> {
  while (!stopping.signal.aborted) {
    const id = `${seed}-${++count}`
    try {
      const amount = 1 + random(60)
      const { seq } = await manager.do.transfer({ id, from: oneOf(), to: oneOf(), amount })
      report({ kind: 'acknowledged', seq, id })
    } catch (error) {
      if (!MiniStateError.is(error) || error.rejection === undefined) throw error
      report({ kind: 'rejected', code: error.rejection.code })
    }
  }
}

function oneOf(): string {
  return accounts[random(accounts.length)] ?? ''
}

/** Whole numbers below a limit, the same for the same seed. */
function randomFrom(start: number): (below: number) => number {
  let state = start >>> 0
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

function report(message: FromTeller): void {
  process.send?.(message)
}
