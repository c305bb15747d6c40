import { CrashFileSystem, type Choices, ScriptedChoices } from '@mini-rs/testkit'
import { MiniQueue } from '../../src/queue/mini-queue.js'
import type { MiniQueueOptions, QueueOptions } from '../../src/queue/queue-options.js'
import type { Queue } from '../../src/queue/queue.js'
import { ManualClock } from './manual-clock.js'
import { roomy } from './roomy-disk.js'

/** Where the queues of a test are. */
export const DIRECTORY = '/queues'

/** What a power cut may leave at its worst: nothing that was not synced. */
const NOTHING_UNSYNCED: Choices = { choose: (count) => (count === 5 ? 1 : count - 1) }

/** One queue on a disk in memory and a clock that stands still, and what can happen to its machine. */
export class World {
  readonly clock: ManualClock
  disk: CrashFileSystem
  queues: MiniQueue
  readonly #options: MiniQueueOptions

  private constructor(
    clock: ManualClock,
    disk: CrashFileSystem,
    queues: MiniQueue,
    options: MiniQueueOptions,
  ) {
    this.clock = clock
    this.disk = disk
    this.queues = queues
    this.#options = options
  }

  static async open(options: MiniQueueOptions = {}): Promise<World> {
    const clock = new ManualClock()
    const disk = new CrashFileSystem()
    const queues = await MiniQueue.open(DIRECTORY, { clock, fileSystem: roomy(disk), ...options })
    return new World(clock, disk, queues, options)
  }

  queue<T = unknown, R = unknown>(options: QueueOptions<T> = {}, name = 'q'): Queue<T, R> {
    return this.queues.queue<T, R>(name, options)
  }

  /** The process is killed; another one opens the queues. Who was in the old one is forgotten. */
  async kill(): Promise<void> {
    this.disk = this.disk.killedAt(this.disk.position)
    await this.#open()
  }

  /** The power fails; what was not synced is lost. */
  async cutPower(choices: Choices = NOTHING_UNSYNCED): Promise<void> {
    this.disk = this.disk.powerCutAt(this.disk.position, choices)
    await this.#open()
  }

  /** A clean end and a new beginning, on a disk on which that took no time. */
  async reopen(): Promise<void> {
    await this.queues.close()
    this.disk = this.disk.powerCutAt(this.disk.position, new ScriptedChoices([]))
    await this.#open()
  }

  /** Records in the journal. */
  get records(): Record<string, Record<string, unknown>>[] {
    const paths = this.disk.paths.filter(
      (path) => path.includes('journal') && path.endsWith('.jsonl'),
    )
    return paths.flatMap((path) =>
      this.disk
        .get(path)
        .toString('utf8')
        .split('\n')
        .flatMap((line) => recordsIn(line)),
    )
  }

  async #open(): Promise<void> {
    const { clock, disk } = this
    this.queues = await MiniQueue.open(DIRECTORY, {
      clock,
      fileSystem: roomy(disk),
      ...this.#options,
    })
  }
}

function recordsIn(line: string): Record<string, Record<string, unknown>>[] {
  const text = line.trim()
  if (!text.startsWith('{')) return []
  try {
    return [JSON.parse(text) as Record<string, Record<string, unknown>>]
  } catch (error) {
    if (error instanceof SyntaxError) return []
    throw error
  }
}
