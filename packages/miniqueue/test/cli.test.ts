import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '@mini-rs/testkit/vitest'
import { describe, expect, it, onTestFinished } from 'vitest'
import { MiniQueue } from '../src/queue/mini-queue.js'
import type { Queue } from '../src/queue/queue.js'
import { take } from './support/leases.js'

const CLI = fileURLToPath(new URL('../dist/cli.cjs', import.meta.url))

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly lines: string[]
  readonly err: string
}

/** The command in a pipe, as a script would run it. */
function run(...args: string[]): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: undefined, FORCE_COLOR: '1' },
  })
  return { code: status, out: stdout, lines: stdout.split('\n').slice(0, -1), err: stderr }
}

function json(...args: string[]): unknown {
  const { code, out, err } = run(...args, '--json')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out)
}

/** A folder with jobs of every kind: one has completed, one is dead, one runs, three wait. */
async function filled(): Promise<{ directory: string; queues: MiniQueue; q: Queue<object> }> {
  const directory = join(temporaryFolder(), 'queues')
  const queues = await MiniQueue.open(directory)
  onTestFinished(async () => void (await queues.close()))
  const q = queues.queue<object>('mail', { attempts: 1 })
  await q.enqueue({ n: 1 }, { id: 'done' })
  await (await take(q)).ack({ sent: true })
  await q.enqueue({ n: 2 }, { id: 'dead' })
  await (await take(q)).nack({ error: new RangeError('no such user') })
  await q.enqueue({ n: 3 }, { id: 'runs', group: 'g' })
  await take(q)
  await q.enqueue({ n: 4 }, { id: 'next', group: 'g' })
  await q.enqueue({ n: 5 }, { id: 'later', delayMs: 3_600_000 })
  await q.enqueue({ n: 6 }, { id: 'blocked', dependsOn: ['dead'] })
  return { directory, queues, q }
}

describe('reading commands, while a program has the queues open', () => {
  it('ls, stats and top print how many jobs there are', async () => {
    const { directory } = await filled()
    const counts = { waiting: 1, delayed: 1, blocked: 1, active: 1, completed: 1, dead: 1 }
    expect(json('ls', directory)).toMatchObject({
      owner: { pid: process.pid },
      queues: [{ name: 'mail', ...counts, cancelled: 0, isPaused: false }],
    })
    const { lines } = run('ls', directory)
    expect(lines[0]).toContain(`open in process ${process.pid}`)
    expect(lines[3]?.split(/ +/)).toEqual(['mail', '1', '1', '1', '1', '1', '1', '0'])
    expect(json('stats', directory, 'mail')).toMatchObject({
      queues: [{ ...counts, oldest: { id: 'next' } }],
    })
    expect(run('stats', directory).out).toMatch(/oldest +next, ready for/)
    const top = run('top', directory)
    expect(top.lines[3]).toMatch(/^mail +1 +1 +1 +1 +1 +0 +0 +0 +.*next$/)
  })

  it('show prints a job as it stands', async () => {
    const { directory } = await filled()
    expect(json('show', directory, 'mail', 'dead')).toMatchObject({
      status: 'dead',
      data: { n: 2 },
      reason: 'attempts',
      error: { name: 'RangeError', message: 'no such user' },
    })
    expect(run('show', directory, 'mail', 'runs').out).toMatch(/status +active\n/)
    expect(run('show', directory, 'mail', 'later').out).toMatch(/due +.*, in (59 min|1 h)/)
  })

  it('history prints all that happened to a job', async () => {
    const { directory } = await filled()
    const { lines } = run('history', directory, 'mail', 'done')
    expect(lines[1]).toMatch(/ enqueued +\{"n":1\}$/)
    expect(lines[2]).toMatch(/ #1 completed +took .* → \{"sent":true\}$/)
    expect(json('history', directory, 'mail', 'runs')).toMatchObject([
      { kind: 'enqueued' },
      { kind: 'running', attempt: 1 },
    ])
  })

  it('explain says why a job does not run', async () => {
    const { directory } = await filled()
    for (const [id, why, sentence] of [
      ['done', 'completed', /^It was completed /],
      ['dead', 'dead', /RangeError: no such user/],
      ['runs', 'running', /^It runs, for the 1st time\.$/],
      ['next', 'groupBusy', /^Its group "g" is busy with "runs"\.$/],
      ['later', 'delayed', /^It is delayed until /],
      ['blocked', 'dependency', /^It waits for "dead" \(dead\) to complete\. That never happens/],
    ] as const) {
      const told = json('explain', directory, 'mail', id)
      expect(told).toMatchObject({ id, why, sentence: expect.stringMatching(sentence) as string })
    }
  })

  it('explain sends those to the process who wait for no more than a worker', async () => {
    const { directory, q } = await filled()
    await q.enqueue({}, { id: 'free' })
    const { lines } = run('explain', directory, 'mail', 'free')
    expect(lines[0]).toBe('free is waiting (next)')
    expect(lines[2]).toContain(`only its process knows (${process.pid})`)
    await q.pause()
    expect(run('explain', directory, 'mail', 'free').out).toContain('"mail" is paused')
  })

  it('dead ls and dead redrive --preview print dead letters, and change nothing', async () => {
    const { directory, q } = await filled()
    expect(json('dead', 'ls', directory, 'mail')).toMatchObject([{ id: 'dead', data: { n: 2 } }])
    const { lines } = run('dead', 'redrive', directory, 'mail', '--preview')
    expect(lines[0]).toBe(
      '1 job of mail would wait again (1 attempts), 0 dead letters would be left',
    )
    expect(lines[2]).toMatch(/dead .*attempts +RangeError: no such user +\{"n":2\}$/)
    expect(lines[3]).toMatch(/^Nothing was changed\./)
    expect(q.stats().dead).toBe(1)
  })

  it('schedules prints when each is due', async () => {
    const { directory, q } = await filled()
    await q.schedules.upsert('nightly', { cron: '30 2 * * *', tz: 'Europe/Berlin', data: {} })
    await q.schedules.upsert('often', { everyMs: 60_000, data: {} })
    await q.schedules.pause('often')
    const { lines } = run('schedules', directory)
    expect(lines[1]).toMatch(/nightly +mail +30 2 \* \* \* Europe\/Berlin +.*, in \d/)
    expect(lines[2]).toMatch(/often +mail +every 1 min +paused/)
    expect(json('schedules', directory)).toMatchObject([
      { id: 'nightly', queue: 'mail', nextMs: expect.any(Number) as number },
      { id: 'often', queue: 'mail', isPaused: true },
    ])
  })

  it('tail prints what happened last, of all queues or one, and follows what comes', async () => {
    const { directory, queues, q } = await filled()
    await queues.queue('other').enqueue(1)
    const of = run('tail', directory, '-n', '2', '--queue', 'mail')
    expect(of.lines.map((line) => line.replace(/^ *\d+ +\S+ \S+ +/, ''))).toEqual([
      expect.stringMatching(/^mail later +enqueued +\{"n":5\}, due 1 h later$/),
      expect.stringMatching(/^mail blocked +enqueued +\{"n":6\}$/),
    ])
    const child = spawn(process.execPath, [CLI, 'tail', directory, '-n', '1', '-f', '--json'])
    onTestFinished(() => void child.kill())
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    const first = (await lines.next()).value as string
    expect(JSON.parse(first)).toMatchObject({ record: { enqueue: { queue: 'other' } } })
    await q.cancel('later')
    expect(JSON.parse((await lines.next()).value as string)).toMatchObject({
      record: { cancel: {} },
    })
  })

  it('writing commands say who has the queues open', async () => {
    const { directory } = await filled()
    for (const args of [
      ['enqueue', directory, 'mail', '{}'],
      ['retry', directory, 'mail', 'dead'],
      ['pause', directory, 'mail'],
      ['dead', 'redrive', directory, 'mail'],
    ]) {
      const { code, out, err } = run(...args)
      expect({ code, out }).toEqual({ code: 3, out: '' })
      expect(err).toContain(`is open in process ${process.pid} on `)
      expect(err).not.toContain('    at ')
    }
  })
})

describe('commands on queues that nobody has open', () => {
  it('enqueue, retry, cancel, pause, resume and dead redrive change them', async () => {
    const { directory, queues } = await filled()
    await queues.close()
    expect(json('enqueue', directory, 'mail', '{"n":7}', '--id', 'new')).toMatchObject({
      id: 'new',
      status: 'enqueued',
    })
    const again = run('enqueue', directory, 'mail', '{"n":7}', '--id', 'new')
    expect(again.out).toBe('new in mail: duplicate: that job is waiting\n')
    expect(run('retry', directory, 'mail', 'done').out).toBe('done in mail waits again\n')
    expect(run('cancel', directory, 'mail', 'later').out).toBe('later in mail is cancelled\n')
    expect(run('pause', directory, 'mail').out).toBe('mail is paused\n')
    expect(run('ls', directory).lines[3]).toMatch(/paused$/)
    expect(run('resume', directory, 'mail').out).toBe('mail goes on\n')
    const redriven = run('dead', 'redrive', directory, 'mail', '--error', 'no such')
    expect(redriven.out).toBe('1 job of mail waits again, 0 dead letters left\n')
    expect(json('stats', directory)).toMatchObject({
      owner: null,
      queues: [{ waiting: 5, blocked: 1, dead: 0, cancelled: 1, completed: 0 }],
    })
    const refused = run('retry', directory, 'mail', 'new')
    expect(refused).toMatchObject({ code: 3, out: '' })
    expect(refused.err).toContain('is waiting: only a job that has ended can be retried')
  }, 60_000)

  it('are read by their index where there is one, and by what came since', async () => {
    const directory = join(temporaryFolder(), 'queues')
    const queues = await MiniQueue.open(directory)
    const q = queues.queue<number>('q')
    await q.enqueueMany(Array.from({ length: 1_500 }, (_, data) => ({ data })))
    await (await take(q)).ack()
    await queues.close()
    expect(readdirSync(join(directory, 'index'))).toHaveLength(1)
    expect(run('enqueue', directory, 'q', '7', '--id', 'new').code).toBe(0)
    expect(json('stats', directory, 'q')).toMatchObject({
      journal: { records: 1_502 },
      queues: [{ waiting: 1_500, completed: 1, oldest: { id: '@2' } }],
    })
    expect(run('show', directory, 'q', '@777').out).toMatch(/data +776\n/)
    expect(run('explain', directory, 'q', 'new').out).toContain('1,499 jobs before it')
  })

  it('explain says that a job was running when its process was killed', async () => {
    const { directory } = await killed()
    const { lines } = run('explain', directory, 'q', 'a')
    expect(lines).toEqual([
      'a is waiting (next)',
      'Nothing in the journal keeps it; nothing is before it.',
      expect.stringContaining('It was running when its process died'),
      'No process has these queues open: nothing runs.',
    ])
    expect(json('explain', directory, 'q', 'a')).toMatchObject({ diedRunning: true, owner: null })
  })
})

describe('verify', () => {
  it('says that queues are whole, or damaged, by its exit code too', async () => {
    const { directory, queues } = await filled()
    await queues.close()
    const whole = run('verify', directory)
    expect(whole.code).toBe(0)
    expect(whole.lines[0]).toBe(`${directory}: whole`)
    expect(whole.lines[2]).toBe('6 jobs in 1 queue')
    const path = join(directory, 'journal.jsonl')
    const bytes = readFileSync(path)
    bytes[bytes.indexOf('"n":2')] = 0x58
    writeFileSync(path, bytes)
    const damaged = run('verify', directory)
    expect(damaged.code).toBe(1)
    expect(damaged.out).toContain('damaged')
    const refused = run('ls', directory)
    expect(refused.code).toBe(1)
    expect(refused.err).toContain("'miniqueue verify' says more")
  })
})

describe('usage', () => {
  it.each([
    [['ls', '/nowhere'], 3, 'no queues are there'],
    [['nonsense'], 2, 'unknown command'],
    [['ls'], 2, "missing required argument 'dir'"],
    [['enqueue', '/nowhere', 'q', 'text'], 2, 'is not JSON'],
    [['tail', '/nowhere', '-n', 'x'], 2, 'whole number'],
  ])('%j exits with %i', (args, code, message) => {
    const ran = run(...args)
    expect(ran.code).toBe(code)
    expect(ran.err).toContain(message)
  })

  it('names the queues and jobs that there are not', async () => {
    const { directory } = await filled()
    expect(run('stats', directory, 'post').err).toContain(
      'there is no queue "post"; there are "mail"',
    )
    expect(run('show', directory, 'mail', 'nobody').err).toContain('there is no job "nobody"')
  })

  it('--help names every command in 80 columns, and exits with 0', () => {
    const { code, out, lines } = run('--help')
    expect(code).toBe(0)
    expect(lines.filter((line) => line.length > 80)).toEqual([])
    expect(out).toContain('\n  show <dir> <queue> <id>       Prints a job as it stands.\n')
    for (const name of 'ls stats schedules show history explain tail enqueue retry dead pause verify top'.split(
      ' ',
    )) {
      expect(out).toContain(`\n  ${name} `.trimEnd())
    }
  })
})

/** Queues whose process was killed while the job `a` ran. */
async function killed(): Promise<{ directory: string }> {
  const directory = join(temporaryFolder(), 'queues')
  const index = fileURLToPath(new URL('../dist/index.cjs', import.meta.url))
  const script = `
    const { MiniQueue } = require(${JSON.stringify(index)})
    MiniQueue.open(${JSON.stringify(directory)}).then(async (queues) => {
      const q = queues.queue('q')
      await q.enqueue(1, { id: 'a' })
      await q.receive()
      process.kill(process.pid, 'SIGKILL')
    })`
  const child = spawn(process.execPath, ['--eval', script], { stdio: 'inherit' })
  await once(child, 'exit')
  return { directory }
}
