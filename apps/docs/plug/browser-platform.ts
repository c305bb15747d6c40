// A browser's half of ministore's platform; packages/ministore/src/platform/node.ts is Node's, and says what
// each has to do. test/browser-platform.test.ts holds one against the other.

const POLYNOMIAL = 0xedb88320

/** What a byte does to the register, for all 256. */
const TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let register = byte
  for (let bit = 0; bit < 8; bit++) {
    register = register & 1 ? (register >>> 1) ^ POLYNOMIAL : register >>> 1
  }
  return register
})

export function crc32(bytes: Uint8Array, start = 0): number {
  let register = ~start
  for (const byte of bytes) register = (register >>> 8) ^ (TABLE[(register ^ byte) & 0xff] ?? 0)
  return ~register >>> 0
}

export function isAscii(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte < 0x80)
}

export function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false // the decoder refuses what is no UTF-8
  }
}

/** For plain data, which is all that ministore compares. */
export function isDeepStrictEqual(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (typeof one !== 'object' || typeof other !== 'object' || !one || !other) return false
  const keys = Object.keys(one)
  if (keys.length !== Object.keys(other).length) return false
  return keys.every(
    (key) =>
      Object.hasOwn(other, key) &&
      isDeepStrictEqual(Reflect.get(one, key), Reflect.get(other, key)),
  )
}

export const atEndOfTurn: (task: () => void) => void = queueMicrotask
