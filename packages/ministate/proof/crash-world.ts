import type { Engine, InPlaceStateManager } from '@mini-rs/ministate'
import { type Choices, CrashFileSystem } from '@mini-rs/testkit'
import { type LedgerMutations, type LedgerState, idsOf, openLedger } from './ledger-state.js'
import { Violation } from './model.js'

type Manager = InPlaceStateManager<LedgerState, LedgerMutations>

/** How long a world lives, and how often it is looked at. */
export interface CrashWorldOptions {
  readonly engine: Engine
  readonly lives: number
  readonly steps: number
  readonly statesPerLife: number
  readonly lies?: ConstructorParameters<typeof CrashFileSystem>[0]
}

/** What somebody knew when the disk had come so far. */
interface Known {
  readonly position: number
  /** So many mutations are surely there. */
  readonly count: number
}

/**
 * Lives of a state that end in a crash: at each, what survives is opened and held against what callers,
 * subscribers and readers in other processes knew. Answers how many crash states were looked at.
 */
export async function runCrashWorld(choices: Choices, options: CrashWorldOptions): Promise<number> {
  let disk = new CrashFileSystem({ choices, ...options.lies })
  let order: readonly number[] = []
  let states = 0
  for (let life = 1; life <= options.lives; life++) {
    const lived = await live(disk, order, choices, { ...options, firstId: life * 1000 })
    for (let n = 0; n < options.statesPerLife; n++) {
      const crashed = crash(disk, choices)
      const survived = await recovered(crashed.disk, lived, crashed.position, choices, options)
      states += survived.states
      disk = n === options.statesPerLife - 1 ? survived.disk : disk
      order = survived.order
    }
  }
  return states
}

interface Lived {
  /** Ids in the order in which they were decided. */
  readonly order: readonly number[]
  readonly known: readonly Known[]
}

async function live(
  disk: CrashFileSystem,
  before: readonly number[],
  choices: Choices,
  { engine, steps, firstId }: CrashWorldOptions & { readonly firstId: number },
): Promise<Lived> {
  const order = [...before]
  const known: Known[] = [{ position: disk.position, count: before.length }]
  const knows = (count: number): void => void known.push({ position: disk.position, count })
  const manager = await openLedger(disk, engine)
  manager.subscribe(() => knows(idsIn(manager)))
  const calls: Promise<unknown>[] = []
  let id = firstId
  const add = (): void => {
    order.push(++id)
    const count = order.length
    calls.push(manager.apply({ add: id }).then(() => knows(count)))
  }
  for (let step = 0; step < steps; step++) {
    switch (choices.choose(9)) {
      case 0: {
        const batch = Array.from({ length: 1 + choices.choose(4) }, () => ({ add: ++id }))
        order.push(...batch.map((one) => one.add))
        const count = order.length
        calls.push(manager.applyAll(batch).then(() => knows(count)))
        break
      }
      case 1: {
        // An answer, too, says that what it was decided on is there.
        const count = order.length
        calls.push(manager.apply({ refuse: id }).catch(() => knows(count)))
        break
      }
      case 2:
        calls.push(manager.createSnapshot())
        break
      case 3:
        calls.push(manager.compact())
        break
      case 4:
        await Promise.all(calls)
        break
      case 5: {
        const reader = await openLedger(disk, engine, { readOnly: true })
        knows((await idsOf(reader)).length)
        await reader.close()
        break
      }
      default:
        add()
    }
  }
  await Promise.all(calls)
  await manager.close()
  return { order, known }
}

function idsIn(manager: Manager): number {
  return manager.sequence()
}

function crash(
  disk: CrashFileSystem,
  choices: Choices,
): { disk: CrashFileSystem; position: number } {
  const position = choices.choose(disk.position + 1)
  const isKilled = choices.choose(3) === 0
  return { position, disk: isKilled ? disk.killedAt(position) : disk.powerCutAt(position, choices) }
}

/** Opens what a crash has left, perhaps crashes once more on the way, and looks at it. */
async function recovered(
  disk: CrashFileSystem,
  { order, known }: Lived,
  position: number,
  choices: Choices,
  { engine }: CrashWorldOptions,
): Promise<{ disk: CrashFileSystem; order: readonly number[]; states: number }> {
  const least = Math.max(...known.filter((one) => one.position <= position).map((one) => one.count))
  let current = disk
  let states = 1
  if (choices.choose(3) === 0) {
    await (await openLedger(current, engine)).close()
    current = crash(current, choices).disk
    states++
  }
  const manager = await openLedger(current, engine)
  const ids = await idsOf(manager)
  if (ids.length < least) {
    throw new Violation(`${least - ids.length} of ${least} that somebody knew of are lost`)
  }
  const wrong = ids.findIndex((one, index) => one !== order[index])
  if (wrong !== -1)
    throw new Violation(`mutation ${wrong + 1} is ${ids[wrong]}, not ${order[wrong]}`)
  if (manager.sequence() !== ids.length) throw new Violation('the number is not that of the state')
  await manager.close()
  const again = await openLedger(current, engine)
  const [first, second] = [JSON.stringify(ids), JSON.stringify(await idsOf(again))]
  if (first !== second) throw new Violation(`opened again it is ${second}, not ${first}`)
  await again.close()
  return { disk: current, order: ids, states }
}
