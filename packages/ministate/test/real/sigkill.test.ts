import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { StateManager } from '@mini-rs/ministate'
import { Random, countFromEnv, proving, seedOfRun, temporaryFolder } from '@mini-rs/testkit/vitest'
import { expect, it } from 'vitest'
import { chain } from './support/chain.mjs'

const KILLS = countFromEnv('KILLS', 20)
/** A new state now and then, so that its beginning is killed as well. */
const KILLS_PER_STATE = 50
const WRITER = fileURLToPath(new URL('support/killed-writer.mjs', import.meta.url))

/** Lets a writer work until it has said so many things, kills it, and answers the highest number of them. */
async function killedAfter(
  folder: string,
  engine: string,
  callers: number,
  lines: number,
): Promise<number> {
  const child = spawn(process.execPath, [WRITER, folder, engine, String(callers)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  let count = 0
  child.stdout.on('data', (data: Buffer) => {
    said += data.toString()
    count += data.toString().split('\n').length - 1
    if (count >= lines) child.kill('SIGKILL')
  })
  const signal = await new Promise((resolve) => child.on('close', (_code, by) => resolve(by)))
  expect(signal, 'what has ended it').toBe('SIGKILL')
  const whole = said.slice(0, said.lastIndexOf('\n')).split('\n')
  return Math.max(0, ...whole.map((line) => Number(line.split(' ')[1])))
}

it(
  `a writer that is killed ${KILLS} times loses nothing that it said, and doubles nothing`,
  { timeout: 60_000 + KILLS * 3_000 },
  async () => {
    const seed = seedOfRun('killed writers of a state')
    const random = new Random(seed)
    let kills = 0
    const killAll = async (): Promise<void> => {
      for (const [index, engine] of (['immutable', 'inPlace'] as const).entries()) {
        let folder = temporaryFolder()
        for (; kills < (KILLS * (index + 1)) / 2; kills++) {
          if (kills % KILLS_PER_STATE === KILLS_PER_STATE - 1) folder = temporaryFolder()
          const said = await killedAfter(folder, engine, 1 + random.int(30), 1 + random.int(400))
          const reader = await StateManager.open(folder, chain, { readOnly: true })
          expect(reader.sequence()).toBeGreaterThanOrEqual(said)
          expect(reader.state).toMatchObject({ last: reader.sequence(), isBroken: false })
          await reader.close()
        }
        const { isSound } = await StateManager.verify(folder, chain)
        expect(isSound).toBe(true)
      }
    }
    await proving({ row: 'killed writers', count: KILLS, seed }, () => ({ kills }), killAll)
    expect(kills).toBe(KILLS)
  },
)
