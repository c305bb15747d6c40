import { CrashFileSystem, type ProofRow } from '@mini-rs/testkit'
import { MiniStore, MiniStoreError } from '@mini-rs/ministore'
import fc from 'fast-check'
import { BASE } from '../test/support/journals.js'

/** Values that go through a journal and back, and what other readers of the file make of them. */
export const jsonValues: ProofRow = {
  name: 'json-values',
  fault:
    'random values through us and back, and into the rules of other readers (depth, surrogates, big numbers)',
  unit: 'values',
  pass: 'equal, or refused at the append',
  kind: 'seeds',
  inTest: 10_000,
  inProve: 100_000,
  shard: 10_000,
  run: (seed, amount) => roundTrip(seed, amount),
}

/** Values as programs have them: JSON, and what JSON cannot carry. */
function programValues(): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.jsonValue({ maxDepth: 6, noUnicodeString: false }) },
    {
      weight: 1,
      arbitrary: fc.anything({ withBigInt: true, withMap: true, withSparseArray: true }),
    },
    { weight: 1, arbitrary: fc.double() },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
    { weight: 1, arbitrary: fc.integer({ min: 100, max: 140 }).map(nested) },
  )
}

async function roundTrip(
  seed: number,
  amount: number,
): Promise<{ count: number; failures: string[] }> {
  const values = fc.sample(programValues(), { seed, numRuns: amount })
  const disk = new CrashFileSystem()
  const store = await MiniStore.open(BASE, { fileSystem: disk, maxSegmentBytes: 1024 * 1024 })
  const failures: string[] = []
  const accepted: string[] = []
  for (const value of values) {
    try {
      await store.append(value)
      accepted.push(JSON.stringify(value))
    } catch (error) {
      if (MiniStoreError.is(error) && error.code === 'RECORD_NOT_SERIALIZABLE') continue
      failures.push(`seed ${seed}: ${String(error)}`)
    }
  }
  await store.close()
  const back = await MiniStore.replay(BASE, { fileSystem: disk })
  back.forEach((value, index) => {
    const text = JSON.stringify(value)
    if (text !== accepted[index]) failures.push(`seed ${seed}: ${accepted[index]} became ${text}`)
  })
  for (const path of disk.paths.filter((one) => /jsonl(\.\d+)?$/.test(one))) {
    const lines = disk.get(path).toString('utf8').split('\n').slice(1, -1)
    failures.push(...lines.flatMap(faultForOtherReaders))
  }
  return { count: values.length, failures: failures.slice(0, 10) }
}

/** What serde_json and its like refuse: nesting beyond 127, lone surrogates, numbers that no double holds. */
function faultForOtherReaders(line: string): string[] {
  const faults: string[] = []
  if (/\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f])/i.test(line)) faults.push('a lone surrogate')
  let depth = 0
  for (const token of line.matchAll(/"(?:[^"\\]|\\.)*"|[[{\]}]/g)) {
    if (token[0] === '[' || token[0] === '{') depth++
    else if (token[0] === ']' || token[0] === '}') depth--
    if (depth > 127) faults.push('nesting beyond 127')
  }
  if (JSON.stringify(JSON.parse(line)) !== line.trimEnd()) faults.push('not the shortest JSON')
  return faults.map((fault) => `${fault}: ${line.slice(0, 80)}`)
}

function nested(depth: number): unknown {
  let value: unknown = depth
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { in: value }
  return value
}
