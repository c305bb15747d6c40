import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'

const here = fileURLToPath(new URL('..', import.meta.url))

/** The programs of a README, as they stand there. */
function programsOf(readme: string): string[] {
  const text = readFileSync(join(here, '../..', readme), 'utf8')
  return Array.from(text.matchAll(/```ts\n([\s\S]*?)```/g), ([, program = '']) => program)
}

/** Runs the first program of a README, and answers what it would then print. */
async function runReadme(readme: string, print: string): Promise<unknown> {
  const [program] = programsOf(readme)
  const output = await run(`${program}\nconsole.log(JSON.stringify(${print}))\n`)
  return JSON.parse(output.trimEnd().split('\n').at(-1) ?? '')
}

/** Runs a program in an empty folder, and answers its output. */
async function run(program: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'readme-'))
  // Inside this folder, so that the packages are found as an installed program finds them.
  const file = join(here, '.demo', `readme-${randomUUID()}.ts`)
  mkdirSync(join(here, '.demo'), { recursive: true })
  writeFileSync(file, program)
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true })
    rmSync(file, { force: true })
  })
  const tsx = import.meta.resolve('tsx')
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', tsx, file], {
    cwd: folder,
  })
  return stdout
}

test.each(['README.md', 'packages/ministate/README.md'])(
  'the program in %s does what it says',
  async (readme) => {
    expect(await runReadme(readme, '{ seq, result }')).toEqual({ seq: 2, result: 15 })
  },
)

/** For those that go on where a reader has got everything in scope. */
const IMPORTS = "import { StateManager, defineState } from '@mini-rs/ministate'\n"

test.each([...programsOf('packages/ministate/README.md').entries()])(
  'program %i in packages/ministate/README.md needs nothing but what is in it',
  async (_, program) => {
    const isWhole = program.includes("from '@mini-rs/ministate'")
    const file = isWhole ? program : `${IMPORTS}${program}\nprocess.exit(0)\n`
    await expect(run(file)).resolves.toBeTypeOf('string')
  },
)

test('the program in packages/ministore/README.md does what it says', async () => {
  expect(await runReadme('packages/ministore/README.md', 'records')).toEqual([
    { Set: { value: 42 } },
    { Inc: { by: 1 } },
    { Inc: { by: 2 } },
  ])
})

test('the program in packages/minisnap/README.md does what it says', async () => {
  const found = await runReadme('packages/minisnap/README.md', '{ state, seq }')
  expect(found).toEqual({ state: { counter: 42 }, seq: 10 })
})
