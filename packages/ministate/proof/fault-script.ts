import { Violation } from '@mini-rs/testkit'
import { type Engine, MiniStateError, StateManager } from '@mini-rs/ministate'
import { MiniSnapError } from '@mini-rs/minisnap'
import { type Clock, MiniStoreError } from '@mini-rs/ministore'
import { type Call, CrashFileSystem, type Lies, SeededChoices, errno } from '@mini-rs/testkit'
import { PROGRAM_STATE, type ProgramMutation, emptyState, replayed, textOf } from './model.js'
import { DIR, type Manager, type ProgramOptions, immutableOf, openProgramState } from './opening.js'
import { chooseSmallProgram } from './program.js'

/** What goes wrong at one call. `takeBytes`: a write takes so many bytes first. */
export interface Fault {
  readonly code: 'EIO' | 'ENOSPC'
  readonly takeBytes?: number
}

/** Mutations of one call, and what its caller was told of them. */
interface Submission {
  readonly ids: readonly number[]
  fate: 'acknowledged' | 'absent' | 'unknown'
}

/** What somebody was told or shown, and the mutations that it stands on, in order. */
interface Answer {
  readonly what: string
  readonly applied: readonly number[]
}

/** Concurrent callers, readers and snapshots on a disk on which one call fails; everything that anybody is told is written down. */
export class FaultScript {
  readonly disk: CrashFileSystem
  readonly #choices: SeededChoices
  readonly #engine: Engine
  readonly #clock: Clock
  readonly #mutations = new Map<number, ProgramMutation>()
  readonly #submissions: Submission[] = []
  readonly #answers: Answer[] = []
  #manager: Manager | undefined
  #nextId = 1
  calls = 0

  constructor(seed: number, engine: Engine, lies: Lies = {}) {
    this.#choices = new SeededChoices(seed)
    this.#engine = engine
    this.#clock = unevenClock(seed)
    this.disk = new CrashFileSystem({ choices: new SeededChoices(seed), lies })
    this.disk.hook = () => void this.calls++
  }

  failAt(at: number, { code, takeBytes }: Fault): void {
    let hasTaken = false
    this.disk.hook = (call: Call, path: string, sizeBytes: number) => {
      const index = this.calls++
      if (index !== at && !(hasTaken && index === at + 1)) return undefined
      if (index === at && call === 'write' && takeBytes !== undefined && takeBytes < sizeBytes) {
        hasTaken = true
        return takeBytes
      }
      throw errno(code, path)
    }
  }

  /** @throws {@link Violation} where something is said that must not be said */
  async run(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) {
      const manager = await this.#opened()
      if (manager === undefined) continue
      await Promise.all(
        Array.from({ length: 1 + this.#choices.choose(4) }, () => this.#call(manager)),
      )
      await this.#look(manager)
      if (manager.status === 'failed') await this.#close(manager)
    }
    this.disk.hook = undefined
  }

  /** What a power cut leaves, and what the process leaves: both have to fit what was said. @throws {@link Violation} */
  async verify(): Promise<void> {
    const manager = this.#manager
    if (manager?.status === 'open') {
      await this.#submit(manager, [this.#add()])
      if (this.#submissions.at(-1)?.fate !== 'acknowledged') throw new Violation('it is not usable')
    }
    await this.#verifyOn(this.disk.powerCutAt(this.disk.position, this.#choices))
    if (manager !== undefined) await this.#close(manager)
    await this.#verifyOn(this.disk.killedAt(this.disk.position))
  }

  async #verifyOn(disk: CrashFileSystem): Promise<void> {
    const manager = await openProgramState(this.#engine, options(disk, this.#clock))
    const { applied, text } = await manager.read((state) => {
      return { applied: [...state.applied], text: textOf(state) }
    })
    this.#check(applied)
    const wanted = applied.reduce(
      (state, id) => replayed(state, this.#mutations.get(id) ?? 'clear'),
      emptyState(),
    )
    if (text !== textOf(wanted)) throw new Violation(`it is\n${text}\nnot\n${textOf(wanted)}`)
    await manager.do.add({ id: this.#nextId++, by: 0 })
    await manager.close()
  }

  /** The log is the acknowledged, in order, with some of the unknown between them, and nothing else. */
  #check(applied: readonly number[]): void {
    const there = new Set(applied)
    if (there.size !== applied.length) throw new Violation('a mutation is there twice')
    if (applied.some((id, index) => id < (applied[index - 1] ?? 0)))
      throw new Violation(`the order is wrong: ${applied.join()}`)
    for (const { ids, fate } of this.#submissions) {
      const count = ids.filter((id) => there.has(id)).length
      const isPart = count > 0 && count < ids.length
      const isWrong = (fate === 'acknowledged' && count === 0) || (fate === 'absent' && count > 0)
      if (isPart || isWrong) throw new Violation(`${count} of ${ids.join()} are there: ${fate}`)
    }
    for (const answer of this.#answers) {
      const isPrefix = answer.applied.every((id, index) => id === applied[index])
      if (isPrefix) continue
      throw new Violation(
        `${answer.what} stands on ${answer.applied.join()}, and there is ${applied.join()}`,
      )
    }
  }

  async #opened(): Promise<Manager | undefined> {
    if (this.#manager !== undefined) return this.#manager
    try {
      const manager = await openProgramState(this.#engine, options(this.disk, this.#clock))
      this.#manager = manager
      const immutable = immutableOf(manager, this.#engine)
      manager.subscribe(() => {
        if (immutable !== undefined) this.#answer('what was published', immutable.state.applied)
      })
      return manager
    } catch (error) {
      assertOurs(error)
      return undefined
    }
  }

  async #close(manager: Manager): Promise<void> {
    this.#manager = undefined
    await manager.close().catch(assertOurs)
  }

  #call(manager: Manager): Promise<void> {
    switch (this.#choices.choose(12)) {
      case 6:
        return this.#submit(manager, [this.#program(), this.#add(), this.#program()])
      case 4:
      case 5:
      case 7:
        return this.#reject(manager)
      case 8:
        return this.#update(manager)
      case 9:
        return this.#read(manager)
      case 10:
        return manager.createSnapshot().then(() => undefined, assertOurs)
      case 11:
        return manager.compact().then(() => undefined, assertOurs)
      default:
        return this.#submit(manager, [
          this.#choices.choose(2) === 0 ? this.#program() : this.#add(),
        ])
    }
  }

  #add(): ProgramMutation {
    return { add: { id: this.#nextId++, by: 0 } }
  }

  #program(): ProgramMutation {
    return { run: chooseSmallProgram(this.#choices, this.#nextId++) }
  }

  async #submit(manager: Manager, mutations: readonly ProgramMutation[]): Promise<void> {
    const ids = mutations.map((mutation) => this.#noted(mutation))
    const submission: Submission = { ids, fate: 'unknown' }
    this.#submissions.push(submission)
    const [only = 'clear'] = mutations
    const hadFailed = manager.status === 'failed'
    try {
      await (mutations.length === 1 ? manager.apply(only) : manager.applyAll(mutations))
      if (hadFailed) throw new Violation('a state that had failed has taken a mutation')
      submission.fate = 'acknowledged'
    } catch (error) {
      submission.fate = this.#told(error, ids)
    }
  }

  #noted(mutation: ProgramMutation): number {
    if (mutation === 'clear') throw new Violation('it has no id')
    const { id } = 'run' in mutation ? mutation.run : mutation.add
    this.#mutations.set(id, mutation)
    return id
  }

  async #reject(manager: Manager): Promise<void> {
    const id = this.#nextId++
    const mutation: ProgramMutation = {
      run: {
        id,
        values: [],
        steps: [
          ['put', 0, 1, 0],
          ['reject', 0, 0, 0],
          ['reject', 1, 0, 0],
        ],
      },
    }
    await this.#submit(manager, [mutation])
  }

  async #update(manager: Manager): Promise<void> {
    let applied: readonly number[] = []
    try {
      await manager.update((state) => {
        applied = [...state.applied]
        return undefined
      })
      this.#answer('a decision for nothing', applied)
    } catch (error) {
      this.#told(error)
    }
  }

  async #read(manager: Manager): Promise<void> {
    try {
      this.#answer('what was read', await manager.read(({ applied }) => [...applied]))
    } catch (error) {
      this.#told(error)
    }
  }

  /** Reading goes on, whatever has failed; also beside. */
  async #look(manager: Manager): Promise<void> {
    const immutable = immutableOf(manager, this.#engine)
    const applied = immutable?.state.applied ?? (await manager.read((state) => [...state.applied]))
    this.#answer('the state', applied)
    try {
      const reader = await StateManager.open(DIR, PROGRAM_STATE, {
        fileSystem: this.disk,
        readOnly: true,
      })
      this.#answer('a reader beside', reader.state.applied)
      await reader.close()
    } catch (error) {
      assertOurs(error)
    }
  }

  /** A refusal names the state that it was decided on. Answers what it says of the mutation. */
  #told(error: unknown, own: readonly number[] = []): 'absent' | 'unknown' {
    if (!MiniStateError.is(error) || error.outcome === undefined) {
      assertOurs(error)
      throw new Violation(`no outcome: ${String(error)}`)
    }
    const { rejection, cause, code, outcome } = error
    const decidedOn =
      rejection?.message ?? (code === 'RECIPE_FAILED' ? messageOf(cause) : undefined)
    if (decidedOn?.startsWith('[') === true) {
      // What was refused had been added, and was taken back.
      const applied = JSON.parse(decidedOn) as readonly number[]
      this.#answer(
        code,
        applied.filter((id) => !own.includes(id)),
      )
    }
    return outcome
  }

  #answer(what: string, applied: readonly number[]): void {
    this.#answers.push({ what, applied: [...applied] })
  }
}

/** Stands still, or jumps over a slice of a snapshot's: the same for the same seed, however busy the machine is. */
function unevenClock(seed: number): Clock {
  const choices = new SeededChoices(seed)
  let ms = 0
  const read = (): number => (ms += choices.choose(8) === 7 ? 6 : 0)
  return { now: read, monotonicMs: read, wait: async () => {} }
}

function options(fileSystem: CrashFileSystem, clock: Clock): ProgramOptions {
  return {
    fileSystem,
    freeze: false,
    clock,
    maxSegmentBytes: 1_000,
    snapshots: { everyRecords: 8 },
    onError: assertOurs, // automatic snapshots fail as well
  }
}

function messageOf(error: unknown): string | undefined {
  return error instanceof Error ? error.message : undefined
}

function assertOurs(error: unknown): void {
  if (MiniStateError.is(error) || MiniStoreError.is(error) || MiniSnapError.is(error)) return
  throw error
}
