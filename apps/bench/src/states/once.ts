import { spawnSync } from 'node:child_process'
import { nodeArguments } from '../worker.js'
import { PRODUCTION } from './rates.js'

/** Runs a program in a process of its own, to its end; answers the last line that it prints, which is JSON. */
export function runOnce<T>(
  program: string,
  argument: unknown,
  nodeOptions: readonly string[] = [],
): T {
  const args = [...nodeOptions, ...nodeArguments(program), JSON.stringify(argument)]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { ...process.env, ...PRODUCTION },
  })
  if (status !== 0) throw new Error(`${program}: ${stderr.slice(-2000)}`)
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as T
}
