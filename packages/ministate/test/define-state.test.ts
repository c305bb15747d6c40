import { type Mutation, defineState } from '@mini-rs/ministate'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

describe('defineState', () => {
  it.each([
    ['no initial state', { initial: 5 }, TypeError],
    ['null', { initial: null }, TypeError],
    ['a version of 0', { version: 0 }, RangeError],
    ['a version of 1.5', { version: 1.5 }, RangeError],
    ['a step beyond the version', { migrate: { 1: (old: unknown) => old } }, RangeError],
    ['a step that is no function', { version: 2, migrate: { 1: 'x' } }, TypeError],
    ['an invariant that is no function', { invariant: true }, TypeError],
    ['half a codec', { codec: { encode: () => 1 } }, TypeError],
    ['mutations that are none', { mutations: () => 5 }, TypeError],
    ['a mutation that is a bare function', { mutations: () => ({ a: () => 1 }) }, TypeError],
  ])('refuses %s', (_, options, kind) => {
    const all = { initial: {}, mutations: () => ({}), ...options }
    expect(() => defineState(all as never)).toThrow(kind)
  })

  it.each(['__proto__', 'then', 'a@2', '@skip', '', '\ud800'])('refuses the name %j', (name) => {
    const mutations = (m: (recipe: () => void) => Mutation<void, void, void>): object =>
      JSON.parse(`{${JSON.stringify(name)}:0}`, (key, value: unknown) =>
        key === name && value === 0 ? m(() => {}) : value,
      ) as object
    expect(() => defineState({ initial: {}, mutations: mutations as never })).toThrow(
      `a mutation cannot be called ${JSON.stringify(name)}`,
    )
  })

  it.each([
    ['no recipe', [5], TypeError],
    ['a schema without a recipe', [z.number()], TypeError],
    ['a version of 0', [() => {}, { version: 0 }], RangeError],
    ['a version without a step to it', [() => {}, { version: 2 }], RangeError],
    [
      'a step beyond the version',
      [() => {}, { version: 2, upcast: { 1: String, 2: String } }],
      RangeError,
    ],
    ['a step that is no function', [() => {}, { version: 2, upcast: { 1: 1 } }], TypeError],
  ])('refuses a mutation with %s', (_, args, kind) => {
    const mutations = (m: (...all: unknown[]) => object): object => ({ a: m(...args) })
    expect(() => defineState({ initial: {}, mutations: mutations as never })).toThrow(kind)
  })
})
