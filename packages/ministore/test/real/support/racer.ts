import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { programAt } from './spoken-lines.js'

/** What a racer says to a command. */
export interface Answer {
  readonly isDone: boolean
  readonly code?: string
  readonly message?: string
  readonly lock?: readonly string[]
  readonly verdict?: string
  readonly seq?: number
}

const LIBRARY = fileURLToPath(new URL('../../../dist/index.js', import.meta.url))

/** A process of the test that takes and frees locks when it is told to. Killed behind the test. */
export class Racer {
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#exited = once(child, 'exit')
    onTestFinished(() => this.kill())
  }

  static async start(
    library: string = LIBRARY,
    env: NodeJS.ProcessEnv = process.env,
  ): Promise<Racer> {
    const child = fork(programAt('lock-racer.mjs'), [library], { env, execArgv: [] })
    const racer = new Racer(child)
    await racer.#answer()
    return racer
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Tells it to do something, and resolves to what it says. */
  async tell(command: string, details: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
    const answer = this.#answer()
    this.#child.send({ command, ...details })
    return answer
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    this.#child.kill(signal)
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.#exited
  }

  async #answer(): Promise<Answer> {
    const gone = this.#exited.then(() => {
      throw new Error('the racer ended by itself')
    })
    const [answer] = (await Promise.race([once(this.#child, 'message'), gone])) as [Answer]
    return answer
  }
}
