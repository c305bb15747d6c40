import { spawn } from 'node:child_process'

/** Runs a command of the shell, and resolves to what it printed. @throws Error when it fails: all it printed */
export function run(command: string, options: { readonly cwd?: string } = {}): Promise<string> {
  const child = spawn(command, { ...options, shell: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, all] = ['', '']
  child.stdout.on('data', (data: Buffer) => {
    out += data.toString()
    all += data.toString()
  })
  child.stderr.on('data', (data: Buffer) => (all += data.toString()))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve(out)
      else reject(new Error(`${command} ended with ${code}:\n${all}`))
    })
  })
}
