import { join } from 'node:path'
import { compilers } from '@mini-rs/compilers'
import { describe, expect, inject, it } from 'vitest'
import { run } from '../src/run.js'

describe('the types of the installed packages', () => {
  const [oldest, newest] = [compilers.slice(0, 1), compilers.slice(-1)]
  const cases = [...oldest, ...newest].flatMap(({ version, path }) =>
    ['nodenext', 'bundler'].map((resolution) => ({ version, path, resolution })),
  )
  it.for(cases)('TypeScript $version, $resolution', async ({ path, resolution }) => {
    const command = `node "${path}" --noEmit --project tsconfig.${resolution}.json`
    expect(await run(command, { cwd: inject('project') })).toBe('')
  })

  it('reject a wrong use', async () => {
    const { path } = compilers.at(-1) ?? { path: '' }
    const project = join(inject('project'), 'tsconfig.mistaken.json')
    await expect(run(`node "${path}" --project "${project}"`)).rejects.toThrow(/TS2322/)
  })
})
