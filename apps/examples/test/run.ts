import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Finished {
  readonly exitCode: number | null
  readonly output: string
}

const APP = fileURLToPath(new URL('..', import.meta.url))

/** Runs a program of this app as `tsx` does, without a terminal and without colours. */
export function runProgram(
  name: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  cwd: string = APP,
): Promise<Finished> {
  const { FORCE_COLOR: _, ...inherited } = process.env
  const tsx = import.meta.resolve('tsx')
  const child = spawn(process.execPath, ['--import', tsx, join(APP, 'src', name), ...args], {
    cwd,
    env: { ...inherited, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const collect = (chunk: string): void => {
    output += chunk
  }
  child.stdout.setEncoding('utf8').on('data', collect)
  child.stderr.setEncoding('utf8').on('data', collect)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode) => resolve({ exitCode, output }))
  })
}
