import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MiniStore } from '@mini-rs/ministore'
import { describe, expect, it } from 'vitest'
import { countFromEnv, proving, Random, seedOfRun, temporaryFolder } from '@mini-rs/testkit/vitest'

const APPENDER = fileURLToPath(new URL('support/appender.mjs', import.meta.url))
const KILLS = countFromEnv('KILLS', 20)
/** A new journal now and then: the whole of it is read after each kill. */
const KILLS_PER_JOURNAL = 20

/** Starts the appender, kills it after so many acknowledged records, and resolves to the last acknowledged number. */
function killAfter(path: string, callers: number, acknowledgedCount: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [APPENDER, path, String(callers)])
    let output = ''
    let errors = ''
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString()
      if (output.split('\n').length > acknowledgedCount + 1) child.kill('SIGKILL')
    })
    child.stderr.on('data', (data: Buffer) => (errors += data.toString()))
    child.on('close', (_code, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`the appender ended by itself: ${errors}`))
      // A line without its newline was cut by the kill: its number may be a part of a longer one.
      const lines = output.split('\n').slice(1, -1).map(Number)
      resolve(lines.length === 0 ? 0 : Math.max(...lines))
    })
  })
}

/** Checks the journal after a kill, and resolves to what the open decided. */
async function verdictAfter(path: string, acknowledged: number): Promise<string> {
  const store = await MiniStore.open<{ n: number }>(path)
  await store.close()
  expect(store.lastSeq).toBeGreaterThanOrEqual(acknowledged)
  const wrong: number[] = []
  let expected = 1
  for await (const { seq, record } of MiniStore.entries<{ n: number }>(path)) {
    if (seq !== expected || record.n !== expected) wrong.push(seq)
    expected++
  }
  expect(wrong).toEqual([])
  expect(expected - 1).toBe(store.lastSeq)
  return store.recovery.verdict
}

describe('a writer that is killed', () => {
  it(
    `loses no acknowledged record, doubles none and keeps the order, ${KILLS} times`,
    { timeout: 60_000 + KILLS * 3_000 },
    async () => {
      const seed = seedOfRun('SIGKILL')
      const random = new Random(seed)
      const folder = temporaryFolder()
      const verdicts: Record<string, number> = {}
      const killAll = async (): Promise<void> => {
        for (let kill = 0; kill < KILLS; kill++) {
          const journal = `journal-${Math.floor(kill / KILLS_PER_JOURNAL)}`
          const path = join(folder, journal, 'journal.jsonl')
          const acknowledged = await killAfter(path, [1, 4, 64][kill % 3] ?? 1, random.int(300))
          const verdict = await verdictAfter(path, acknowledged)
          verdicts[verdict] = (verdicts[verdict] ?? 0) + 1
        }
      }
      await proving({ row: 'SIGKILL', count: KILLS, seed }, () => ({ verdicts }), killAll)
      expect(verdicts['ambiguous']).toBeUndefined()
      console.log(`${KILLS} kills:`, verdicts)
    },
  )
})
