import { join } from 'node:path'
import { mkdirSync, rmSync } from 'node:fs'
import { MiniStore } from '@mini-rs/ministore'
import { describe, expect, it } from 'vitest'
import { journalBytes } from './support/check-journal.js'
import { differencesFrom } from './support/failure-table.js'
import {
  type Injection,
  type StepResult,
  type TracedCall,
  type TracedRun,
  runTraced,
  whyNoTrace,
} from './support/traced-run.js'
import { proving, Random, seedOfRun, temporaryFolder } from '@mini-rs/testkit/vitest'

const USUAL_POINTS = 10

interface Identified {
  readonly id: number
  readonly text: string
}

/** Every single call of the script, failing in every way that the kernel may choose for it. */
function allPoints(calls: readonly TracedCall[]): Injection[][] {
  const points = new Map<string, Injection[]>()
  const counts = new Map<string, number>()
  const add = (...injections: Injection[]): void => {
    points.set(JSON.stringify(injections), injections)
  }
  /** The next such call, of whichever thread has made most of them. */
  const next = (wanted: string): number => {
    const made = [...counts].filter(([key]) => key.endsWith(` ${wanted}`))
    return 1 + Math.max(0, ...made.map(([, count]) => count))
  }
  for (const { thread, syscall, role } of calls) {
    const key = `${thread} ${syscall}`
    const nth = (counts.get(key) ?? 0) + 1
    counts.set(key, nth)
    add({ syscall, errno: 'EIO', nth })
    if (syscall === 'rename') add({ syscall, errno: 'EIO', nth, andAllBehind: true })
    if (syscall === 'fdatasync') add({ syscall, errno: 'ENOSPC', nth })
    if (syscall !== 'pwrite64') continue
    add({ syscall, errno: 'ENOSPC', nth })
    const write = { syscall, errno: 'EIO', nth }
    if (role === 'watermark') {
      add(write, { syscall: 'unlink', errno: 'EIO', nth: next('unlink'), andAllBehind: true })
    }
    if (role !== 'active') continue
    add(write, { syscall: 'ftruncate', errno: 'EIO', nth: 1 })
    add(write, { syscall: 'fdatasync', errno: 'EIO', nth: next('fdatasync') })
  }
  return [...points.values()]
}

/** All points, or as many as `npm test` has time for, drawn by the seed. */
function choosePoints(points: readonly Injection[][], seed: number): readonly Injection[][] {
  const wanted = process.env['STRACE_POINTS'] ?? String(USUAL_POINTS)
  if (wanted === 'all') return points
  const random = new Random(seed)
  return Array.from({ length: Number(wanted) }, () => points[random.int(points.length)] ?? [])
}

/** A journal with an archived segment and a few records; ids below 0, so that the script's are new. */
async function prepare(path: string): Promise<void> {
  const store = await MiniStore.open<Identified>(path)
  for (const id of [-5, -4, -3]) await store.append({ id, text: '' })
  await store.rotate()
  for (const id of [-2, -1]) await store.append({ id, text: '' })
  await store.close()
}

/** What the answers promise about the journal, after a look at it without faults. */
async function promisesBroken(path: string, { steps }: TracedRun): Promise<string[]> {
  const store = await MiniStore.open<Identified>(path)
  const broken: string[] = []
  const seqs = new Map<number, number>()
  for await (const { seq, record } of store.entries()) {
    if (seqs.has(record.id)) broken.push(`id ${record.id} is there twice`)
    seqs.set(record.id, seq)
  }
  const check = (result: StepResult): void => {
    for (let id = result.first; id <= result.last; id++) {
      const seq = seqs.get(id)
      const due = (result.seq ?? 0) + id - result.first
      const isDropped = due < store.firstSeq && due < 18
      if (result.isAcknowledged && seq !== due && !isDropped) {
        broken.push(`id ${id} was acknowledged as ${due}, and is at ${seq}`)
      }
      if (result.outcome === 'absent' && seq !== undefined) broken.push(`id ${id} is not absent`)
    }
  }
  for (const { results = [] } of steps) results.forEach(check)
  const next = await store.append({ id: 1000, text: 'works again' })
  if (next !== store.lastSeq) broken.push(`the next append got ${next}`)
  await store.close()
  return broken
}

/** One run with these faults. Resolves to all that was not as promised. */
async function differencesAt(path: string, point: readonly Injection[]): Promise<string[]> {
  await prepare(path)
  const before = journalBytes(path)
  const run = runTraced(path, point)
  const [opening] = run.steps
  const differences =
    opening?.step === 'open'
      ? opening.code === 'IO'
        ? []
        : [`open rejected with ${opening.code}`]
      : differencesFrom(run.steps, run.calls)
  if (!run.calls.some(({ isInjected }) => isInjected)) differences.push('nothing failed')
  if (opening?.step === 'open') expect(journalBytes(path)).toEqual(before)
  return [...differences, ...(await promisesBroken(path, run))]
}

const reason = whyNoTrace()

describe('a call that the kernel fails', () => {
  it(
    'has the outcome that the failure table says, and the journal keeps it',
    { timeout: 1_800_000 },
    async (context) => {
      if (reason !== undefined) return context.skip(`no call can be let fail here: ${reason}`)
      const folder = temporaryFolder()
      const path = join(folder, 'run', 'journal.jsonl')
      const fresh = (): void => {
        rmSync(join(folder, 'run'), { recursive: true, force: true })
        mkdirSync(join(folder, 'run'))
      }
      fresh()
      await prepare(path)
      const flawless = runTraced(path, [])
      expect(differencesFrom(flawless.steps, flawless.calls)).toEqual([])
      const seed = seedOfRun('kernel faults')
      const points = choosePoints(allPoints(flawless.calls), seed)
      const differing: Record<string, string[]> = {}
      const kinds: Record<string, number> = {}
      await proving(
        { row: 'kernel faults', count: points.length, seed },
        () => ({ kinds, differing }),
        async () => {
          for (const point of points) {
            fresh()
            const differences = await differencesAt(path, point)
            const name = point
              .map(
                ({ syscall, errno, andAllBehind }) =>
                  `${syscall} ${errno}${andAllBehind === true ? ' from then on' : ''}`,
              )
              .join(' and ')
            kinds[name] = (kinds[name] ?? 0) + 1
            if (differences.length > 0) differing[JSON.stringify(point)] = differences
          }
          expect(differing).toEqual({})
        },
      )
      console.log(`${points.length} points of failure:`, kinds)
    },
  )
})
