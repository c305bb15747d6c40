import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { StateManager, defineState } from '@mini-rs/ministate'
import { Random, countFromEnv, proving, seedOfRun, temporaryFolder } from '@mini-rs/testkit/vitest'
import { expect, it } from 'vitest'

const KILLS = countFromEnv('KILLS', 20)
const WRITER = fileURLToPath(new URL('support/killed-writer.mjs', import.meta.url))

const chain = defineState({
  initial: { last: 0, isBroken: false },
  mutations: (m) => ({
    add: m((state, id: number) => {
      if (id !== state.last + 1) state.isBroken = true
      state.last = id
    }),
  }),
})

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
  await new Promise((resolve) => child.on('close', resolve))
  const whole = said.slice(0, said.lastIndexOf('\n')).split('\n')
  return Math.max(0, ...whole.map((line) => Number(line.split(' ')[1])))
}

it(`a writer that is killed ${KILLS} times loses nothing that it said, and doubles nothing`, async () => {
  const seed = seedOfRun('killed writers of a state')
  const random = new Random(seed)
  let kills = 0
  await proving(
    { row: 'killed writers', count: KILLS, seed },
    () => ({ kills }),
    async () => {
      for (const [index, engine] of (['immutable', 'inPlace'] as const).entries()) {
        const folder = temporaryFolder()
        for (; kills < (KILLS * (index + 1)) / 2; kills++) {
          const said = await killedAfter(folder, engine, 1 + random.int(30), 1 + random.int(400))
          const reader = await StateManager.open(folder, chain, { readOnly: true })
          expect(reader.sequence()).toBeGreaterThanOrEqual(said)
          expect(reader.state).toEqual({ last: reader.sequence(), isBroken: false })
          await reader.close()
        }
        const { isSound } = await StateManager.verify(folder, chain)
        expect(isSound).toBe(true)
      }
    },
  )
  expect(kills).toBe(KILLS)
})
