import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'

const here = fileURLToPath(new URL('..', import.meta.url))

// The first program of each README is run as it stands there.
test.each(['README.md', 'packages/ministore/README.md'])(
  'the program in %s does what it says',
  async (readme) => {
    const text = readFileSync(join(here, '../..', readme), 'utf8')
    const program = /```ts\n([\s\S]*?)```/.exec(text)?.[1]
    expect(program).toContain('MiniStore.open')
    const folder = mkdtempSync(join(tmpdir(), 'readme-'))
    // Inside this folder, so that the packages are found as an installed program finds them.
    const file = join(here, '.demo', `readme-${process.pid}-${readme.length}.ts`)
    mkdirSync(join(here, '.demo'), { recursive: true })
    writeFileSync(file, `${program}\nconsole.log(JSON.stringify(records))\n`)
    onTestFinished(() => {
      rmSync(folder, { recursive: true, force: true })
      rmSync(file, { force: true })
    })
    const tsx = import.meta.resolve('tsx')
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', tsx, file], {
      cwd: folder,
    })
    expect(JSON.parse(stdout)).toEqual([
      { Set: { value: 42 } },
      { Inc: { by: 1 } },
      { Inc: { by: 2 } },
    ])
  },
)
