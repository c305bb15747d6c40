// Last year's program counted points by player, this year's also by game. It opens what last year's wrote:
// a snapshot with the old state, and a log with the old payloads.
import './own-folder.js'
import assert from 'node:assert/strict'
import { MiniSnapError } from '@mini-rs/minisnap'
import { StateManager, defineState } from '@mini-rs/ministate'

const lastYear = defineState({
  initial: { scores: {} as Record<string, number> },
  mutations: (m) => ({
    score: m((state, { player, points }: { player: string; points: number }) => {
      state.scores[player] = (state.scores[player] ?? 0) + points
    }),
  }),
})

const before = await StateManager.open('scores', lastYear).catch((error: unknown) => {
  assert.ok(MiniSnapError.is(error)) // the second time: this year's program was here
  console.log(`last year's program does not touch it: ${error.code}`)
})
if (before !== undefined) {
  await before.do.score({ player: 'ada', points: 3 })
  await before.createSnapshot()
  await before.do.score({ player: 'bob', points: 1 })
  console.log('last year:', JSON.stringify(before.state))
  await before.close()
}

type OldState = { scores: Record<string, number> }
type OldScore = { player: string; points: number }
type Score = { game: string; player: string; points: number }

const thisYear = defineState({
  version: 2,
  migrate: { 1: (old: OldState) => ({ games: { chess: old.scores } }) },
  initial: { games: {} as Record<string, Record<string, number>> },
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

const manager = await StateManager.open('scores', thisYear)
const { migratedFrom = 'none', replayedRecords } = manager.recovery
console.log(`migrated from version ${migratedFrom}, ${replayedRecords} replayed`)
await manager.do.score({ game: 'go', player: 'ada', points: 1 })
console.log('this year:', JSON.stringify(manager.state))
assert.equal(manager.state.games['chess']?.['bob'], 1)
await manager.createSnapshot()
await manager.close()
