import { spawn } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { compilers } from '@mini-rs/compilers'
import { build } from 'esbuild'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { run } from '../src/run.js'
import { RUNTIMES, programOf } from '../src/runtimes.js'

/** So many rounds are acknowledged before the kill. */
const ROUNDS = 20

interface Recovered {
  readonly records: readonly number[]
  readonly snapshot: number
  readonly state: number
  readonly delivered: readonly number[]
}

/** One way of running `life`. */
interface Start {
  readonly program: string
  readonly args: readonly string[]
}

beforeAll(async () => {
  const project = inject('project')
  const { path } = compilers.at(-1) ?? { path: '' }
  await run(`node "${path}" --project tsconfig.nodenext.json`, { cwd: project })
  await build({
    absWorkingDir: project,
    entryPoints: ['life.mts'],
    outfile: 'built/bundled.mjs',
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  })
})

/** The last number that was printed before the program was killed. */
async function writeAndKill({ program, args }: Start, folder: string): Promise<number> {
  const cwd = inject('project')
  const child = spawn(program, [...args, 'write', folder], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let complaint = ''
  child.stderr.on('data', (data: Buffer) => (complaint += data.toString()))
  let last = 0
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line)
    if (last >= ROUNDS) child.kill('SIGKILL')
  }
  if (last < ROUNDS) throw new Error(`it ended by itself after ${last} rounds:\n${complaint}`)
  return last
}

async function recover({ program, args }: Start, folder: string): Promise<Recovered> {
  const command = [program, ...args, 'recover', folder].map((part) => `"${part}"`).join(' ')
  return JSON.parse(await run(command, { cwd: inject('project') })) as Recovered
}

/** What is not as it was acknowledged. */
async function lossesAfterKill(start: Start): Promise<string[]> {
  const folder = await mkdtemp(join(inject('project'), 'data-'))
  const acknowledged = await writeAndKill(start, folder)
  const { records, snapshot, state, delivered } = await recover(start, folder)
  const isInOrder = (numbers: readonly number[]): boolean =>
    numbers.every((number, index) => number === index + 1)
  // The round that was under way may have come to the disk in full, in part, or not at all.
  const found = { records: records.length, snapshot, state, delivered: delivered.length }
  return Object.entries(found)
    .filter(([, number]) => number !== acknowledged && number !== acknowledged + 1)
    .map(([name, number]) => `${name}: ${number} of ${acknowledged}`)
    .concat(isInOrder(records) ? [] : `records: ${records.join()}`)
    .concat(isInOrder(delivered) ? [] : `delivered: ${delivered.join()}`)
}

describe.concurrent('what was acknowledged is there after a kill', () => {
  for (const runtime of RUNTIMES) {
    const scripts = ['built/life.mjs', 'built/life.cjs', 'built/bundled.mjs']
    if (runtime.runsTypeScript) scripts.push('life.mts')
    it.for(scripts)(`${runtime.name}, %s`, async (script) => {
      const program = await programOf(runtime)
      expect(await lossesAfterKill({ program, args: [...runtime.args, script] })).toEqual([])
    })
  }
})

describe('every runtime', () => {
  it('is the one that it should be', async () => {
    const versions = fileURLToPath(new URL('../project/version.mjs', import.meta.url))
    const found: string[] = []
    for (const runtime of RUNTIMES) {
      const program = await programOf(runtime)
      found.push(
        (
          await run([program, ...runtime.args, versions].map((part) => `"${part}"`).join(' '))
        ).trim(),
      )
    }
    expect(found).toEqual([
      expect.stringMatching(/^node 20\./),
      expect.stringMatching(/^node 22\./),
      expect.stringMatching(/^node 24\./),
      expect.stringMatching(/^node 26\./),
      expect.stringMatching(/^bun 1\./),
      expect.stringMatching(/^deno 2\./),
    ])
  })
})
