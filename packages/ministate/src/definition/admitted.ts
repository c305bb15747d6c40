import { type Codec, serialize } from '@mini-rs/ministore'
import { copyAgain } from '../tree/copy.js'
import type { Recipe } from './mutation-types.js'

/** A mutation's recipe as it is run: what the types know is gone. */
export type AnyRecipe = Recipe<object, unknown, unknown>

/** A mutation that may be run and logged: checked, and nobody else's. */
export abstract class Admitted {
  readonly name: string
  readonly recipe: AnyRecipe

  constructor(name: string, recipe: AnyRecipe) {
    this.name = name
    this.recipe = recipe
  }

  /** What a log is given: `"name"` or `{"name":payload}`. */
  abstract get record(): unknown

  /** Its JSON. */
  abstract get line(): string

  /** What the recipe is given, which may change it: a new copy each time; behind {@link Admitted.writeDown} the only one. */
  abstract payload(): unknown

  /** Makes the line now. Nobody asks for the record any more, and once at most for the payload. */
  abstract writeDown(): void
}

interface AdmittedParts {
  readonly name: string
  readonly recipe: AnyRecipe
  /** What stands for it in the log. */
  readonly tag: string
}

/** With a payload, as it is logged, which nobody else has. */
export class AdmittedWithPayload extends Admitted {
  readonly #tag: string
  readonly #logged: unknown
  readonly #codec: Codec<unknown> | undefined
  #line: string | undefined

  constructor(
    { name, recipe, tag }: AdmittedParts,
    logged: unknown,
    codec: Codec<unknown> | undefined,
  ) {
    super(name, recipe)
    this.#tag = tag
    this.#logged = logged
    this.#codec = codec
  }

  get record(): unknown {
    return { [this.#tag]: this.#logged }
  }

  get line(): string {
    return this.#line ?? JSON.stringify(this.record)
  }

  payload(): unknown {
    const payload = this.#line === undefined ? copyAgain(this.#logged) : this.#logged
    return this.#codec === undefined ? payload : this.#codec.decode(payload)
  }

  writeDown(): void {
    this.#line = this.line
  }
}

/** Called without an argument. */
export class AdmittedWithoutPayload extends Admitted {
  /** The tag. */
  readonly record: string

  constructor({ name, recipe, tag }: AdmittedParts) {
    super(name, recipe)
    this.record = tag
  }

  get line(): string {
    return JSON.stringify(this.record)
  }

  payload(): undefined {}

  writeDown(): void {}
}

/** The line of a record that a state gives its own log: of a mutation, or of what stands for none. */
export function lineOf(record: unknown): string {
  return record instanceof Admitted ? record.line : serialize(record)
}
