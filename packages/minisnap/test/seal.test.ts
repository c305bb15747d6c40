import { crc32 } from '@mini-rs/ministore/seal'
import { seedOfRun } from '@mini-rs/testkit/vitest'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { SealCheck, sealOf, splitSeal } from '../src/file/sealed-body.js'

it('says the same of a file in whatever pieces it comes', () => {
  const file = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.uint8Array({ maxLength: 200 }).map((body) => Buffer.concat([body, sealOf(crc32(body))])),
    fc.constant(Buffer.from('{"seq":1,"state":1}\n')),
  )
  const sizes = fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(file, sizes, (bytes, pieces) => {
      const check = new SealCheck()
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const size = pieces[turn % pieces.length] ?? 1
        check.add(bytes.subarray(at, at + size))
        at += size
      }
      const { kind } = splitSeal(bytes)
      expect(check.verdict().kind).toBe(kind)
    }),
    { seed: seedOfRun('pieces'), numRuns: 3_000 },
  )
})

it('knows what a seal vouches for', () => {
  const body = Buffer.from('{"seq":1}')
  const sealed = Buffer.concat([body, sealOf(crc32(body))])
  expect(splitSeal(sealed)).toEqual({ kind: 'sealed', body })
  expect(splitSeal(body)).toEqual({ kind: 'unsealed', body })
  expect(splitSeal(Buffer.alloc(0))).toMatchObject({ kind: 'damaged', reason: 'it is empty' })
  for (let cut = 1; cut < 34; cut++) {
    expect(splitSeal(sealed.subarray(0, sealed.length - cut)).kind).toBe('damaged')
  }
})
