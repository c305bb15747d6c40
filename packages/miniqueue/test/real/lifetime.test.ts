import { execFile, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { temporaryFolder } from '@mini-rs/testkit/vitest'
import { expect, it, onTestFinished } from 'vitest'

const PROGRAM = fileURLToPath(new URL('support/lifetime.mjs', import.meta.url))
/** A process that nothing keeps alive ends at once; one that has not after so long does not. */
const PATIENCE_MS = 1_000

/** Resolves to how the process ended by itself, or to `alive` when it did not. */
function lives(what: string): Promise<number | 'alive' | null> {
  const child = spawn(process.execPath, [PROGRAM, what, temporaryFolder()], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return new Promise((resolve) => {
    child.on('exit', (code) => resolve(code))
    child.stdout.on('data', () => setTimeout(() => resolve('alive'), PATIENCE_MS))
  })
}

it.each([
  ['an open queue', 'open'],
  ['an open queue with a delayed job', 'delayed'],
  ['a worker that is told not to', 'unref'],
  ['a worker that was closed', 'closedWorker'],
  ['a receive that is over', 'received'],
  ['a receive that was given up', 'abortedReceive'],
  ['a lease', 'lease'],
  ['a queue that was closed', 'closed'],
])('%s does not keep the process alive', async (_, what) => {
  expect(await lives(what)).toBe(0)
})

it.each([
  ['an open worker', 'worker'],
  ['a pending receive', 'receive'],
  ['a pending waitFor', 'waitFor'],
  ['a pending idle', 'idle'],
])('%s keeps the process alive', async (_, what) => {
  expect(await lives(what)).toBe('alive')
})

it('a queue that nobody holds keeps its folder and its files', async () => {
  const program = fileURLToPath(new URL('support/forgotten.mjs', import.meta.url))
  const args = ['--expose-gc', program, temporaryFolder()]
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args)
  expect([stdout.trim(), stderr]).toEqual(['JOURNAL_LOCKED', ''])
})
