import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Answer, Racer } from './support/racer.js'
import { countFromEnv, proving, temporaryFolder } from '@mini-rs/testkit/vitest'

const RACES = countFromEnv('RACES', 20)
const RACER_COUNT = 8

/** What was wrong with the answers of one race, which exactly one racer must win. */
function faultsOf(racers: readonly Racer[], answers: readonly Answer[]): string[] {
  const winners = racers.filter((_racer, index) => answers[index]?.isDone === true)
  if (winners.length !== 1) return [`${winners.length} winners: ${JSON.stringify(answers)}`]
  const name = `process ${winners[0]?.pid} on `
  const losers = answers.filter(({ isDone }) => !isDone)
  return losers
    .filter(({ code, message }) => code !== 'JOURNAL_LOCKED' || !message?.includes(name))
    .map(({ code, message }) => `won by ${name}: ${code}: ${message}`)
}

describe('processes that race for the lock', () => {
  it(
    `are let in one at a time, and the others are told by whom, ${RACES} times`,
    { timeout: 60_000 + RACES * 1000 },
    async () => {
      const path = join(temporaryFolder(), 'journal.jsonl')
      const racers = await Promise.all(Array.from({ length: RACER_COUNT }, () => Racer.start()))
      // The first opening of a process loads its locks: on a busy machine longer than the others wait for a name.
      for (const racer of racers) {
        await racer.tell('open', { path })
        await racer.tell('close')
      }
      const wins = racers.map(() => 0)
      const faults: string[] = []
      const raceAll = async (): Promise<void> => {
        for (let race = 0; race < RACES; race++) {
          const answers = await Promise.all(racers.map((racer) => racer.tell('open', { path })))
          faults.push(...faultsOf(racers, answers).map((fault) => `race ${race}: ${fault}`))
          await Promise.all(
            racers.map(async (racer, index) => {
              if (answers[index]?.isDone !== true) return
              wins[index] = (wins[index] ?? 0) + 1
              await racer.tell('append', { record: { race } })
              await racer.tell('close')
            }),
          )
        }
        expect(faults).toEqual([])
      }
      const figures = { racers: RACER_COUNT, wins, faults: faults.slice(0, 10) }
      await proving({ row: 'lock races', count: RACES, seed: undefined }, () => figures, raceAll)
      expect(wins.reduce((sum, count) => sum + count, 0)).toBe(RACES)
      console.log(`${RACES} races of ${RACER_COUNT}, won by each:`, wins)
    },
  )
})
