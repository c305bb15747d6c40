import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { AppendFigures, Load } from './load.js'
import type { Peer } from './peer.js'

/** What a peer's process is asked to do, in a folder. */
export type Task = { readonly folder: string } & (
  | ({ readonly do: 'append' } & Load)
  | { readonly do: 'fill'; readonly count: number }
  | { readonly do: 'read'; readonly count: number }
)

/** What it says. */
export type Answer = { readonly value: unknown } | { readonly error: string }

/** What reading a filled folder came to. */
export interface ReadFigures {
  readonly openMs: number
  readonly perSecond: number
}

/** The program of a peer's process, with the arguments that Node needs for it. */
export const childProgram: readonly string[] = [
  '--import',
  import.meta.resolve('tsx'),
  fileURLToPath(new URL('child.ts', import.meta.url)),
]

/** A peer in a process of its own; it sits idle while others are measured. */
export class Session {
  readonly peer: Peer
  readonly #child: ChildProcess

  constructor(peer: Peer) {
    const [flag, loader, program = ''] = childProgram
    this.peer = peer
    this.#child = fork(program, [peer.name], { execArgv: [flag ?? '', loader ?? ''] })
  }

  async append(folder: string, load: Load): Promise<AppendFigures> {
    return (await this.#ask({ do: 'append', folder, ...load })) as AppendFigures
  }

  async fill(folder: string, count: number): Promise<void> {
    await this.#ask({ do: 'fill', folder, count })
  }

  async read(folder: string, count: number): Promise<ReadFigures> {
    return (await this.#ask({ do: 'read', folder, count })) as ReadFigures
  }

  async close(): Promise<void> {
    this.#child.disconnect()
    if (this.#child.exitCode === null) await once(this.#child, 'exit')
  }

  async #ask(task: Task): Promise<unknown> {
    const ended = new AbortController()
    const { signal } = ended
    const answered = once(this.#child, 'message', { signal })
    const exited = once(this.#child, 'exit', { signal })
    this.#child.send(task)
    const [answer] = (await Promise.race([
      answered,
      exited.then(([code]) => [{ error: `its process ended (${code})` }]),
    ])) as [Answer]
    // Whichever of the two did not happen is no longer waited for.
    ended.abort()
    await Promise.allSettled([answered, exited])
    if ('error' in answer) throw new Error(`${this.peer.name}: ${answer.error}`)
    return answer.value
  }
}
