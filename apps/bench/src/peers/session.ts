import { fileURLToPath } from 'node:url'
import { Worker } from '../worker.js'
import type { Load, LoadFigures } from './load.js'
import type { LoopDelay } from './loop-delay.js'
import type { Peer } from './peer.js'

/** What a peer's process is asked to do, in a folder. */
export type Task = { readonly folder: string } & (
  | ({ readonly do: 'append' } & Load)
  | { readonly do: 'fill'; readonly count: number }
  | { readonly do: 'read'; readonly count: number }
)

/** What appending came to. */
export type AppendFigures = LoadFigures & LoopDelay

/** What reading a filled folder came to. */
export interface ReadFigures {
  readonly openMs: number
  readonly perSecond: number
}

/** The program of a peer's process. */
export const childProgram = fileURLToPath(new URL('child.ts', import.meta.url))

/** A peer in a process of its own; it sits idle while others are measured. */
export class Session {
  readonly peer: Peer
  readonly #worker: Worker

  constructor(peer: Peer) {
    this.peer = peer
    this.#worker = new Worker(peer.name, childProgram, [peer.name])
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

  close(): Promise<void> {
    return this.#worker.close()
  }

  #ask(task: Task): Promise<unknown> {
    return this.#worker.ask(task)
  }
}
