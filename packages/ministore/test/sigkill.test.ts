import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MiniStore } from '@mini-rs/ministore'
import { describe, expect, it } from 'vitest'
import { Random, seedOfRun } from './support/random.js'
import { temporaryFolder } from './support/temporary.js'

const APPENDER = fileURLToPath(new URL('support/appender.mjs', import.meta.url))
const KILLS = Number(process.env['KILLS'] ?? 20)

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

describe('a writer that is killed', () => {
  it(
    `loses no acknowledged record, doubles none and keeps the order, ${KILLS} times`,
    { timeout: 60_000 + KILLS * 3_000 },
    async () => {
      const random = new Random(seedOfRun('SIGKILL'))
      const path = join(temporaryFolder(), 'journal.jsonl')
      const verdicts = new Map<string, number>()
      for (let kill = 0; kill < KILLS; kill++) {
        const acknowledged = await killAfter(path, [1, 4, 64][kill % 3] ?? 1, random.int(300))
        const store = await MiniStore.open<{ n: number }>(path)
        const { verdict } = store.recovery
        verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1)
        expect(store.lastSeq).toBeGreaterThanOrEqual(acknowledged)
        await store.close()
        let expected = 1
        for await (const { seq, record } of MiniStore.entries<{ n: number }>(path)) {
          expect(seq).toBe(expected)
          expect(record.n).toBe(expected)
          expected++
        }
        expect(expected - 1).toBe(store.lastSeq)
      }
      console.log(`${KILLS} kills:`, Object.fromEntries(verdicts))
    },
  )
})
