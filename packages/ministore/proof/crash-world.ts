import {
  type Choices,
  CrashFileSystem,
  type CrashFileSystemOptions,
  type PowerCutRules,
} from '@mini-rs/testkit'
import { MiniStore, MiniStoreError, type OpenOptions } from '@mini-rs/ministore'
import { BASE } from '../test/support/journals.js'

/** What a world may do, and what is taken away from it for a negative control. */
export interface WorldOptions {
  /** Lives of the machine, each ended by a crash. */
  readonly lives: number
  /** Steps of a life. */
  readonly steps: number
  /** Crash states that are looked at after each life, besides the one that the next life begins with. */
  readonly statesPerLife: number
  readonly power?: Partial<PowerCutRules>
  readonly open?: OpenOptions<TestRecord>
  readonly disk?: CrashFileSystemOptions
  /** Whether a violation is shrunk to the smallest script that shows it. Default true. */
  readonly isShrunk?: boolean
}

/** A record that tells itself from every other. */
export interface TestRecord {
  readonly n: number
  readonly pad: string
}

/** Something that must never happen. */
export class Violation extends Error {}

/** What must, and what may, be found after a crash. */
interface Expectation {
  /** Content by number; what is not in it was never appended. */
  readonly records: ReadonlyMap<number, string>
  /** The newest record that was acknowledged, to be found again after the death of the process. */
  readonly mustReach: number
  /** The newest that must survive a power cut as well. */
  readonly mustSurvivePowerCut: number
  /** All or none of each. */
  readonly batches: readonly { readonly first: number; readonly last: number }[]
  /** The oldest record is none of those behind this. */
  readonly mayBeDroppedThrough: number
  /** These were dropped, durably. */
  readonly isDroppedThrough: number
  /** Refusals that are no violation: with stale bytes in gaps a tail can look like damage. */
  readonly mayRefuse: boolean
}

/** What was found. */
interface Found {
  readonly firstSeq: number
  readonly records: ReadonlyMap<number, string>
}

/** Runs a world, and answers how many crash states it looked at. @throws Violation */
export async function runWorld(choices: Choices, options: WorldOptions): Promise<number> {
  let disk = new CrashFileSystem({ choices, ...options.disk })
  let expected: Expectation = {
    records: new Map(),
    mustReach: 0,
    mustSurvivePowerCut: 0,
    batches: [],
    mayBeDroppedThrough: 0,
    isDroppedThrough: 0,
    mayRefuse: false,
  }
  let states = 0
  let nextN = 1
  for (let life = 0; life < options.lives; life++) {
    const lived = new Life(disk, expected, choices, options, nextN)
    await lived.run()
    nextN = lived.nextN
    for (let state = 0; state <= options.statesPerLife; state++) {
      const crashed = lived.crash()
      const untouched = crashed.disk.killedAt(0)
      const found = await lookAt(crashed.disk, crashed.expected, options)
      states++
      if (found === undefined) return states // refused, where that is allowed: nothing to go on with
      if (state < options.statesPerLife) continue
      disk = untouched // so that a crash can hit the recovery of what this one has left
      expected = crashed.expected
    }
  }
  return states
}

/** One life of the machine: open, append and rotate and drop, until the power fails. */
class Life {
  readonly #disk: CrashFileSystem
  readonly #before: Expectation
  readonly #choices: Choices
  readonly #options: WorldOptions
  #records: Map<number, string>
  readonly #batches: { first: number; last: number }[] = []
  // Marks in the log of the disk: from that position on, records up to `seq` must be there.
  readonly #kept: { position: number; seq: number; isDurable: boolean }[] = []
  readonly #drops: { position: number; through: number; isDone: boolean }[] = []
  #openedAt = 0
  #recoveredSeq = 0
  nextN: number

  constructor(
    disk: CrashFileSystem,
    before: Expectation,
    choices: Choices,
    options: WorldOptions,
    nextN: number,
  ) {
    this.#disk = disk
    this.#before = before
    this.#choices = choices
    this.#options = options
    this.#records = new Map(before.records)
    this.nextN = nextN
  }

  async run(): Promise<void> {
    const store = await this.#open()
    this.#openedAt = this.#disk.position
    if (store.lastSeq < this.#before.mustReach) {
      throw new Violation(`open found ${store.lastSeq}, not ${this.#before.mustReach}`)
    }
    this.#records = new Map([...this.#records].filter(([seq]) => seq <= store.lastSeq))
    this.#recoveredSeq = store.lastSeq
    this.#note(store)
    this.#drops.push({ position: this.#openedAt, through: store.firstSeq - 1, isDone: true })
    const pending: Promise<void>[] = []
    for (let step = 0; step < this.#options.steps; step++) {
      const isAwaited = this.#choices.choose(4) < 3
      const done = this.#step(store)
      pending.push(done)
      done.catch(() => undefined) // told by the await here or behind the loop
      if (isAwaited) await done
    }
    await Promise.all(pending)
    if (this.#choices.choose(3) === 1) await store.close()
    this.#note(store)
  }

  /** A crash somewhere in this life, of the process or of the machine. */
  crash(): { disk: CrashFileSystem; expected: Expectation } {
    const position = this.#disk.position - this.#choices.choose(this.#disk.position + 1)
    const isPowerCut = this.#choices.choose(4) < 3
    const disk = isPowerCut
      ? this.#disk.powerCutAt(position, this.#choices, this.#options.power)
      : this.#disk.killedAt(position)
    return { disk, expected: this.#expectedAt(position, isPowerCut) }
  }

  #expectedAt(position: number, isPowerCut: boolean): Expectation {
    const isReached = (mark: { position: number }): boolean => mark.position <= position
    const kept = this.#kept.filter(isReached)
    const durable = kept.filter((mark) => mark.isDurable)
    const drops = this.#drops.filter(isReached)
    const through = drops.map((drop) => drop.through)
    const done = drops.filter((drop) => drop.isDone).map((drop) => drop.through)
    const mustSurvivePowerCut = newest(this.#before.mustSurvivePowerCut, durable)
    const isOpen = position >= this.#openedAt
    return {
      records: isOpen ? this.#records : this.#before.records,
      mustReach: isPowerCut ? mustSurvivePowerCut : newest(this.#before.mustReach, kept),
      mustSurvivePowerCut,
      batches: isOpen ? this.#batches : this.#before.batches,
      mayBeDroppedThrough: Math.max(this.#before.mayBeDroppedThrough, ...through),
      isDroppedThrough: Math.max(this.#before.isDroppedThrough, ...done),
      mayRefuse: this.#before.mayRefuse || (isPowerCut && this.#options.power?.gaps === 'stale'),
    }
  }

  #open(): Promise<MiniStore<TestRecord>> {
    const choices = this.#choices
    return MiniStore.open<TestRecord>(BASE, {
      onAmbiguousTail: this.#before.mayRefuse ? 'setAside' : 'refuse',
      fileSystem: this.#disk,
      maxSegmentBytes: [64 * 1024 * 1024, 1500, 400][choices.choose(3)] ?? 400,
      durability: choices.choose(3) === 2 ? 'os' : 'disk',
      syncOn: choices.choose(2) === 1 ? 'inline' : 'threadPool',
      maxCommitBytes: choices.choose(4) === 3 ? 300 : 4 * 1024 * 1024,
      ...this.#options.open,
    })
  }

  async #step(store: MiniStore<TestRecord>): Promise<void> {
    const choose = (count: number): number => this.#choices.choose(count)
    switch (choose(10)) {
      case 7:
        await store.rotate()
        break
      case 8:
        await this.#drop(store, 1 + choose(store.lastSeq + 1))
        break
      case 9:
        await store.flush()
        break
      case 4:
      case 5:
        await this.#appendMany(store, Math.min(2 + choose(4), store.limits.maxBatchRecords))
        break
      case 6:
        await Promise.all(Array.from({ length: 2 + choose(4) }, () => this.#append(store)))
        break
      default:
        await this.#append(store)
    }
    this.#note(store)
  }

  async #append(store: MiniStore<TestRecord>): Promise<void> {
    const record = this.#record()
    const appending = store.append(record)
    this.#submit(store, [record])
    await appending
    this.#note(store)
  }

  async #appendMany(store: MiniStore<TestRecord>, count: number): Promise<void> {
    const records = Array.from({ length: count }, () => this.#record())
    const appending = store.appendMany(records)
    this.#batches.push(this.#submit(store, records))
    await appending
    this.#note(store)
  }

  async #drop(store: MiniStore<TestRecord>, seq: number): Promise<void> {
    const { position } = this.#disk
    this.#drops.push({ position, through: seq - 1, isDone: false })
    await store.dropBefore(seq)
    const through = store.firstSeq - 1
    this.#drops.push({ position: this.#disk.position, through, isDone: true })
  }

  #record(): TestRecord {
    const sizes = [0, 0, 10, 100, 400, 1500]
    const size = sizes[this.#choices.choose(sizes.length)] ?? 0
    return { n: this.nextN++, pad: 'x'.repeat(size) }
  }

  /** Notes records that a call has just handed over; its numbers are the next ones, in the order of the calls. */
  #submit(
    store: MiniStore<TestRecord>,
    records: readonly TestRecord[],
  ): { first: number; last: number } {
    const first = Math.max(0, this.#recoveredSeq, ...this.#records.keys()) + 1
    if (first <= store.lastSeq) throw new Violation('a number was given twice')
    records.forEach((record, index) => this.#records.set(first + index, JSON.stringify(record)))
    return { first, last: first + records.length - 1 }
  }

  #note(store: MiniStore<TestRecord>): void {
    const { position } = this.#disk
    this.#kept.push({ position, seq: store.lastSeq, isDurable: false })
    this.#kept.push({ position, seq: store.durableSeq, isDurable: true })
  }
}

function newest(before: number, kept: readonly { readonly seq: number }[]): number {
  return Math.max(before, ...kept.map(({ seq }) => seq))
}

/** Opens what a crash has left, and holds it against what must be there. Undefined: refused, and that is allowed. */
async function lookAt(
  disk: CrashFileSystem,
  expected: Expectation,
  options: WorldOptions,
): Promise<Found | undefined> {
  const open: OpenOptions<TestRecord> = { ...options.open, fileSystem: disk }
  const shown = await readAll(disk)
  const store = await openOrRefuse(open, expected)
  if (store === undefined) return undefined
  const found = await readStore(store)
  check(found, expected)
  if (typeof shown === 'string') throw new Violation(`a reader refused: ${shown}`)
  const firstSeq = shown.keys().next().value ?? found.firstSeq
  check({ firstSeq, records: shown }, expected)
  // A commit that lacks only its newline is the writer's to heal; a reader leaves it out.
  if (shown.size > found.records.size) throw new Violation('a reader saw more than is there')
  await store.close()
  await assertNoOp(disk, found)
  return found
}

async function openOrRefuse(
  open: OpenOptions<TestRecord>,
  { mayRefuse }: Expectation,
): Promise<MiniStore<TestRecord> | undefined> {
  try {
    return await MiniStore.open(BASE, open)
  } catch (error) {
    if (!MiniStoreError.is(error)) throw error
    if (!mayRefuse) throw new Violation(`refused: ${error.message}`)
    if (error.code !== 'JOURNAL_AMBIGUOUS_TAIL') return undefined
    return MiniStore.open(BASE, { ...open, onAmbiguousTail: 'setAside' })
  }
}

async function readStore(store: MiniStore<TestRecord>): Promise<Found> {
  const records = new Map<number, string>()
  for await (const { firstSeq, records: batch } of store.batches()) {
    batch.forEach((record, index) => records.set(firstSeq + index, JSON.stringify(record)))
  }
  return { firstSeq: store.firstSeq, records }
}

async function readAll(disk: CrashFileSystem): Promise<Map<number, string> | string> {
  const records = new Map<number, string>()
  try {
    for await (const batch of MiniStore.batches(BASE, { fileSystem: disk })) {
      batch.records.forEach((record, index) =>
        records.set(batch.firstSeq + index, JSON.stringify(record)),
      )
    }
    return records
  } catch (error) {
    if (!MiniStoreError.is(error)) throw error
    return error.message
  }
}

function check({ firstSeq, records }: Found, expected: Expectation): void {
  const lastSeq = firstSeq + records.size - 1
  if (lastSeq < expected.mustReach) {
    throw new Violation(`acknowledged ${expected.mustReach}, recovered ${lastSeq}`)
  }
  if (firstSeq - 1 > expected.mayBeDroppedThrough) {
    throw new Violation(`dropped through ${firstSeq - 1}, asked ${expected.mayBeDroppedThrough}`)
  }
  if (firstSeq - 1 < expected.isDroppedThrough) {
    throw new Violation(`${expected.isDroppedThrough} was dropped, and is there again`)
  }
  for (const [seq, text] of records) {
    if (expected.records.get(seq) !== text) throw new Violation(`record ${seq} is wrong: ${text}`)
  }
  for (const { first, last } of expected.batches) {
    if (lastSeq >= first && lastSeq < last) {
      throw new Violation(`half of the batch ${first} to ${last}: up to ${lastSeq}`)
    }
  }
}

/** Opening what was just recovered finds it in order and changes no byte of it. */
async function assertNoOp(disk: CrashFileSystem, { records }: Found): Promise<void> {
  const before = disk.get(BASE)
  const store = await MiniStore.open<TestRecord>(BASE, { fileSystem: disk })
  const again = await readStore(store)
  await store.close()
  if (store.recovery.verdict !== 'clean') {
    throw new Violation(`a second open found the journal ${store.recovery.verdict}`)
  }
  if (again.records.size !== records.size || !before.equals(disk.get(BASE))) {
    throw new Violation('a second open changed the journal')
  }
}
