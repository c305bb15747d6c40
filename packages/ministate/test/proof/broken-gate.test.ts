import { seedOfRun } from '@mini-rs/testkit/vitest'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { failEachCall } from '../../proof/failing-calls.js'
import { runCrashWorlds } from '../../proof/random-crashes.js'
import { Admitted } from '../../src/definition/admitted.js'
import { MiniStateError, type Rejection } from '../../src/errors.js'
import type * as Original from '../../src/write/pipelined-writer.js'
import type { WriterParts } from '../../src/write/writer-parts.js'
import type { Outcome, Request } from '../../src/write/writer.js'
import type { Versions } from '../../src/write/versions.js'

/** Which answers do not wait for what they were decided on. */
const broken = vi.hoisted(() => ({ answer: 'none' }))

vi.mock('../../src/write/pipelined-writer.js', async (importOriginal) => {
  const { PipelinedWriter } = await importOriginal<typeof Original>()
  class UngatedWriter<S extends object> extends PipelinedWriter<S> {
    readonly #tree: WriterParts<S>['tree']

    constructor(parts: WriterParts<S>, versions: Versions<S>) {
      super(parts, versions)
      this.#tree = parts.tree
    }

    override read<T>(look: (state: S) => T): Promise<T> {
      if (broken.answer !== 'read') return super.read(look)
      return Promise.resolve(look(this.#tree.state))
    }

    override submit<T>(
      request: Request<S>,
      answer: (outcome: Outcome | undefined) => T,
    ): Promise<T> {
      const { mutations } = request
      if (broken.answer !== 'rejection' || typeof mutations === 'function')
        return super.submit(request, answer)
      return new Promise((resolve, reject) => {
        const hasty = mutations.map((mutation) => new RejectingAtOnce(mutation, reject))
        super.submit({ ...request, mutations: hasty }, answer).then(resolve, reject)
      })
    }
  }
  return { PipelinedWriter: UngatedWriter }
})

class RejectingAtOnce extends Admitted {
  readonly #mutation: Admitted

  constructor(mutation: Admitted, reject: (error: unknown) => void) {
    super(mutation.name, (state, payload, context) => {
      try {
        return mutation.recipe(state, payload, context)
      } catch (error) {
        const { rejection } = error as { readonly rejection?: Rejection }
        if (rejection !== undefined)
          reject(new MiniStateError('REJECTED', 'at once', { rejection, outcome: 'absent' }))
        throw error
      }
    })
    this.#mutation = mutation
  }

  get record(): unknown {
    return this.#mutation.record
  }

  get line(): string {
    return this.#mutation.line
  }

  payload(): unknown {
    return this.#mutation.payload()
  }

  writeDown(): void {
    this.#mutation.writeDown()
  }
}

describe.each(['rejection', 'read'])('a %s that does not wait for what it stands on', (answer) => {
  beforeEach(() => {
    broken.answer = answer
  })

  it('is found by a crash', async () => {
    const seed = seedOfRun('control')
    const { failures } = await runCrashWorlds(seed, 10_000, { isShrunk: false })
    expect(failures.join()).toMatch(/told of/)
  })
})

it('a rejection that does not wait is found by a failing call', async () => {
  broken.answer = 'rejection'
  const { failures } = await failEachCall(4, { stopsAtFirst: true })
  expect(failures.join()).toMatch(/stands on/)
})
