import * as fc from 'fast-check'

/** States of everything that tagged JSON carries. `isPackable`: only what msgpack carries as well. */
export function carriedStates({
  isPackable = false,
}: { readonly isPackable?: boolean } = {}): fc.Arbitrary<unknown> {
  const all = fc.string({ unit: 'grapheme' })
  const text = isPackable ? all.filter((one) => !one.startsWith('\ufeff')) : all
  const keys = fc.oneof(text, fc.constantFrom('$type', 'value', '1', '__proto__', 'toJSON'))
  const key = isPackable ? keys.filter((one) => one !== '__proto__') : keys
  const doubles = fc.double({ noNaN: true, noDefaultInfinity: true })
  return fc.letrec((tie) => ({
    state: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      text,
      isPackable ? doubles.map((one) => (Object.is(one, -0) ? 0 : one)) : doubles,
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.bigInt(),
      fc.date({ noInvalidDate: true }),
      fc.uint8Array().map((bytes) => Uint8Array.from(bytes)),
      fc.array(tie('state')),
      fc.array(fc.tuple(key, tie('state'))).map(toObject),
      fc.array(fc.tuple(tie('state'), tie('state'))).map((pairs) => new Map(pairs)),
      fc.array(tie('state')).map((items) => new Set(items)),
    ),
  })).state
}

function toObject(pairs: readonly (readonly [string, unknown])[]): unknown {
  const object = {}
  for (const [key, value] of pairs) {
    Object.defineProperty(object, key, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    })
  }
  return object
}
