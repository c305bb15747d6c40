// Last year's program counted points by player, this year's also by game. It opens what last year's wrote:
// a snapshot with the old state, and a log with the old payloads.
import assert from 'node:assert/strict'
import { MiniSnapError } from '@mini-rs/minisnap'
import { StateManager, defineState } from '@mini-rs/ministate'
import { exampleFolder } from './folder.js'

type OldScores = Record<string, number>
type OldScore = { player: string; points: number }

const lastYear = defineState({
  initial: { scores: {} as OldScores },
  mutations: (m) => ({
    score: m((state, { player, points }: OldScore) => {
      state.scores[player] = (state.scores[player] ?? 0) + points
    }),
  }),
})

type Scores = Record<string, Record<string, number>>
type Score = { game: string; player: string; points: number }

const thisYear = defineState({
  version: 2,
  migrate: { 1: ({ scores }: { scores: OldScores }) => ({ games: { chess: scores } }) },
  initial: { games: {} as Scores },
  mutations: (m) => ({
    score: m(
      (state, { game, player, points }: Score) => {
        state.games[game] ??= {}
        const scores = state.games[game]
        scores[player] = (scores[player] ?? 0) + points
      },
      { version: 2, upcast: { 1: (old: OldScore) => ({ game: 'chess', ...old }) } },
    ),
  }),
})

const folder = await exampleFolder()
const old = await StateManager.open(folder, lastYear).catch((error: unknown) => {
  assert.ok(MiniSnapError.is(error)) // the second time: this year's program was here
  console.log(`last year's program does not touch it: ${error.code}`)
})
if (old !== undefined) {
  await old.do.score({ player: 'ada', points: 3 })
  await old.createSnapshot()
  await old.do.score({ player: 'bob', points: 1 })
  console.log('last year:', JSON.stringify(old.state))
  await old.close()
}

const manager = await StateManager.open(folder, thisYear)
const { migratedFrom = 'none', replayedRecords } = manager.recovery
console.log(`migrated from version ${migratedFrom}, ${replayedRecords} replayed`)
await manager.do.score({ game: 'go', player: 'ada', points: 1 })
console.log('this year:', JSON.stringify(manager.state))
assert.equal(manager.state.games['chess']?.['bob'], 1)
await manager.createSnapshot()
await manager.close()
