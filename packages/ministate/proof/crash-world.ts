import { Violation } from '@mini-rs/testkit'
import { type Engine, MiniStateError, StateManager } from '@mini-rs/ministate'
import { MiniStoreError } from '@mini-rs/ministore'
import { MiniSnapError } from '@mini-rs/minisnap'
import { type Choices, CrashFileSystem, type CrashFileSystemOptions } from '@mini-rs/testkit'
import { ModelHead } from './model-head.js'
import { PROGRAM_STATE, type ProgramMutation, textOf } from './model.js'
import {
  DIR,
  type ImmutableManager,
  type Manager,
  type ProgramOptions,
  chooseOptions,
  immutableOf,
  openProgramState,
} from './opening.js'

/** What a world may do, and what is taken away from it for a negative control. */
export interface CrashWorldOptions {
  /** Lives of the machine, each ended by a crash. */
  readonly lives: number
  /** Steps of a life. */
  readonly steps: number
  /** Crash states that are looked at after each life, besides the one that the next life begins with. */
  readonly statesPerLife: number
  readonly disk?: CrashFileSystemOptions
  readonly open?: ProgramOptions
}

/** What must, and what may, be found after a crash. */
interface Expectation {
  /** Every record that was ever decided, in this history of the log. */
  readonly model: ModelHead
  /** The newest on which anybody was told, or shown, anything. */
  readonly mustReach: number
}

/** Runs a world, and answers how many crash states it looked at. @throws Violation */
export async function runCrashWorld(choices: Choices, options: CrashWorldOptions): Promise<number> {
  let disk = new CrashFileSystem({ choices, ...options.disk })
  let expected: Expectation = { model: new ModelHead(choices), mustReach: 0 }
  let states = 0
  for (let life = 0; life < options.lives; life++) {
    const lived = new Life(disk, expected, choices, options)
    await lived.run()
    for (let state = 0; state <= options.statesPerLife; state++) {
      const crashed = lived.crash()
      const untouched = crashed.disk.killedAt(0)
      await lookAt(crashed.disk, crashed.expected, choices, options)
      states++
      if (state < options.statesPerLife) continue
      disk = untouched // so that a crash can hit the recovery of what this one has left
      expected = crashed.expected
    }
  }
  return states
}

/** One life of the machine: open, apply, snapshot, compact, with readers around, until the power fails. */
class Life {
  readonly #disk: CrashFileSystem
  readonly #before: Expectation
  readonly #choices: Choices
  readonly #options: CrashWorldOptions
  readonly #engine: Engine
  #model: ModelHead
  // From that position on, what somebody was told or shown stands on records up to `seq`.
  readonly #told: { readonly position: number; readonly seq: number }[] = []
  readonly #readers: { close(): Promise<void> }[] = []
  readonly #watching = new AbortController()
  readonly #watchers: Promise<void>[] = []
  #openedAt = 0

  constructor(
    disk: CrashFileSystem,
    before: Expectation,
    choices: Choices,
    options: CrashWorldOptions,
  ) {
    this.#disk = disk
    this.#before = before
    this.#choices = choices
    this.#options = options
    this.#model = before.model
    this.#engine = chooseEngine(choices)
  }

  async run(): Promise<void> {
    const manager = await open(this.#disk, this.#engine, this.#choices, this.#options)
    this.#openedAt = this.#disk.position
    const seq = await checkOpened(manager, this.#before)
    this.#model = this.#before.model.fork()
    this.#model.truncate(seq)
    this.#note(seq)
    this.#watch(manager)
    const pending: Promise<void>[] = []
    for (let step = 0; step < this.#options.steps; step++) {
      const isAwaited = this.#choices.choose(3) < 2
      const done = this.#step(manager)
      pending.push(done)
      done.catch(() => undefined) // told by the await here or behind the loop
      if (isAwaited) await done
    }
    await Promise.all(pending)
    if (this.#choices.choose(3) === 1) await manager.close()
    this.#watching.abort()
    await Promise.all([...this.#watchers, ...this.#readers.map((reader) => reader.close())])
  }

  /** A crash somewhere in this life, of the process or of the machine. */
  crash(): { disk: CrashFileSystem; expected: Expectation } {
    const position = this.#disk.position - this.#choices.choose(this.#disk.position + 1)
    const isPowerCut = this.#choices.choose(4) < 3
    const disk = isPowerCut
      ? this.#disk.powerCutAt(position, this.#choices)
      : this.#disk.killedAt(position)
    if (position < this.#openedAt) return { disk, expected: this.#before }
    const told = this.#told.filter((mark) => mark.position <= position).map(({ seq }) => seq)
    return {
      disk,
      expected: { model: this.#model, mustReach: Math.max(this.#before.mustReach, ...told) },
    }
  }

  #step(manager: Manager): Promise<void> {
    const { choose } = this
    switch (choose(18)) {
      case 8:
        return manager.createSnapshot().then(() => undefined)
      case 9:
        return manager.compact().then(() => undefined)
      case 10:
        return this.#beside(false)
      case 11:
        return this.#beside(true)
      case 12:
        return this.#read(manager)
      case 13:
        return this.#update(manager)
      case 14:
        return this.#apply(manager, this.#model.chooseMany(2 + choose(3)))
      case 15:
      case 16:
        return Promise.all([this.#applyOne(manager), this.#apply(manager, [this.#refused()])]).then(
          () => undefined,
        )
      case 17:
        return Promise.all([this.#applyOne(manager), this.#applyOne(manager)]).then(() => undefined)
      default:
        return this.#applyOne(manager)
    }
  }

  readonly choose = (count: number): number => this.#choices.choose(count)

  #applyOne(manager: Manager): Promise<void> {
    return this.#apply(manager, this.#model.chooseMany(1))
  }

  /** One that is refused, whatever the state is. */
  #refused(): ProgramMutation {
    const id = this.#model.nextId()
    return {
      run: {
        id,
        values: [],
        steps: [
          ['reject', 0, 0, 0],
          ['reject', 1, 0, 0],
        ],
      },
    }
  }

  /** Whatever the answer is, it stands on the state that it was decided on. */
  async #apply(manager: Manager, mutations: readonly ProgramMutation[]): Promise<void> {
    const expected = this.#model.decide(mutations)
    const [only = 'clear'] = mutations
    let code: string | undefined
    try {
      await (mutations.length === 1 ? manager.apply(only) : manager.applyAll(mutations))
    } catch (error) {
      if (!MiniStateError.is(error)) throw error
      code = error.code
    }
    if (code !== expected.code) throw new Violation(`${code} instead of ${expected.code}`)
    this.#note(expected.last)
  }

  async #update(manager: Manager): Promise<void> {
    const { seq } = this.#model
    let decidedOn = -1
    const answer = await manager.update(({ applied }) => {
      decidedOn = applied.length
      return undefined
    })
    if (answer !== undefined || decidedOn !== seq) throw new Violation('update decides otherwise')
    this.#note(seq)
  }

  async #read(manager: Manager): Promise<void> {
    const { text, seq } = await manager.read((state) => {
      return { text: textOf(state), seq: state.applied.length }
    })
    this.#shown(seq, text, 'what was read')
  }

  /** A reader of its own on the same disk: opened once, or following. */
  async #beside(isFollowing: boolean): Promise<void> {
    const reader = await StateManager.open(DIR, PROGRAM_STATE, {
      fileSystem: this.#disk,
      readOnly: { follow: isFollowing },
      freeze: false,
    })
    const look = (): void => this.#shown(reader.sequence(), textOf(reader.state), 'beside')
    look()
    reader.subscribe(look)
    if (isFollowing) this.#readers.push(reader)
    else await reader.refresh()
  }

  #watch(manager: Manager): void {
    const immutable: ImmutableManager | undefined = immutableOf(manager, this.#engine)
    manager.subscribe(() => {
      const seq = manager.sequence()
      if (immutable === undefined) this.#note(seq)
      else this.#shown(seq, textOf(immutable.state), 'what was published')
    })
    this.#watchers.push(this.#collect(manager).catch((error: unknown) => this.#endedBy(error)))
  }

  async #collect(manager: Manager): Promise<void> {
    let next = manager.sequence() + 1
    for await (const change of manager.changes({ signal: this.#watching.signal })) {
      if (change.kind === 'reset' || change.seq !== next) throw new Violation(`no change ${next}`)
      const logged = this.#model.loggedAt(next++)
      const isSame =
        logged === 'clear' || JSON.stringify(change.mutation) === JSON.stringify(logged)
      if (!isSame) throw new Violation(`the change ${change.seq} is another`)
      this.#note(change.seq)
    }
  }

  /** Where answers come before the sync, records can become durable and be dropped between two looks. */
  #endedBy(error: unknown): void {
    const isLax = this.#options.open?.durability === 'os'
    if (!isLax || !MiniStoreError.is(error) || error.code !== 'SEQ_DROPPED') throw error
  }

  #shown(seq: number, text: string, what: string): void {
    this.#model.check(seq, text, what)
    this.#note(seq)
  }

  #note(seq: number): void {
    this.#told.push({ position: this.#disk.position, seq })
  }
}

function chooseEngine(choices: Choices): Engine {
  return choices.choose(2) === 0 ? 'immutable' : 'inPlace'
}

function open(
  fileSystem: CrashFileSystem,
  engine: Engine,
  choices: Choices,
  options: CrashWorldOptions,
): Promise<Manager> {
  return openProgramState(engine, {
    ...chooseOptions(choices, fileSystem, rethrow),
    freeze: false,
    ...options.open,
  })
}

/** Nothing fails here that nobody waits for. */
function rethrow(error: unknown): never {
  throw error
}

/** Opens what a crash has left, and goes on from there a little. */
async function lookAt(
  disk: CrashFileSystem,
  expected: Expectation,
  choices: Choices,
  options: CrashWorldOptions,
): Promise<void> {
  try {
    const manager = await open(disk, chooseEngine(choices), choices, options)
    const seq = await checkOpened(manager, expected)
    if (choices.choose(4) === 3) {
      const model = expected.model.fork()
      model.truncate(seq)
      const { last } = model.decide([{ add: { id: model.nextId(), by: 0 } }])
      await manager.do.add({ id: last, by: 0 })
      if (manager.sequence() !== seq + 1) throw new Violation('it does not go on')
    }
    await manager.close()
  } catch (error) {
    const isOurs = MiniStateError.is(error) || MiniStoreError.is(error) || MiniSnapError.is(error)
    if (!isOurs) throw error
    throw new Violation(`refused: ${error.message}`)
  }
}

async function checkOpened(manager: Manager, { model, mustReach }: Expectation): Promise<number> {
  const seq = manager.sequence()
  if (seq < mustReach) throw new Violation(`told of ${mustReach}, recovered ${seq}`)
  if (seq > model.seq) throw new Violation(`recovered ${seq}, and decided only ${model.seq}`)
  model.check(seq, await manager.read(textOf), 'after the crash')
  return seq
}
