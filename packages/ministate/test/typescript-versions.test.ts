import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { compilers } from '@mini-rs/compilers'
import { describe, expect, it } from 'vitest'

const FOLDER = fileURLToPath(new URL('types/', import.meta.url))

/**
 * What each compiler checks: the oldest and the newest everything, those between one way of resolving each.
 * `bundler` has exactOptionalPropertyTypes, `nodenext` has not; `consumer` is ESM and CommonJS, looks into the
 * declarations of the package as well, and writes its own; `loose` is not strict at all. All of them import the package as it is built.
 */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  '5.5': ['bundler', 'nodenext', 'consumer'],
  '5.9': ['bundler'],
  '6.0': ['nodenext'],
  '7.0': ['bundler', 'nodenext', 'consumer', 'loose'],
}

/** What a compiler has to say. */
function check(path: string, program: string): Promise<string> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [path, '--project', `${FOLDER}tsconfig.${program}.json`, '--pretty', 'false'],
      (error, stdout, stderr) => resolve(stdout + stderr || (error?.message ?? '')),
    )
  })
}

describe.concurrent('the types', () => {
  for (const { version, path } of compilers) {
    for (const program of PROGRAMS[version] ?? []) {
      it(`are what they should be under TypeScript ${version}, ${program}`, async () => {
        expect(await check(path, program)).toBe('')
      })
    }
  }

  const [oldest, newest] = [compilers.at(0), compilers.at(-1)]
  it.for([oldest, newest])('are really checked by TypeScript $version', async (compiler) => {
    const errors = (await check(compiler?.path ?? '', 'mistaken'))
      .split('\n')
      .filter((line) => line.includes('error TS'))
      .map((line) => line.replace(/^.*mistaken\.mts\((\d+),.*(TS\d+).*$/, '$1 $2'))
    expect(errors).toEqual(['6 TS2322', '7 TS2540', '8 TS2578'])
  })
})
