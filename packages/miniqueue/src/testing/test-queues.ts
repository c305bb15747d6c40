import { MiniQueue } from '../queue/mini-queue.js'
import type { MiniQueueOptions } from '../queue/queue-options.js'
import { MemoryFileSystem } from './memory-file-system.js'
import { VirtualClock } from './virtual-clock.js'

const DIRECTORY = '/queues'

/** Queues in memory, on a clock that the test moves: the real ones, on a disk and a time of their own. */
export class TestQueues {
  readonly clock: VirtualClock
  #fileSystem: MemoryFileSystem
  #queues: MiniQueue
  readonly #options: Omit<MiniQueueOptions, 'clock' | 'fileSystem'>

  private constructor(
    clock: VirtualClock,
    fileSystem: MemoryFileSystem,
    queues: MiniQueue,
    options: Omit<MiniQueueOptions, 'clock' | 'fileSystem'>,
  ) {
    this.clock = clock
    this.#fileSystem = fileSystem
    this.#queues = queues
    this.#options = options
  }

  /** Opens them, empty. `startMs`: what the clock shows. */
  static async open(
    options: Omit<MiniQueueOptions, 'clock' | 'fileSystem'> & { readonly startMs?: number } = {},
  ): Promise<TestQueues> {
    const { startMs, ...rest } = options
    const clock = new VirtualClock(startMs)
    const fileSystem = new MemoryFileSystem()
    const queues = await MiniQueue.open(DIRECTORY, { ...rest, clock, fileSystem })
    return new TestQueues(clock, fileSystem, queues, rest)
  }

  /** The queues as the program under test has them; others after a {@link TestQueues.crash}. */
  get queues(): MiniQueue {
    return this.#queues
  }

  /**
   * The process dies, and another one opens the files as they are. Handlers of the old one may run on, and
   * change nothing any more. Declare your queues again.
   */
  async crash(): Promise<MiniQueue> {
    this.#fileSystem = this.#fileSystem.copy()
    return this.#open()
  }

  /** A clean end, and a new beginning. Declare your queues again. */
  async restart(): Promise<MiniQueue> {
    await this.#queues.close()
    return this.#open()
  }

  /** Closes them. */
  async close(): Promise<void> {
    await this.#queues.close({ abort: true })
  }

  /** {@link TestQueues.close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #open(): Promise<MiniQueue> {
    const { clock } = this
    const fileSystem = this.#fileSystem
    this.#queues = await MiniQueue.open(DIRECTORY, { ...this.#options, clock, fileSystem })
    return this.#queues
  }
}
