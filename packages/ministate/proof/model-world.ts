import { Violation } from '@mini-rs/testkit'
import { isDeepStrictEqual } from 'node:util'
import { type DryRun, type Engine, MiniStateError, StateManager } from '@mini-rs/ministate'
import { type Choices, CrashFileSystem } from '@mini-rs/testkit'
import { PROGRAM_STATE, type ProgramMutation, judge, textOf } from './model.js'
import { type Expected, ModelHead } from './model-head.js'
import {
  DIR,
  type ImmutableManager,
  type Manager,
  PATIENT_CLOCK,
  chooseOptions,
  immutableOf,
  openProgramState,
} from './opening.js'
import type { ProgramState } from './program.js'

/** What a world may do. */
export interface ModelWorldOptions {
  readonly engine: Engine
  readonly steps: number
}

/** A random life of a state, held against plain objects after every step. @throws Violation */
export async function runModelWorld(choices: Choices, options: ModelWorldOptions): Promise<void> {
  const world = new ModelWorld(choices, options)
  await world.open()
  for (let step = choices.choose(options.steps) + 5; step > 0; step--) await world.step()
  await world.end()
}

class ModelWorld {
  readonly #choices: Choices
  readonly #options: ModelWorldOptions
  readonly #model: ModelHead
  // After these nothing was waiting: surely the ends of commits.
  readonly #quiet = new Set<number>([0])
  readonly #errors: unknown[] = []
  #disk: CrashFileSystem
  #manager: Manager | undefined
  #immutable: ImmutableManager | undefined
  #pending: Promise<void>[] = []
  #lastSettledSeq = 0

  constructor(choices: Choices, options: ModelWorldOptions) {
    this.#choices = choices
    this.#model = new ModelHead(choices)
    this.#options = options
    this.#disk = new CrashFileSystem({ choices })
  }

  get #open(): Manager {
    if (this.#manager === undefined) throw new Violation('nothing is open')
    return this.#manager
  }

  async open(): Promise<void> {
    const { engine } = this.#options
    const options = chooseOptions(this.#choices, this.#disk, (error) => this.#errors.push(error))
    this.#model.isStrict = options.freeze === true
    const manager = await openProgramState(engine, options)
    this.#manager = manager
    this.#immutable = immutableOf(manager, engine)
    manager.subscribe(() => this.#published(manager))
    await this.#checkLive('after opening')
  }

  async step(): Promise<void> {
    const choice = this.#choices.choose(20)
    if (choice === 14) return this.#reopen()
    const task = this.#task(choice)
    this.#pending.push(task)
    task.catch(() => undefined) // told when all are awaited
    if (this.#choices.choose(3) < 2) await this.#settled()
  }

  async end(): Promise<void> {
    await this.#settled()
    if (this.#choices.choose(3) === 0) await this.#checkHistory()
    await this.#open.close()
    const other: Engine = this.#options.engine === 'immutable' ? 'inPlace' : 'immutable'
    const options = { fileSystem: this.#disk, readOnly: true, freeze: false } as const
    const reader = await openProgramState(other, options)
    this.#model.check(
      reader.sequence(),
      await reader.read(textOf),
      'a reader, with the other engine',
    )
    await reader.close()
    if (this.#choices.choose(16) === 15) {
      const { isSound } = await StateManager.verify(DIR, PROGRAM_STATE, {
        fileSystem: this.#disk,
        clock: PATIENT_CLOCK,
      })
      if (!isSound) throw new Violation('verify finds a difference')
    }
    if (this.#errors.length > 0) throw new Violation(`nobody was told: ${String(this.#errors[0])}`)
  }

  async #settled(): Promise<void> {
    await Promise.all(this.#pending)
    this.#pending = []
    this.#quiet.add(this.#model.seq)
    await this.#checkLive('live')
  }

  #task(choice: number): Promise<void> {
    switch (choice) {
      case 6:
        return this.#doRun()
      case 7:
      case 8:
        return this.#applyAll()
      case 9:
        return this.#update()
      case 10:
        return this.#expectSeq()
      case 11:
        return this.#dryRun()
      case 12:
        return this.#open.createSnapshot().then(() => undefined)
      case 13:
        return this.#open.compact().then(() => undefined)
      case 15:
        return this.#lookBack()
      case 16:
        return this.#read()
      case 17:
        return this.#refused()
      case 18:
        return this.#small()
      case 19:
        return this.#together()
      default:
        return this.#apply(this.#model.choose())
    }
  }

  async #apply(mutation: ProgramMutation): Promise<void> {
    const given = structuredClone(mutation)
    const expected = this.#model.decide([mutation])
    const call = this.#open.apply(given)
    if (typeof given === 'object' && 'run' in given) spoil(given.run)
    await this.#expect(call, expected)
  }

  async #doRun(): Promise<void> {
    const mutation = this.#model.choose()
    if (typeof mutation === 'string' || !('run' in mutation)) return this.#apply(mutation)
    const expected = this.#model.decide([mutation])
    const done = await this.#expect(this.#open.do.run(mutation.run), expected)
    if (done === undefined) return
    const { result } = done as { result: unknown }
    expectSame(result, expected.results[0])
    spoil(result)
  }

  async #applyAll(): Promise<void> {
    const count = 1 + this.#choices.choose(3)
    const mutations = this.#model.chooseMany(count)
    const expected = this.#model.decide(mutations)
    const call = this.#open.applyAll(mutations)
    const done = await this.#expect(call, expected)
    if (done === undefined) return
    const { first, results } = done as unknown as { first: number; results: unknown[] }
    if (first !== expected.last - count + 1) throw new Violation(`a batch begins at ${first}`)
    expectSame(results, expected.results)
  }

  async #together(): Promise<void> {
    const count = 2 + this.#choices.choose(3)
    await Promise.all(Array.from({ length: count }, () => this.#apply(this.#model.choose())))
  }

  async #update(): Promise<void> {
    const mutation = this.#model.choose()
    const divisor = 1 + this.#choices.choose(3)
    const isWanted = this.#model.state.count % divisor === 0
    const headSeq = this.#model.seq
    const expected = isWanted ? this.#model.decide([mutation]) : undefined
    const call = this.#open.update(({ count, applied }) => {
      if (applied.length !== headSeq) throw new Violation('update decides on another state')
      return count % divisor === 0 ? mutation : undefined
    })
    if (expected !== undefined) return void (await this.#expect(call, expected))
    if ((await call) !== undefined) throw new Violation('update has decided otherwise')
    this.#assertDurable(headSeq)
  }

  async #expectSeq(): Promise<void> {
    const offset = this.#choices.choose(3) - 1
    const expectedSeq = Math.max(0, this.#model.seq + offset)
    const mutation = this.#model.choose()
    const isRight = expectedSeq === this.#model.seq
    const expected = isRight
      ? this.#model.decide([mutation])
      : { code: 'WRONG_EXPECTED_SEQ', last: this.#model.seq, results: [] }
    await this.#expect(this.#open.apply(mutation, { expectedSeq }), expected)
  }

  /** The durable state, or with states in place the newest: what it would do to one of those. */
  async #dryRun(): Promise<void> {
    const mutation = this.#model.choose()
    const from = this.#open.sequence()
    const to = this.#immutable === undefined ? this.#model.seq : from
    const outcome = await this.#open.dryRun(mutation)
    for (let seq = from; seq <= to; seq++) if (this.#isAsDryRun(outcome, mutation, seq)) return
    throw new Violation('a dry run does something else')
  }

  #isAsDryRun(
    outcome: DryRun<ProgramState, unknown>,
    mutation: ProgramMutation,
    seq: number,
  ): boolean {
    const { isStrict } = this.#model
    const verdict = judge(this.#model.stateAt(seq), [mutation], seq + 1, {
      isStrict,
      mostNodes: Infinity,
    })
    if (!verdict.ok) return !outcome.ok && outcome.rejection.code === verdict.code
    if (!outcome.ok || textOf(outcome.result) !== textOf(verdict.results[0])) return false
    return outcome.state === undefined || textOf(outcome.state) === textOf(verdict.state)
  }

  async #reopen(): Promise<void> {
    await this.#settled()
    if (this.#choices.choose(2) === 0) {
      const call = this.#apply(this.#model.choose())
      await this.#open.close()
      await call
    } else {
      this.#disk = this.#disk.killedAt(this.#disk.position)
    }
    await this.open()
  }

  async #lookBack(): Promise<void> {
    const seq = this.#choices.choose(this.#open.sequence() + 1)
    try {
      const state = await this.#open.at(seq)
      this.#model.check(seq, textOf(state), 'an old state')
      if (this.#choices.choose(4) === 3) await this.#fork(seq)
    } catch (error) {
      const isDropped = MiniStateError.is(error) && error.code === 'SEQ_DROPPED'
      const isInside = error instanceof RangeError && !this.#quiet.has(seq)
      if (!isDropped && !isInside) throw error
    }
  }

  async #fork(seq: number): Promise<void> {
    const dir = `/fork-${this.#model.nextId()}`
    await this.#open.fork(dir, { at: seq })
    const forked = await StateManager.open(dir, PROGRAM_STATE, { fileSystem: this.#disk })
    this.#model.check(seq, textOf(forked.state), 'a fork')
    await forked.close()
  }

  async #read(): Promise<void> {
    const from = this.#open.sequence()
    const to = this.#model.seq
    const copy = await this.#open.read((state) => ({ state, text: textOf(state) }))
    if (textOf(copy.state) !== copy.text) throw new Violation('what was read is no copy')
    const seq = copy.state.applied.length
    if (seq < from || seq > to) throw new Violation(`read ${seq}, not ${from} to ${to}`)
    this.#model.check(seq, copy.text, 'what was read')
    this.#assertDurable(seq)
    spoil(copy.state)
  }

  async #refused(): Promise<void> {
    const given = [
      { nothing: 1 },
      {},
      { run: { id: Number.NaN } },
      { add: 1, clear: null },
      'no',
      null,
    ]
    const wrong = given[this.#choices.choose(given.length)] as ProgramMutation
    try {
      await this.#open.apply(wrong)
    } catch (error) {
      if (!MiniStateError.is(error) || error.outcome !== 'absent') throw error
      return
    }
    throw new Violation('nonsense was applied')
  }

  async #small(): Promise<void> {
    const by = this.#choices.choose(4) - 1
    const id = this.#model.nextId()
    const calls: readonly (readonly [ProgramMutation, () => Promise<unknown>])[] = [
      ['clear', () => this.#open.do.clear()],
      ['clear', () => this.#open.apply({ clear: null })],
      [{ add: { id, by } }, () => this.#open.do.add({ id, by })],
    ]
    const [mutation, call] = calls[this.#choices.choose(calls.length)] ?? calls[2] ?? []
    if (mutation === undefined || call === undefined) return
    const expected = this.#model.decide([mutation])
    await this.#expect(call() as Promise<number>, expected)
  }

  async #expect(
    call: Promise<number | undefined | object>,
    expected: Expected,
  ): Promise<object | undefined> {
    try {
      const answer = await call
      const { seq, last = seq }: { seq?: number; last?: number } =
        typeof answer === 'object' ? answer : { seq: answer }
      if (expected.code !== undefined) throw new Violation(`${last} instead of ${expected.code}`)
      if (last !== expected.last) throw new Violation(`numbered ${last}, not ${expected.last}`)
      this.#acknowledged(expected.last)
      return typeof answer === 'object' ? answer : {}
    } catch (error) {
      if (!MiniStateError.is(error)) throw error
      if (error.code !== expected.code) {
        throw new Violation(
          `${error.code} instead of ${expected.code ?? expected.last}: ${error.message}`,
        )
      }
      if (error.outcome !== 'absent') throw new Violation(`${error.code} does not say: absent`)
      this.#assertDurable(expected.last)
      return undefined
    }
  }

  /** Nobody is told of anything before it can be seen. */
  #assertDurable(seq: number): void {
    if (this.#open.sequence() < seq)
      throw new Violation(`an answer that stands on ${seq} came early`)
  }

  /** Calls are acknowledged in their order. */
  #acknowledged(seq: number): void {
    this.#assertDurable(seq)
    if (seq < this.#lastSettledSeq) throw new Violation(`${seq} was acknowledged late`)
    this.#lastSettledSeq = seq
  }

  #published(manager: Manager): void {
    if (manager !== this.#manager || this.#immutable === undefined) return
    const seq = manager.sequence()
    this.#model.check(seq, textOf(this.#immutable.state), 'what was published')
  }

  async #checkLive(when: string): Promise<void> {
    const seq = this.#open.sequence()
    if (seq !== this.#model.seq) throw new Violation(`${when}: ${seq}, not ${this.#model.seq}`)
    const text = this.#immutable ? textOf(this.#immutable.state) : await this.#open.read(textOf)
    this.#model.check(seq, text, when)
  }

  async #checkHistory(): Promise<void> {
    let expected: number | undefined
    for await (const { seq, mutation } of this.#open.history()) {
      if (seq !== (expected ?? seq)) throw new Violation(`the history leaves ${expected} out`)
      expected = seq + 1
      const logged: unknown = this.#model.loggedAt(seq)
      const isSame =
        isDeepStrictEqual(mutation, logged) || isDeepStrictEqual(mutation, { clear: null })
      if (!isSame) throw new Violation(`the history has another mutation ${seq}`)
    }
  }
}

function expectSame(result: unknown, expected: unknown): void {
  const [actual, wanted] = [textOf(result), textOf(expected)]
  if (actual !== wanted) throw new Violation(`a result is\n${actual}\nnot\n${wanted}`)
}

/** What a caller does to what is his. */
function spoil(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  if (value instanceof Map || value instanceof Set) value.clear()
  else if (value instanceof Date) value.setTime(1)
  else if (value instanceof Uint8Array) value.fill(9)
  else {
    for (const inner of Object.values(value)) spoil(inner)
    if (Array.isArray(value)) value.length = 0
    else for (const key of Object.keys(value)) delete (value as Record<string, unknown>)[key]
  }
}
