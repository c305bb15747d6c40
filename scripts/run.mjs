// Lets `npm test` and its like work in a fresh clone: brings the pinned pnpm (through npx, unless that
// very version is on PATH), installs what the lockfile says, then runs the given command with the
// repository's own tools.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const { packageManager } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'))
const pinned = packageManager.split('+')[0]
const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', npm_config_update_notifier: 'false' }

function run(command, options = {}) {
  return spawnSync(command, { cwd: root, env, shell: true, stdio: 'inherit', ...options })
}

const found = run('pnpm --version', { stdio: 'pipe', encoding: 'utf8' }).stdout?.trim()
const steps = ['pnpm install --frozen-lockfile', process.argv.slice(2).join(' ')]
const all = steps.filter(Boolean).join(' && ')
const viaNpx = `npx --yes --prefer-offline --package=${pinned} -c "${all}"`
process.exitCode = run(`pnpm@${found}` === pinned ? all : viaNpx).status ?? 1
