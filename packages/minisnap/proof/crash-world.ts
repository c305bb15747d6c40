import { MiniStore, MiniStoreError } from '@mini-rs/ministore'
import { MiniSnapError, SnapStore, compact } from '@mini-rs/minisnap'
import {
  type Choices,
  CrashFileSystem,
  type CrashFileSystemOptions,
  type PowerCutRules,
} from '@mini-rs/testkit'

/** What a world may do, and what is taken away from it for a negative control. */
export interface WorldOptions {
  /** Lives of the machine, each ended by a crash. */
  readonly lives: number
  /** Steps of a life. */
  readonly steps: number
  /** Crash states that are looked at after each life, besides the one that the next life begins with. */
  readonly statesPerLife: number
  readonly power?: Partial<PowerCutRules>
  readonly disk?: CrashFileSystemOptions
  /** Whether a violation is shrunk to the smallest script that shows it. Default true. */
  readonly isShrunk?: boolean
}

/** A fold of the log: the records, and which of several snapshots of one number this is. */
interface State {
  readonly ids: readonly number[]
  readonly revision: number
  /** So that files are longer than a sector. */
  readonly pad: string
}

/** Something that must never happen. */
export class Violation extends Error {}

const JOURNAL = '/log/journal.jsonl'
const FOLDER = '/log/snapshots'
const KEEP = 2

/** A snapshot that was asked for. */
interface Asked {
  readonly seq: number
  readonly text: string
  /** In the order of the calls. */
  readonly turn: number
}

/** What must, and what may, be found after a crash. */
interface Expectation {
  /** Every record that was ever handed over, by its number, in this history of the log. */
  readonly ids: ReadonlyMap<number, number>
  readonly mustReach: number
  /** Snapshots that may be there. */
  readonly asked: readonly Asked[]
  /** The newest that was acknowledged. */
  readonly acknowledged: readonly Asked[]
}

/** Runs a world, and answers how many crash states it looked at. @throws Violation */
export async function runWorld(choices: Choices, options: WorldOptions): Promise<number> {
  let disk = new CrashFileSystem({ choices, ...options.disk })
  let expected: Expectation = { ids: new Map(), mustReach: 0, asked: [], acknowledged: [] }
  let states = 0
  let nextId = 1
  for (let life = 0; life < options.lives; life++) {
    const lived = new Life(disk, expected, choices, options, nextId)
    await lived.run()
    nextId = lived.nextId
    for (let state = 0; state <= options.statesPerLife; state++) {
      const crashed = lived.crash()
      const untouched = crashed.disk.killedAt(0)
      await lookAt(crashed.disk, crashed.expected, choices)
      states++
      disk = untouched // so that a crash can hit the recovery of what this one has left
      expected = crashed.expected
    }
  }
  return states
}

/** One life of the machine: append, take snapshots, compact, until the power fails. */
class Life {
  readonly #disk: CrashFileSystem
  readonly #before: Expectation
  readonly #choices: Choices
  readonly #options: WorldOptions
  readonly #asked: Asked[]
  readonly #kept: { position: number; seq: number }[] = []
  readonly #acknowledged: { position: number; asked: Asked }[] = []
  #ids: Map<number, number>
  #openedAt = 0
  nextId: number

  constructor(
    disk: CrashFileSystem,
    before: Expectation,
    choices: Choices,
    options: WorldOptions,
    nextId: number,
  ) {
    this.#disk = disk
    this.#before = before
    this.#choices = choices
    this.#options = options
    this.#ids = new Map(before.ids)
    this.#asked = [...before.asked]
    this.nextId = nextId
  }

  async run(): Promise<void> {
    const log = await openLog(this.#disk)
    const snapshots = openSnapshots(this.#disk)
    const found = await recover(log, snapshots)
    check(found, this.#before)
    this.#openedAt = this.#disk.position
    this.#ids = new Map([...this.#ids].filter(([seq]) => seq <= log.lastSeq))
    const pending: Promise<void>[] = []
    for (let step = 0; step < this.#options.steps; step++) {
      const isAwaited = this.#choices.choose(4) < 3
      const done = this.#step(log, snapshots)
      pending.push(done)
      done.catch(() => undefined) // told by the await here or behind the loop
      if (isAwaited) await done
    }
    await Promise.all(pending)
    await assertNoLeftover(this.#disk, snapshots, this.#acknowledged.length > 0)
  }

  /** A crash somewhere in this life, of the process or of the machine. */
  crash(): { disk: CrashFileSystem; expected: Expectation } {
    const position = this.#disk.position - this.#choices.choose(this.#disk.position + 1)
    const isPowerCut = this.#choices.choose(4) < 3
    const disk = isPowerCut
      ? this.#disk.powerCutAt(position, this.#choices, this.#options.power)
      : this.#disk.killedAt(position)
    return { disk, expected: this.#expectedAt(position) }
  }

  #expectedAt(position: number): Expectation {
    if (position < this.#openedAt) return this.#before
    const isReached = (mark: { position: number }): boolean => mark.position <= position
    const kept = this.#kept.filter(isReached).map(({ seq }) => seq)
    const acknowledged = this.#acknowledged.filter(isReached).map(({ asked }) => asked)
    return {
      ids: this.#ids,
      mustReach: Math.max(this.#before.mustReach, ...kept),
      asked: this.#asked,
      acknowledged: [...this.#before.acknowledged, ...acknowledged],
    }
  }

  async #step(log: MiniStore<number>, snapshots: SnapStore<State>): Promise<void> {
    switch (this.#choices.choose(8)) {
      case 5:
      case 6:
        await this.#snapshot(log, snapshots)
        break
      case 7:
        if (this.#choices.choose(4) === 0) await snapshots.prune()
        else await compact(log, snapshots)
        break
      default:
        await this.#append(log, 1 + this.#choices.choose(3))
    }
  }

  async #append(log: MiniStore<number>, count: number): Promise<void> {
    const ids = Array.from({ length: count }, () => this.nextId++)
    const appending = log.appendMany(ids)
    const first = Math.max(0, log.lastSeq, ...this.#ids.keys()) + 1
    ids.forEach((id, index) => this.#ids.set(first + index, id))
    const range = await appending
    if (range.first !== first) throw new Violation(`numbered ${range.first}, not ${first}`)
    this.#kept.push({ position: this.#disk.position, seq: range.last })
  }

  async #snapshot(log: MiniStore<number>, snapshots: SnapStore<State>): Promise<void> {
    const seq = log.lastSeq
    const ids = Array.from({ length: seq }, (_, index) => this.#ids.get(index + 1) ?? -1)
    const pad = 'x'.repeat([0, 300, 1200][this.#choices.choose(3)] ?? 0)
    const state: State = { ids, revision: this.#asked.length, pad }
    const asked = { seq, text: JSON.stringify(state), turn: this.#asked.length }
    this.#asked.push(asked)
    await snapshots.create(state, seq, { log })
    this.#acknowledged.push({ position: this.#disk.position, asked })
  }
}

/** What a program finds when it starts. */
interface Found {
  readonly snapshot: { readonly seq: number; readonly text: string } | undefined
  readonly firstSeq: number
  readonly lastSeq: number
  /** Snapshot and tail, folded. */
  readonly ids: readonly number[]
}

function openLog(fileSystem: CrashFileSystem): Promise<MiniStore<number>> {
  return MiniStore.open<number>(JOURNAL, { fileSystem, maxSegmentBytes: 150 })
}

function openSnapshots(fileSystem: CrashFileSystem): SnapStore<State> {
  return new SnapStore<State>(FOLDER, { fileSystem, keep: KEEP })
}

async function recover(log: MiniStore<number>, snapshots: SnapStore<State>): Promise<Found> {
  const restored = await snapshots.tryRestore()
  const ids = [...(restored?.state.ids ?? [])]
  for await (const { record } of log.entries({ from: (restored?.seq ?? 0) + 1 })) ids.push(record)
  return {
    snapshot: restored && { seq: restored.seq, text: JSON.stringify(restored.state) },
    firstSeq: log.firstSeq,
    lastSeq: log.lastSeq,
    ids,
  }
}

async function lookAt(
  disk: CrashFileSystem,
  expected: Expectation,
  choices: Choices,
): Promise<void> {
  const found = await recoverAll(disk)
  check(found, expected)
  // Compaction must leave the tail that an older snapshot needs.
  const [newest, older] = await openSnapshots(disk).list()
  if (found.firstSeq > 1 && newest !== undefined) {
    if (older === undefined) throw new Violation('compacted with one snapshot alone')
    const at = choices.choose(newest.sizeBytes)
    disk.alter(newest.path, (bytes) => {
      bytes[at] = (bytes[at] ?? 0) ^ (1 << choices.choose(8))
    })
    const fallen = await recoverAll(disk)
    if (fallen.snapshot?.seq === newest.seq) throw new Violation('damage was not noticed')
    check(fallen, { ...expected, acknowledged: [] })
  }
}

async function recoverAll(disk: CrashFileSystem): Promise<Found> {
  try {
    const log = await openLog(disk)
    const found = await recover(log, openSnapshots(disk))
    await log.close()
    return found
  } catch (error) {
    if (!MiniStoreError.is(error) && !MiniSnapError.is(error)) throw error
    throw new Violation(`refused: ${error.message}`)
  }
}

function check({ snapshot, lastSeq, ids }: Found, expected: Expectation): void {
  if (lastSeq < expected.mustReach) {
    throw new Violation(`acknowledged ${expected.mustReach}, recovered ${lastSeq}`)
  }
  const newest = Math.max(-1, ...expected.acknowledged.map(({ seq }) => seq))
  if ((snapshot?.seq ?? -1) < newest) {
    throw new Violation(`acknowledged a snapshot of ${newest}, restored ${snapshot?.seq}`)
  }
  if (snapshot !== undefined) checkContent(snapshot, expected)
  if (ids.length !== lastSeq) throw new Violation(`folded ${ids.length} records of ${lastSeq}`)
  ids.forEach((id, index) => {
    if (expected.ids.get(index + 1) !== id) throw new Violation(`record ${index + 1} is wrong`)
  })
}

/** It is one that was asked for, and none that an acknowledged one of the same number has replaced. */
function checkContent(
  { seq, text }: { readonly seq: number; readonly text: string },
  { asked, acknowledged }: Expectation,
): void {
  const turn = asked.findLast((one) => one.seq === seq && one.text === text)?.turn
  if (turn === undefined) throw new Violation(`the state of ${seq} is none that was created`)
  const replaced = acknowledged.findLast((one) => one.seq === seq)?.turn ?? -1
  if (turn < replaced) throw new Violation(`the state of ${seq} is one that was replaced`)
}

async function assertNoLeftover(
  disk: CrashFileSystem,
  snapshots: SnapStore<State>,
  hasCreated: boolean,
): Promise<void> {
  if (!hasCreated) return
  const leftovers = disk.paths.filter((path) => path.startsWith(FOLDER) && path.includes('.tmp'))
  if (leftovers.length > 0) throw new Violation(`left behind: ${leftovers.join(' ')}`)
  const [newest] = await snapshots.verify()
  if (newest?.status !== 'whole') throw new Violation('the newest snapshot is not whole')
}
