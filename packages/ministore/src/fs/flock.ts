import { spawn } from 'node:child_process'
import type { MechanismAnswer } from './kernel-lock.js'

/**
 * flock(2) by the command of util-linux or busybox, on a descriptor that it inherits: the lock
 * belongs to our open file, and outlives the command.
 */
export async function tryFlock(fd: number): Promise<MechanismAnswer> {
  const answer = await run('flock', ['-xn', '3'], fd)
  if (answer !== 'missing') return answer
  const second = await run('busybox', ['flock', '-xn', '3'], fd)
  return second === 'missing' ? { unavailable: 'neither flock nor busybox is installed' } : second
}

function run(
  command: string,
  args: readonly string[],
  fd: number,
): Promise<MechanismAnswer | 'missing'> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe', fd] })
    let complaint = ''
    child.stderr?.on('data', (data: Buffer) => (complaint += data.toString()))
    child.on('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code === 'ENOENT' ? 'missing' : { unavailable: error.message })
    })
    child.on('close', (code) => {
      if (code === 0) resolve('taken')
      else if (code === 1 && complaint === '') resolve('busy')
      else resolve({ unavailable: complaint.trim() || `${command} ended with ${code}` })
    })
  })
}
