import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../../peers', import.meta.url))
const load = createRequire(join(folder, 'package.json'))

/** A package out of `peers/`, which is no part of the workspace: so its type is the caller's word. */
export function peerModule<M>(name: string): M {
  return load(name) as M
}

/** Whether a package of `peers/` is there and works: a native one has to load. */
export function hasPeerModule(name: string): boolean {
  const check = `const m = require(${JSON.stringify(name)}); if (m.prototype?.pragma) new m(':memory:')`
  return spawnSync(process.execPath, ['-e', check], { cwd: folder, stdio: 'ignore' }).status === 0
}

/** Installs what `peers/package.json` pins, unless it is there. Says nothing of success: see above. */
export function installPeers(): void {
  if (!isInstalled()) {
    console.log('installing the peers …')
    // Not `npm ci`: it insists on optional binaries for platforms other than this one.
    npm(['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'])
  }
  if (existsSync(join(folder, 'node_modules/better-sqlite3')) && !hasPeerModule('better-sqlite3')) {
    // The only one without a binary in its package; its own script would download one.
    console.log('compiling better-sqlite3, which takes some minutes …')
    npm(['rebuild', 'better-sqlite3'])
  }
}

function isInstalled(): boolean {
  const { dependencies } = readPackage(folder)
  return Object.entries(dependencies ?? {}).every(([name, version]) => {
    const path = join(folder, 'node_modules', name)
    return existsSync(path) && readPackage(path).version === version
  })
}

function readPackage(path: string): { version: string; dependencies?: Record<string, string> } {
  return JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as {
    version: string
    dependencies?: Record<string, string>
  }
}

/** The version that is installed, for the report. */
export function peerVersion(name: string): string {
  return readPackage(join(folder, 'node_modules', name)).version
}

function npm(args: string[]): void {
  const prefix = dirname(dirname(process.execPath))
  const hasHeaders = existsSync(join(prefix, 'include/node/node_api.h'))
  const env = {
    ...process.env,
    npm_config_build_from_source: 'true',
    // Headers that came with this Node need no download.
    ...(hasHeaders && { npm_config_nodedir: prefix }),
  }
  const { status, stderr } = spawnSync('npm', args, {
    cwd: folder,
    env,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  if (status !== 0) console.log(`npm ${args[0]} failed:\n${stderr?.slice(-2000)}`)
}
