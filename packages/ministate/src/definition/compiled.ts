import type { Codec } from '@mini-rs/ministore'
import { MiniStateError, messageOf } from '../errors.js'
import {
  type Admitted,
  AdmittedWithPayload,
  AdmittedWithoutPayload,
  type AnyRecipe,
} from './admitted.js'
import { assertNoPromise } from './no-promise.js'
import { copyJson } from '../tree/copy.js'
import { Uncarriable } from '../tree/uncarriable.js'
import type { StateDefinition } from './define-state.js'
import type { Mutation } from './mutation-types.js'
import { validatePayload } from './payload-schema.js'

/** A mutation that a tag of the log stands for. */
interface Tagged {
  readonly name: string
  readonly tag: string
  readonly version: number
  readonly mutation: Mutation<unknown, unknown, unknown>
  readonly recipe: AnyRecipe
}

/** A record of the log, understood. */
export type ParsedRecord =
  | {
      readonly kind: 'mutation'
      readonly name: string
      readonly recipe: AnyRecipe
      readonly payload: unknown
      readonly hasPayload: boolean
    }
  | { readonly kind: 'skip'; readonly seq: number; readonly reason: string }

/** What `@skip` stands for: a record that no replay applies any more. */
export interface Skip {
  readonly seq: number
  readonly reason: string
}

const SKIP_TAG = '@skip'

/** The record that tells every later open to leave `seq` out. */
export function skipRecord({ seq, reason }: Skip): unknown {
  return { [SKIP_TAG]: { seq, reason } }
}

/** A definition as it is used at run time: tags to recipes, and back. */
export class CompiledDefinition {
  readonly #byTag = new Map<string, Tagged>()
  readonly #byName = new Map<string, Tagged>()
  readonly #codec: Codec<unknown> | undefined

  constructor({ mutations, codec }: Pick<StateDefinition<object, unknown>, 'mutations' | 'codec'>) {
    this.#codec = codec
    const all = Object.entries(mutations as Record<string, Mutation<unknown, unknown, unknown>>)
    for (const [name, mutation] of all) {
      const recipe = mutation.recipe as AnyRecipe
      for (let version = 1; version <= mutation.version; version++) {
        const tag = tagOf(name, version)
        const tagged = { name, tag, version, mutation, recipe }
        this.#byTag.set(tag, tagged)
        this.#byName.set(name, tagged) // the newest comes last
      }
    }
  }

  get names(): readonly string[] {
    return [...this.#byName.keys()]
  }

  /**
   * Checks and copies what a caller gave.
   *
   * @throws {@link MiniStateError} `MUTATION_INVALID`, `PAYLOAD_INVALID`, `PAYLOAD_NOT_SERIALIZABLE`
   */
  admit(given: unknown): Admitted {
    if (typeof given === 'string') return this.#admit(given, undefined, false)
    const key = onlyKey(given)
    return this.#admit(key, (given as Readonly<Record<string, unknown>>)[key], true)
  }

  /** As `admit`, from a call of `do.<name>`. */
  admitCall(name: string, args: readonly unknown[]): Admitted {
    return this.#admit(name, args[0], args.length > 0)
  }

  /** What a record of the log says. @throws {@link MiniStateError} `MUTATION_INVALID`, `MUTATION_TOO_NEW`; what an upcast or the codec throws */
  parse(record: unknown): ParsedRecord {
    const hasPayload = typeof record !== 'string'
    const tag = hasPayload ? onlyKey(record) : record
    const known = this.#byTag.get(tag)
    const logged = hasPayload ? (record as Readonly<Record<string, unknown>>)[tag] : undefined
    if (known === undefined) return this.#parseOther(tag, logged)
    const { name, version, mutation, recipe } = known
    let payload = this.#codec === undefined || !hasPayload ? logged : this.#codec.decode(logged)
    for (let from = version; from < mutation.version; from++) {
      payload = (mutation.upcast[from] as (payload: unknown) => unknown)(payload)
      assertNoPromise(payload, `the upcast of ${name} from version ${from}`)
    }
    return { kind: 'mutation', name, recipe, payload, hasPayload }
  }

  /** What a record says to leave out; undefined for every other record. */
  trySkip(record: unknown): Skip | undefined {
    const isSkip = typeof record === 'object' && record !== null && Object.hasOwn(record, SKIP_TAG)
    return isSkip ? parseSkip((record as Readonly<Record<string, unknown>>)[SKIP_TAG]) : undefined
  }

  #parseOther(tag: string, logged: unknown): ParsedRecord {
    if (tag === SKIP_TAG) return { kind: 'skip', ...parseSkip(logged) }
    const [name = '', version] = tag.split('@')
    const known = this.#byName.get(name)
    if (known === undefined || version === undefined) {
      throw new MiniStateError(
        'MUTATION_INVALID',
        `the definition has no mutation ${JSON.stringify(tag)}: it has ${this.names.join(', ')}`,
        { mutation: tag },
      )
    }
    throw new MiniStateError(
      'MUTATION_TOO_NEW',
      `the payload of ${name} has version ${version}, and this program knows versions up to ${known.version}: run the newer program`,
      { mutation: tag },
    )
  }

  #admit(name: string, given: unknown, hasPayload: boolean): Admitted {
    const known = this.#byName.get(name)
    if (known === undefined) {
      throw new MiniStateError(
        'MUTATION_INVALID',
        `there is no mutation ${JSON.stringify(name)}: there are ${this.names.join(', ')}. Nothing was logged`,
        { mutation: name, outcome: 'absent' },
      )
    }
    const { mutation } = known
    const payload =
      mutation.schema === undefined ? given : validatePayload(name, mutation.schema, given)
    // Without an argument there is no payload, unless the schema has made one of it.
    return !hasPayload && payload === undefined
      ? new AdmittedWithoutPayload(known)
      : new AdmittedWithPayload(known, this.#logged(name, payload), this.#codec)
  }

  /** What the line holds, which nobody else can change. */
  #logged(name: string, payload: unknown): unknown {
    try {
      return copyJson(this.#codec === undefined ? payload : this.#codec.encode(payload))
    } catch (error) {
      const isOurs = error instanceof Uncarriable
      const what = isOurs ? `${error.what} at $${error.path}` : messageOf(error)
      const advice = isOurs
        ? 'which a line of JSON cannot carry; convert it first, or give the definition a codec'
        : 'by the codec'
      throw new MiniStateError(
        'PAYLOAD_NOT_SERIALIZABLE',
        `the payload of ${name} holds ${what}, ${advice}. Nothing was logged`,
        {
          mutation: name,
          outcome: 'absent',
          cause: isOurs ? undefined : error,
          issues: isOurs ? [{ path: `$${error.path}`, message: `is ${error.what}` }] : undefined,
        },
      )
    }
  }
}

function tagOf(name: string, version: number): string {
  return version === 1 ? name : `${name}@${version}`
}

/** The one key of `{ name: payload }`. Others may be there as long as they are undefined. */
function onlyKey(value: unknown): string {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    let key: string | undefined
    let count = 0
    // No list of the keys: this runs for every record of a replay.
    for (const one in value) {
      if (!Object.hasOwn(value, one)) continue
      key = one
      count++
    }
    if (key !== undefined && count === 1) return key
    const given = Object.keys(value).filter(
      (one) => (value as Record<string, unknown>)[one] !== undefined,
    )
    if (given.length === 1 && given[0] !== undefined) return given[0]
  }
  throw new MiniStateError(
    'MUTATION_INVALID',
    `a mutation is 'name', or an object with exactly one key: { name: payload }, not ${shown(value)}`,
    { outcome: 'absent' },
  )
}

function shown(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  return Array.isArray(value)
    ? 'an array'
    : `one with the keys ${JSON.stringify(Object.keys(value))}`
}

function parseSkip(logged: unknown): Skip {
  if (typeof logged === 'object' && logged !== null && 'seq' in logged) {
    const { seq } = logged
    const reason = 'reason' in logged ? String(logged.reason) : ''
    if (typeof seq === 'number' && Number.isSafeInteger(seq)) return { seq, reason }
  }
  throw new MiniStateError('MUTATION_INVALID', `a record says ${SKIP_TAG}, and not which one`, {
    mutation: SKIP_TAG,
  })
}
