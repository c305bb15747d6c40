import { type Call, type Choices, CrashFileSystem, type Lies, errno } from '@mini-rs/testkit'
import { MiniStore, MiniStoreError, type OpenOptions } from '@mini-rs/ministore'
import { BASE } from '../test/support/journals.js'

/** What a disk does to one call. `takeBytes`: a write takes so many bytes, and the next one fails. */
export interface Fault {
  readonly code: string
  readonly takeBytes?: number
}

/** Decides, call by call, what goes wrong. */
export type FaultPlan = (call: Call, index: number) => Fault | undefined

type Fate = 'acknowledged' | 'absent' | 'unknown'

interface Submission {
  readonly texts: readonly string[]
  fate: Fate
}

/** A caller who appends, batches, rotates, drops and reopens, on a disk that fails where a plan says so, and writes down what it was told. */
export class FaultScript {
  readonly disk: CrashFileSystem
  readonly #choices: Choices
  readonly #options: OpenOptions<unknown>
  readonly #submissions: Submission[] = []
  #store: MiniStore<unknown> | undefined
  #droppedThrough = 0
  #nextN = 1
  #calls = 0

  constructor(choices: Choices, options: OpenOptions<unknown> = {}, lies: Lies = {}) {
    this.#choices = choices
    this.#options = options
    this.disk = new CrashFileSystem({ choices, lies })
  }

  /** Calls of the file system so far. */
  get calls(): number {
    return this.#calls
  }

  /** Runs so many steps under the plan. @throws when something is said that must not be said */
  async run(steps: number, plan: FaultPlan): Promise<void> {
    this.#install(plan)
    for (let step = 0; step < steps; step++) {
      const store = await this.#opened()
      if (store === undefined) continue
      await this.#step(store)
      if (store.status === 'failed') await this.#close(store)
    }
    this.disk.hook = undefined
  }

  /** Closes, cuts the power, opens, and holds what is there against what was said. @throws on a broken promise */
  async verify(): Promise<void> {
    this.disk.hook = undefined
    await this.#verifyOn(this.disk.powerCutAt(this.disk.position, this.#choices))
    if (this.#store !== undefined) await this.#close(this.#store)
    await this.#verifyOn(this.disk)
  }

  async #verifyOn(disk: CrashFileSystem): Promise<void> {
    const store = await MiniStore.open(BASE, { ...this.#options, fileSystem: disk })
    const texts: string[] = []
    for await (const { record } of store.entries()) texts.push(JSON.stringify(record))
    this.#check(texts, store.firstSeq)
    await store.append({ n: 'usable again' })
    await store.close()
  }

  /** The journal is the acknowledged, in order, with some of the unknown between them, and nothing else. */
  #check(texts: readonly string[], firstSeq: number): void {
    if (firstSeq - 1 > this.#droppedThrough) throw new Error(`${firstSeq - 1} records are gone`)
    const found = new Set(texts)
    if (found.size !== texts.length) throw new Error('a record is there twice')
    const expected = this.#submissions.flatMap((one) => {
      const isThere = one.texts.map((text) => found.has(text))
      if (one.fate === 'absent' && isThere.includes(true))
        throw new Error('an absent record is there')
      const isWhole = isThere.every((there) => there === isThere[0])
      // A segment that was dropped may have ended within a batch: no, a batch is one commit, and a commit lies in one segment.
      if (!isWhole) throw new Error('half of a batch is there')
      return isThere[0] === true ? one.texts : []
    })
    if (JSON.stringify(expected) !== JSON.stringify(texts)) throw new Error('the order is wrong')
    const acknowledged = this.#submissions.filter((one) => one.fate === 'acknowledged')
    const missing = acknowledged.flatMap((one) => one.texts).filter((text) => !found.has(text))
    if (missing.length > firstSeq - 1)
      throw new Error(`acknowledged and not there: ${missing.at(-1)}`)
    // What was dropped is a beginning: behind the first that is there, every acknowledged one is.
    const submitted = this.#submissions.flatMap((one) =>
      one.texts.map((text) => ({ text, isOwed: one.fate === 'acknowledged' })),
    )
    const first = submitted.findIndex(({ text }) => found.has(text))
    const hole = submitted.slice(first).find(({ text, isOwed }) => isOwed && !found.has(text))
    if (first !== -1 && hole !== undefined)
      throw new Error(`acknowledged, and a hole: ${hole.text}`)
  }

  #install(plan: FaultPlan): void {
    let isBroken: Fault | undefined
    this.disk.hook = (call, path) => {
      const fault = isBroken ?? plan(call, this.#calls++)
      isBroken = undefined
      if (fault === undefined) return undefined
      if (call === 'write' && fault.takeBytes !== undefined && fault.takeBytes > 0) {
        isBroken = { code: fault.code }
        return fault.takeBytes
      }
      throw errno(fault.code, path)
    }
  }

  async #opened(): Promise<MiniStore<unknown> | undefined> {
    try {
      this.#store ??= await MiniStore.open(BASE, { ...this.#options, fileSystem: this.disk })
    } catch (error) {
      assertOurs(error)
    }
    return this.#store
  }

  async #close(store: MiniStore<unknown>): Promise<void> {
    this.#store = undefined
    try {
      await store.close()
    } catch (error) {
      assertOurs(error)
    }
  }

  async #step(store: MiniStore<unknown>): Promise<void> {
    switch (this.#choices.choose(12)) {
      case 6:
      case 7:
        return this.#append(store, 2 + this.#choices.choose(3))
      case 8:
        await Promise.all([this.#append(store, 1), this.#append(store, 1), this.#append(store, 2)])
        return
      case 9:
        await Promise.all([attempt(() => store.rotate()), this.#append(store, 1)])
        return
      case 10: {
        const seq = 1 + this.#choices.choose(store.lastSeq + 1)
        this.#droppedThrough = Math.max(this.#droppedThrough, seq - 1)
        // What waits behind a task must not be written where the task has failed with the store.
        await Promise.all([attempt(() => store.dropBefore(seq)), this.#append(store, 1)])
        return
      }
      case 11:
        return this.#close(store)
      default:
        return this.#append(store, 1)
    }
  }

  async #append(store: MiniStore<unknown>, count: number): Promise<void> {
    const pad = 'x'.repeat(this.#choices.choose(80))
    const records = Array.from({ length: count }, () => ({ n: this.#nextN++, pad }))
    const texts = records.map((record) => JSON.stringify(record))
    const submission: Submission = { texts, fate: 'unknown' }
    this.#submissions.push(submission)
    try {
      await store.appendMany(records)
      submission.fate = 'acknowledged'
    } catch (error) {
      const { outcome, message } = assertOurs(error)
      if (outcome === undefined)
        throw new Error(`a failed append names no outcome: ${message}`, { cause: error })
      submission.fate = outcome
    }
  }
}

async function attempt(call: () => Promise<unknown>): Promise<void> {
  try {
    await call()
  } catch (error) {
    assertOurs(error)
  }
}

function assertOurs(error: unknown): MiniStoreError {
  if (MiniStoreError.is(error)) return error
  throw error
}
