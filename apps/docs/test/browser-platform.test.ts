import { isAscii, isUtf8 } from 'node:buffer'
import { isDeepStrictEqual } from 'node:util'
import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import * as browser from '../plug/browser-platform.js'

const bytes = (length: number, step: number): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => (at * step + (at >> 3)) & 0xff)

describe("a browser's half of the platform does what Node's does:", () => {
  test.each([0, 1, 7, 512, 4_096])('crc32 of %i bytes, whole and in two parts', (length) => {
    const all = bytes(length, 31)
    expect(browser.crc32(all)).toBe(crc32(all))
    const half = Math.floor(length / 2)
    const first = browser.crc32(all.subarray(0, half))
    expect(browser.crc32(all.subarray(half), first)).toBe(crc32(all))
  })

  test.each([
    [[0x61, 0x7f]],
    [[0x80]],
    [[0xc3, 0xa9]],
    [[0xc3]],
    [[0xed, 0xa0, 0x80]],
    [[0xf0, 0x9f, 0x98, 0x80]],
    [[0xef, 0xbb, 0xbf, 0x61]],
  ])('isAscii and isUtf8 of %j', (values) => {
    const all = Uint8Array.from(values)
    expect(browser.isAscii(all)).toBe(isAscii(all))
    expect(browser.isUtf8(all)).toBe(isUtf8(all))
  })

  test.each([
    [
      { a: 1, b: [1, 2] },
      { b: [1, 2], a: 1 },
    ],
    [{ a: 1 }, { a: 1, b: undefined }],
    [{ a: undefined }, { b: undefined }],
    [[], {}],
    [null, {}],
    [NaN, NaN],
    [{ at: { offsetBytes: 28 } }, { at: { offsetBytes: 29 } }],
  ])('isDeepStrictEqual of %j and %j', (one, other) => {
    if (Array.isArray(one) !== Array.isArray(other)) return // never asked
    expect(browser.isDeepStrictEqual(one, other)).toBe(isDeepStrictEqual(one, other))
  })

  test('a task at the end of the turn runs before the next turn', async () => {
    const order: string[] = []
    setTimeout(() => order.push('timer'), 0)
    browser.atEndOfTurn(() => order.push('task'))
    order.push('turn')
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(order).toEqual(['turn', 'task', 'timer'])
  })
})
