// A program in a process of its own that is given tasks and answers them: both ends.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

/** What a worker says. */
type Answer = { readonly value: unknown } | { readonly error: string }

/** What Node needs to run a program of this folder. */
export function nodeArguments(program: string): string[] {
  return ['--import', import.meta.resolve('tsx'), program]
}

/** A process that performs tasks; it sits idle while others are measured. */
export class Worker {
  readonly name: string
  readonly #child: ChildProcess

  /** Starts `program` with `args`; `name` is for messages. */
  constructor(name: string, program: string, args: readonly string[], environment = {}) {
    const [flag = '', loader = ''] = nodeArguments(program)
    this.name = name
    this.#child = fork(program, args, {
      execArgv: [flag, loader],
      env: { ...process.env, ...environment },
    })
  }

  async ask(task: unknown): Promise<unknown> {
    const { exitCode, signalCode } = this.#child
    if (exitCode !== null || signalCode !== null) {
      throw new Error(`${this.name}: its process ended (${exitCode ?? signalCode})`)
    }
    const ended = new AbortController()
    const { signal } = ended
    const answered = once(this.#child, 'message', { signal })
    const exited = once(this.#child, 'exit', { signal })
    this.#child.send(task as object)
    const [reply] = (await Promise.race([
      answered,
      exited.then(([code]) => [{ error: `its process ended (${code})` }]),
    ])) as [Answer]
    // Whichever of the two did not happen is no longer waited for.
    ended.abort()
    await Promise.allSettled([answered, exited])
    if ('error' in reply) throw new Error(`${this.name}: ${reply.error}`)
    return reply.value
  }

  async close(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect()
    if (this.#child.exitCode === null) await once(this.#child, 'exit')
  }
}

/** The other end: performs every task that comes, and answers. */
export function answerTasks<T>(perform: (task: T) => Promise<unknown>): void {
  process.on('message', (task: T) => void answer(perform, task))
}

async function answer<T>(perform: (task: T) => Promise<unknown>, task: T): Promise<void> {
  let result: Answer
  try {
    result = { value: await perform(task) }
  } catch (error) {
    result = { error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
  process.send?.(result)
}
