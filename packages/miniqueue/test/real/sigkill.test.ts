import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { MiniQueue, type Queue } from '@mini-rs/miniqueue'
import { Random, countFromEnv, proving, seedOfRun, temporaryFolder } from '@mini-rs/testkit/vitest'
import { expect, it } from 'vitest'

const KILLS = countFromEnv('KILLS', 20)
/** A new folder now and then, so that its beginning is killed as well. */
const KILLS_PER_FOLDER = 25
const MAX_CRASHES = 3
const WORKER = fileURLToPath(new URL('support/killed-worker.mjs', import.meta.url))
const POISONED = fileURLToPath(new URL('support/poisoned-worker.mjs', import.meta.url))

/** What the workers of a folder have said so far. */
class Said {
  readonly enqueued = new Set<string>()
  readonly done = new Set<string>()
  readonly again: string[] = []

  hear(line: string): void {
    const [what, id = ''] = line.split(' ')
    if (what === 'enqueued') this.enqueued.add(id)
    else if (what === 'done') this.done.add(id)
    else if (what === 'ran' && this.done.has(id)) this.again.push(id)
  }
}

/** Lets a worker work until it has said so many things, and kills it. */
async function killAfter(args: readonly string[], lines: number, said: Said): Promise<void> {
  const child = spawn(process.execPath, [WORKER, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let count = 0
  const output = createInterface(child.stdout)
  output.on('line', (line) => {
    said.hear(line)
    if (++count === lines) child.kill('SIGKILL')
  })
  const heard = new Promise((resolve) => output.on('close', resolve))
  const signal = await new Promise((resolve) => child.on('close', (_code, by) => resolve(by)))
  await heard
  expect(signal, 'what has ended it').toBe('SIGKILL')
}

/** Looks at a folder whose worker was killed: the number of the next job. */
async function lookAt(folder: string, said: Said): Promise<number> {
  const queues = await MiniQueue.open(folder)
  const q: Queue<number> = queues.queue('q', {
    maxCrashes: 255,
    retention: { completed: { count: 1_000_000 } },
  })
  let next = 0
  for (const id of said.enqueued) {
    const job = await q.get(id)
    expect(job, `${id} was enqueued, and is lost`).toBeDefined()
    if (said.done.has(id)) expect(job?.status, `${id} was acknowledged`).toBe('completed')
    next = Math.max(next, Number(id.slice('job-'.length)) + 1)
  }
  const { active, dead } = q.stats()
  expect({ active, dead }).toEqual({ active: 0, dead: 0 })
  expect(said.again, 'what was acknowledged and has run again').toEqual([])
  await queues.close()
  return next
}

it(
  `workers that are killed ${KILLS} times lose nothing, and do nothing again that they had said was done`,
  { timeout: 300_000 + KILLS * 15_000 },
  async () => {
    const seed = seedOfRun('killed workers')
    const random = new Random(seed)
    let kills = 0
    let done = 0
    const killAll = async (): Promise<void> => {
      let folder = temporaryFolder()
      let said = new Said()
      let next = 0
      for (; kills < KILLS; kills++) {
        if (kills % KILLS_PER_FOLDER === KILLS_PER_FOLDER - 1) {
          done += said.done.size
          ;[folder, said, next] = [temporaryFolder(), new Said(), 0]
        }
        const callers = 1 + random.int(20)
        const args = [folder, next, callers, 1 + random.int(10)].map(String)
        await killAfter(args, 1 + random.int(150), said)
        // Jobs of calls that were not answered may be there: they are enqueued again with the same ids.
        next = await lookAt(folder, said)
      }
      done += said.done.size
    }
    const figures = (): object => ({ kills, done })
    await proving({ row: 'killed workers', count: KILLS, seed }, figures as never, killAll)
    console.log('killed workers:', figures())
    expect(kills).toBe(KILLS)
  },
)

it(
  'a job that kills its process each time is dead after maxCrashes, and the innocent beside it are not',
  { timeout: 300_000 + KILLS * 15_000 },
  async () => {
    for (let round = 0; round < Math.max(2, KILLS / 50); round++) {
      const folder = temporaryFolder()
      let kills = 0
      for (;;) {
        const child = spawn(process.execPath, [POISONED, folder, '20'], {
          stdio: ['ignore', 'ignore', 'inherit'],
        })
        const end = await new Promise((resolve) =>
          child.on('close', (code, by) => resolve(by ?? code)),
        )
        if (end === 0) break
        expect(end).toBe('SIGKILL')
        expect(++kills).toBeLessThanOrEqual(MAX_CRASHES)
      }
      expect(kills).toBe(MAX_CRASHES)
      const queues = await MiniQueue.open(folder)
      const q = queues.queue('q')
      expect(q.stats()).toMatchObject({ dead: 1, completed: 20, depth: 0 })
      expect((await q.get('poison'))?.status).toBe('dead')
      await queues.close()
    }
  },
)
