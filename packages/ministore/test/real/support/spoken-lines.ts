import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** The path of a program beside this module. */
export function programAt(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url))
}

/** A child program of a test, whose whole lines of output are kept, and can be waited for. Killed behind the test. */
export class SpokenLines {
  readonly child: ChildProcess
  readonly lines: string[] = []
  readonly #exited: Promise<unknown>
  #rest = ''
  #errors = ''
  #hasEnded = false
  #wake: () => void = () => {}

  constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env })
    this.#exited = once(this.child, 'close')
    onTestFinished(() => this.kill())
    this.child.stdout?.on('data', (data: Buffer) => this.#take(data.toString()))
    this.child.stderr?.on('data', (data: Buffer) => (this.#errors += data.toString()))
    this.child.on('close', () => {
      this.#hasEnded = true
      this.#wake()
    })
  }

  /** What it complained about. */
  get errors(): string {
    return this.#errors
  }

  /** Resolves to the first `count` lines that match, or to fewer when the program ends before. */
  async waitFor(matches: (line: string) => boolean, count = 1): Promise<string[]> {
    for (;;) {
      const found = this.lines.filter(matches)
      if (found.length >= count || this.#hasEnded) return found
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  /** Asks one line and resolves to the next one that the program says. */
  async ask(line: string): Promise<string> {
    const before = this.lines.length
    this.child.stdin?.write(`${line}\n`)
    await this.waitFor((_line) => this.lines.length > before)
    const answer = this.lines[before]
    if (answer === undefined) throw new Error(`the program ended by itself: ${this.#errors}`)
    return answer
  }

  /** Kills it, and resolves when it is gone and everything it said was read. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.#exited
  }

  /** Resolves when it has ended by itself. */
  async ended(): Promise<void> {
    await this.#exited
  }

  #take(text: string): void {
    const pieces = (this.#rest + text).split('\n')
    this.#rest = pieces.pop() ?? ''
    this.lines.push(...pieces)
    this.#wake()
  }
}
