import { cp, mkdtemp, readFile, readdir, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'
import { run } from './run.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** The project that the packages are installed in. */
    project: string
  }
}

/** The packages, each one behind those that it stands on. */
export const PACKAGES = ['ministore', 'minisnap', 'ministate', 'miniqueue'] as const

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const PROJECT = fileURLToPath(new URL('../project', import.meta.url))

/** Before all tests: packs the packages, and installs them in an empty project as a stranger would. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'mini-rs-packed-')))
  await cp(PROJECT, folder, { recursive: true })
  await cp(join(folder, 'life.mts'), join(folder, 'life.cts')) // the compiler makes CommonJS of it
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  const tarballs: string[] = []
  for (const name of PACKAGES) tarballs.push(await pack(name, folder))
  const { '@types/node': nodeTypes } = await devDependencies()
  await run(
    `npm install --prefer-offline --no-audit --no-fund --loglevel=error ${tarballs.join(' ')} @types/node@${nodeTypes}`,
    { cwd: folder },
  )
  provide('project', folder)
  return () => rm(folder, { recursive: true, force: true })
}

/** By pnpm, which writes the real versions in the place of `workspace:`. */
async function pack(name: string, folder: string): Promise<string> {
  const before = new Set(await readdir(folder))
  await run(`pnpm pack --pack-destination "${folder}"`, { cwd: join(ROOT, 'packages', name) })
  const tarball = (await readdir(folder)).find((file) => !before.has(file))
  if (tarball === undefined) throw new Error(`${name} was not packed`)
  return `./${tarball}`
}

async function devDependencies(): Promise<Record<string, string>> {
  const text = await readFile(join(ROOT, 'package.json'), 'utf8')
  return (JSON.parse(text) as { devDependencies: Record<string, string> }).devDependencies
}
