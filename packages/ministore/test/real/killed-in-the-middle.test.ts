import { join } from 'node:path'
import { MiniStore, type OpenOptions } from '@mini-rs/ministore'
import { describe, expect, it } from 'vitest'
import { expectWholeJournal, highestOf } from './support/check-journal.js'
import type { Numbered } from './support/numbered.mjs'
import { SpokenLines, programAt } from './support/spoken-lines.js'
import { countFromEnv, proving, Random, seedOfRun, temporaryFolder } from '@mini-rs/testkit/vitest'

const KILLS = countFromEnv('KILLS', 30)
const KILLS_PER_JOURNAL = 25

/** What the writer dies in, and how many calls on the disk that takes at most. */
const TASKS = [
  ['open', 14],
  ['append', 4],
  ['appendMany', 4],
  ['appendManyOnAnotherThread', 5],
  ['rotate', 12],
  ['dropBefore', 20],
] as const

interface Death {
  readonly task: string
  readonly fatalCall: number
  readonly when: string
  /** Of a write that is under way: how much of it is done. */
  readonly portion: number
  /** Of the store. Either durability survives the death of a process. */
  readonly options: OpenOptions<Numbered>
}

function drawDeath(random: Random): Death {
  const [task, callCount] = TASKS[random.int(TASKS.length)] ?? TASKS[0]
  return {
    task,
    fatalCall: 1 + random.int(callCount),
    when: ['before', 'during', 'after'][random.int(3)] ?? 'during',
    portion: random.int(1000) / 1000,
    options: {
      maxSegmentBytes: [4096, 2 ** 26][random.int(2)] ?? 4096,
      syncOn: random.int(2) === 0 ? 'threadPool' : 'inline',
      durability: random.int(2) === 0 ? 'disk' : 'os',
    },
  }
}

interface Known {
  readonly lastSeq: number
  readonly dropping: number
}

/** Lets one writer die, and checks the journal. Resolves to the verdict, and to what is known now. */
async function dieOnce(
  path: string,
  death: Death,
  known: Known,
): Promise<{ verdict: string; known: Known }> {
  const argument = JSON.stringify({ path, ...death })
  const writer = new SpokenLines(process.execPath, [programAt('mortal-writer.mjs'), argument])
  await writer.ended()
  expect([writer.child.signalCode, writer.errors], argument).toEqual(['SIGKILL', ''])
  const acknowledged = Math.max(known.lastSeq, highestOf('acknowledged', writer.lines))
  const lastLine = writer.lines.at(-1) ?? ''
  const tried = lastLine.startsWith('trying ') ? Number(lastLine.slice('trying '.length)) : 0
  const dropping = Math.max(known.dropping, highestOf('dropping', writer.lines))

  const store = await MiniStore.open<Numbered>(path)
  await store.close()
  const { firstSeq, lastSeq } = store
  expect([acknowledged, acknowledged + tried], argument).toContain(lastSeq)
  expect(store.recovery.verdict, argument).not.toBe('ambiguous')
  expect(firstSeq, argument).toBeLessThanOrEqual(Math.max(1, dropping))
  const { first, last } = await expectWholeJournal(path)
  if (last > 0) expect([first, last], argument).toEqual([firstSeq, lastSeq])
  return { verdict: store.recovery.verdict, known: { lastSeq, dropping } }
}

describe('a writer that is killed in the middle of its work', () => {
  it(
    `leaves what was acknowledged, whole commits, and a clear verdict, ${KILLS} times`,
    { timeout: 60_000 + KILLS * 3_000 },
    async () => {
      const seed = seedOfRun('killed in the middle')
      const random = new Random(seed)
      const folder = temporaryFolder()
      const verdicts: Record<string, number> = {}
      const tasks: Record<string, number> = {}
      const killAll = async (): Promise<void> => {
        let known = { lastSeq: 0, dropping: 0 }
        for (let kill = 0; kill < KILLS; kill++) {
          if (kill % KILLS_PER_JOURNAL === 0) known = { lastSeq: 0, dropping: 0 }
          const journal = `journal-${Math.floor(kill / KILLS_PER_JOURNAL)}`
          const death = drawDeath(random)
          const result = await dieOnce(join(folder, journal, 'journal.jsonl'), death, known)
          known = result.known
          verdicts[result.verdict] = (verdicts[result.verdict] ?? 0) + 1
          tasks[death.task] = (tasks[death.task] ?? 0) + 1
        }
      }
      const row = 'SIGKILL in the middle of work'
      await proving({ row, count: KILLS, seed }, () => ({ verdicts, tasks }), killAll)
      expect(verdicts['ambiguous']).toBeUndefined()
      console.log(`${KILLS} kills in the middle:`, { verdicts, tasks })
    },
  )
})
