import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'

const here = fileURLToPath(new URL('..', import.meta.url))

/** Runs the first program of a README as it stands there, and what it would then print. */
async function runReadme(readme: string, print: string): Promise<unknown> {
  const text = readFileSync(join(here, '../..', readme), 'utf8')
  const program = /```ts\n([\s\S]*?)```/.exec(text)?.[1]
  const folder = mkdtempSync(join(tmpdir(), 'readme-'))
  // Inside this folder, so that the packages are found as an installed program finds them.
  const file = join(here, '.demo', `readme-${process.pid}-${readme.length}.ts`)
  mkdirSync(join(here, '.demo'), { recursive: true })
  writeFileSync(file, `${program}\nconsole.log(JSON.stringify(${print}))\n`)
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true })
    rmSync(file, { force: true })
  })
  const tsx = import.meta.resolve('tsx')
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', tsx, file], {
    cwd: folder,
  })
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
}

test.each(['README.md', 'packages/ministate/README.md'])(
  'the program in %s does what it says',
  async (readme) => {
    expect(await runReadme(readme, '{ seq, result }')).toEqual({ seq: 2, result: 15 })
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
