import { Violation } from '@mini-rs/testkit'
import { type Engine, MiniStateError, StateManager } from '@mini-rs/ministate'
import { type Choices, MemoryCluster, type MemoryLog, MemorySnapshotStore } from '@mini-rs/testkit'
import { PROGRAM_STATE, type ProgramMutation, TooLarge, judge, textOf } from './model.js'
import { DIR, PATIENT_CLOCK, openProgramState } from './opening.js'
import { type ProgramState, chooseProgram } from './program.js'
import { type LateCheck, SharedManager } from './shared-manager.js'
import { SharedTruth, idOf } from './shared-truth.js'

const MOST_CHARACTERS = 1_200

const FAULTY = { unknownOneIn: 5, unavailableOneIn: 5 }

/** What a call was told. */
interface Told {
  readonly mutations: readonly ProgramMutation[]
  readonly fate: 'acknowledged' | 'absent' | 'unknown'
  readonly last?: number
  readonly results?: readonly unknown[] | undefined
  readonly expectedSeq?: number | undefined
  /** Of `update`: it wants a count that this divides. */
  readonly divisor?: number | undefined
}

/** Two managers on one log that has gaps, answers that do not come, and others who are faster. @throws Violation */
export async function runSharedWorld(choices: Choices, steps: number): Promise<void> {
  const world = new SharedWorld(choices)
  await world.open()
  for (let step = choices.choose(steps) + 5; step > 0; step--) await world.step()
  await world.end()
}

class SharedWorld {
  readonly #choices: Choices
  readonly #cluster: MemoryCluster<unknown>
  readonly #snapshots: MemorySnapshotStore<ProgramState>
  readonly #truth: SharedTruth
  readonly #writers: SharedManager[] = []
  readonly #told: Told[] = []
  readonly #checks: LateCheck[] = []
  /** Whether repeating an append is safe here. */
  readonly #hasIds: boolean
  readonly #freezes: boolean
  #pending: Promise<void>[] = []
  #nextId = 1

  constructor(choices: Choices) {
    this.#choices = choices
    const seed = 1 + choices.choose(1_000_000)
    const faults = [{}, { unknownOneIn: 6 }, { unavailableOneIn: 6 }, FAULTY]
    this.#cluster = new MemoryCluster({ seed, ...faults[choices.choose(faults.length)] })
    this.#snapshots = new MemorySnapshotStore({ seed, keep: 1 + choices.choose(2) })
    this.#hasIds = choices.choose(3) > 0
    this.#freezes = choices.choose(2) === 0
    this.#truth = new SharedTruth(this.#cluster.connect())
  }

  async open(): Promise<void> {
    this.#writers.push(await this.#connect(), await this.#connect())
  }

  async step(): Promise<void> {
    const writer = this.#writers[this.#choices.choose(2)]
    if (writer === undefined) return
    const choice = this.#choices.choose(18)
    if (choice === 17 || writer.manager.status === 'failed') return this.#reopen(writer)
    const task = this.#task(writer, choice)
    this.#pending.push(task)
    task.catch(() => undefined) // told when all are awaited
    if (this.#choices.choose(3) === 0) await this.#settled()
  }

  async end(): Promise<void> {
    await this.#settled()
    for (const writer of this.#writers) {
      if (writer.manager.status === 'failed') await this.#reopen(writer)
    }
    const states: string[] = []
    for (const { manager } of this.#writers) {
      await manager.refresh()
      states.push(`${manager.sequence()}: ${await manager.read(textOf)}`)
    }
    const fresh = await this.#connect()
    states.push(`${fresh.manager.sequence()}: ${await fresh.manager.read(textOf)}`)
    await this.#truth.caughtUp()
    const { lastSeq } = this.#truth
    const wanted = `${lastSeq}: ${this.#truth.textAt(lastSeq)}`
    const other = states.find((state) => state !== wanted)
    if (other !== undefined) throw new Violation(`a state at the end is\n${other}\nnot\n${wanted}`)
    for (const told of this.#told) this.#checkTold(told)
    for (const check of this.#checks) check(this.#truth)
    for (const writer of [...this.#writers, fresh]) await writer.close()
    await this.#verify(this.#cluster.connect())
    await this.#truth.end()
  }

  async #verify(log: MemoryLog<unknown>): Promise<void> {
    if (this.#choices.choose(8) < 7) return
    const { isSound } = await StateManager.verify(DIR, PROGRAM_STATE, {
      log,
      snapshotStore: this.#snapshots as MemorySnapshotStore<never>,
    })
    if (!isSound) throw new Violation('verify finds a difference')
  }

  async #settled(): Promise<void> {
    await Promise.all(this.#pending)
    this.#pending = []
  }

  #task(writer: SharedManager, choice: number): Promise<void> {
    switch (choice) {
      case 6:
        return this.#doRun(writer)
      case 7:
        return this.#applyAll(writer)
      case 8:
      case 9:
        return this.#update(writer)
      case 10:
        return this.#expectSeq(writer)
      case 11:
        return this.#twice(writer)
      case 12:
        return this.#create(writer)
      case 13:
        return writer.manager.compact().then(() => undefined)
      case 14:
        return this.#read(writer)
      case 15:
        return writer.manager.refresh()
      case 16:
        return this.#fault(writer)
      default:
        return this.#apply(writer)
    }
  }

  async #connect(): Promise<SharedManager> {
    const log = this.#cluster.connect()
    if (!this.#hasIds) Object.defineProperty(log, 'appendOnce', { value: undefined })
    const engine: Engine = this.#choices.choose(2) === 0 ? 'immutable' : 'inPlace'
    const everyRecords = [Infinity, Infinity, 4][this.#choices.choose(3)] ?? 4
    const manager = await openProgramState(engine, {
      log,
      snapshotStore: this.#snapshots.connect() as MemorySnapshotStore<never>,
      clock: PATIENT_CLOCK,
      freeze: this.#freezes,
      snapshots: {
        ...(everyRecords !== Infinity && { everyRecords }),
        keepFrom: () => this.#truth.lastSeq + 1,
      },
      onError: (error) => {
        throw error
      },
    })
    const writer = new SharedManager(log, manager, engine, this.#checks)
    writer.watch()
    return writer
  }

  async #reopen(writer: SharedManager): Promise<void> {
    const at = this.#writers.indexOf(writer)
    await this.#settled()
    await writer.close()
    this.#writers[at] = await this.#connect()
  }

  #chooseMutations(count: number): readonly ProgramMutation[] {
    const isFull = textOf(this.#truth.state).length > MOST_CHARACTERS
    const ids = Array.from({ length: count }, () => this.#nextId++)
    if (isFull) return ids.map((id) => ({ run: { id, values: [], steps: [['wipe', 0, 0, 0]] } }))
    const mutations = ids.map((id) => ({ run: chooseProgram(this.#choices, id) }))
    try {
      judge(this.#truth.state, mutations, undefined, { isStrict: this.#freezes })
      return mutations
    } catch (error) {
      if (!(error instanceof TooLarge)) throw error
      return ids.map((id) => ({ add: { id, by: 1 } }))
    }
  }

  async #apply(writer: SharedManager): Promise<void> {
    const mutations = this.#chooseMutations(1)
    const [mutation = 'clear'] = mutations
    await this.#expect(writer, { mutations }, () => writer.manager.apply(mutation))
  }

  async #doRun(writer: SharedManager): Promise<void> {
    const mutations = this.#chooseMutations(1)
    const [mutation = 'clear'] = mutations
    if (mutation === 'clear' || !('run' in mutation)) return
    await this.#expect(writer, { mutations }, async () => {
      const { seq, result } = await writer.manager.do.run(mutation.run)
      return { last: seq, results: [result] }
    })
  }

  async #applyAll(writer: SharedManager): Promise<void> {
    const mutations = this.#chooseMutations(2 + this.#choices.choose(2))
    await this.#expect(writer, { mutations }, () => writer.manager.applyAll(mutations))
  }

  async #update(writer: SharedManager): Promise<void> {
    const mutations = this.#chooseMutations(1)
    const divisor = 1 + this.#choices.choose(3)
    const from = writer.manager.sequence()
    let seen = ''
    await this.#expect(writer, { mutations, divisor }, async () => {
      const last = await writer.manager.update((state) => {
        seen = textOf(state)
        return state.count % divisor === 0 ? mutations[0] : undefined
      })
      if (last === undefined) this.#checkSeen(from, writer.manager.sequence(), seen, 'update')
      return last
    })
  }

  async #expectSeq(writer: SharedManager): Promise<void> {
    const mutations = this.#chooseMutations(1)
    const [mutation = 'clear'] = mutations
    const expectedSeq = Math.max(0, writer.manager.sequence() - this.#choices.choose(2))
    await this.#expect(writer, { mutations, expectedSeq }, () =>
      writer.manager.apply(mutation, { expectedSeq }),
    )
  }

  /** A caller who is not sure whether he has called. */
  async #twice(writer: SharedManager): Promise<void> {
    if (!this.#hasIds) return this.#apply(writer)
    const mutations = this.#chooseMutations(1)
    const [mutation = 'clear'] = mutations
    const options = { id: `request-${idOf(mutation)}` }
    const told: Told[] = []
    for (let attempt = 0; attempt < 2; attempt++) {
      const one = await this.#call(writer, { mutations }, () =>
        writer.manager.apply(mutation, options),
      )
      if (one !== undefined) told.push(one)
    }
    // The second call says nothing of the first.
    const acknowledged = told.find(({ fate }) => fate === 'acknowledged')
    const isUnknown = told.some(({ fate }) => fate === 'unknown')
    if (acknowledged !== undefined) this.#told.push(acknowledged)
    else if (told.length > 0) this.#told.push({ mutations, fate: isUnknown ? 'unknown' : 'absent' })
  }

  async #create(writer: SharedManager): Promise<void> {
    await writer.manager.createSnapshot()
  }

  async #read(writer: SharedManager): Promise<void> {
    const from = writer.manager.sequence()
    const text = await writer.manager.read(textOf)
    this.#checkSeen(from, writer.manager.sequence(), text, 'what was read')
  }

  async #fault({ log }: SharedManager): Promise<void> {
    const id = this.#nextId++
    const rival: ProgramMutation = { add: { id, by: this.#choices.choose(2) } }
    const faults = [
      { kind: 'rival', record: rival },
      { kind: 'rival', record: rival },
      { kind: 'unknown', isWritten: true },
      { kind: 'unknown', isWritten: false },
      { kind: 'unavailable' },
    ] as const
    const fault = faults[this.#choices.choose(faults.length)]
    if (fault !== undefined) log.failNext(fault)
    if (fault?.kind === 'unknown' && this.#choices.choose(2) === 1)
      log.failNext({ kind: 'unavailable' })
  }

  #checkSeen(from: number, to: number, text: string, what: string): void {
    this.#checks.push((truth) => {
      const states = truth.statesBetween(from, to)
      if (states.some(({ state }) => textOf(state) === text)) return
      throw new Violation(`${what}, between ${from} and ${to}, is\n${text}`)
    })
  }

  async #expect(
    writer: SharedManager,
    asked: Omit<Told, 'fate' | 'last' | 'results'>,
    call: () => Promise<number | undefined | Pick<Told, 'last' | 'results'>>,
  ): Promise<void> {
    const told = await this.#call(writer, asked, call)
    if (told !== undefined) this.#told.push(told)
  }

  async #call(
    { manager }: SharedManager,
    asked: Omit<Told, 'fate' | 'last' | 'results'>,
    call: () => Promise<number | undefined | Pick<Told, 'last' | 'results'>>,
  ): Promise<Told | undefined> {
    const from = manager.sequence()
    try {
      const answer = await call()
      if (answer === undefined) return undefined
      const { last, results } = typeof answer === 'number' ? { last: answer } : answer
      if (last === undefined || manager.sequence() < last) throw new Violation('told too early')
      return { ...asked, fate: 'acknowledged', last, results }
    } catch (error) {
      if (!MiniStateError.is(error)) throw error
      if (error.outcome === undefined) throw new Violation(`${error.code} says no outcome`)
      if (DECIDED.has(error.code)) this.#checkRefused(from, manager.sequence(), asked, error.code)
      if (error.outcome === 'unknown' && manager.status !== 'failed')
        throw new Violation('it goes on, though nobody knows from where')
      return { ...asked, fate: error.outcome }
    }
  }

  /** A refusal was true of a state that there was. */
  #checkRefused(
    from: number,
    to: number,
    { mutations }: Pick<Told, 'mutations'>,
    code: string,
  ): void {
    this.#checks.push((truth) => {
      const isTrue = truth.statesBetween(from, to).some(({ state }) => {
        const verdict = judge(state, mutations, undefined, {
          isStrict: this.#freezes,
          mostNodes: Infinity,
        })
        return !verdict.ok && verdict.code === code
      })
      if (!isTrue) throw new Violation(`${code} is true of no state between ${from} and ${to}`)
    })
  }

  #checkTold({ mutations, fate, last, results, expectedSeq, divisor }: Told): void {
    const { seqs, before } = this.#truth.find(mutations.map(idOf))
    const isAbsent = fate === 'absent' || (fate === 'unknown' && seqs.length === 0)
    if (seqs.length !== (isAbsent ? 0 : mutations.length)) {
      throw new Violation(`${fate}, and ${seqs.length} of ${mutations.length} are in the log`)
    }
    if (isAbsent) return
    if (last !== undefined && seqs.at(-1) !== last)
      throw new Violation(`${seqs.at(-1)} is told as ${last}`)
    if (expectedSeq !== undefined && before !== expectedSeq)
      throw new Violation(`expected ${expectedSeq}, and stands behind ${before}`)
    this.#truth.checkDecided(before, mutations, results)
    const [decidedOn] = this.#truth.statesBetween(before, before)
    if (divisor !== undefined && (decidedOn?.state.count ?? 0) % divisor !== 0)
      throw new Violation(`update has decided on another state than that of ${before}`)
  }
}

/** Answers that a state has given. */
const DECIDED: ReadonlySet<string> = new Set(['REJECTED', 'RECIPE_FAILED', 'INVARIANT_VIOLATED'])
