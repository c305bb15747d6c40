import { join } from 'node:path'
import { peerModule } from '../../peers/install.js'
import { type JobData, type Subject, jobData } from '../subject.js'
import { type SqliteDatabase, openSqlite } from './sqlite.js'

interface PlainjobQueue {
  add(type: string, data: JobData): unknown
  addMany(type: string, data: readonly JobData[]): unknown
  countJobs(options: { status: number }): number
  close(): void
}

interface PlainjobWorker {
  start(): Promise<void>
  stop(): Promise<void>
}

interface Plainjob {
  better(database: SqliteDatabase): unknown
  defineQueue(options: { connection: unknown; logger: Logger }): PlainjobQueue
  defineWorker(
    type: string,
    handler: (job: { readonly data: string }) => void,
    options: { queue: PlainjobQueue; logger: Logger },
  ): PlainjobWorker
}

interface Logger {
  readonly debug: () => void
  readonly info: () => void
  readonly warn: () => void
  readonly error: (text: string) => void
}

const logger: Logger = { debug() {}, info() {}, warn() {}, error: (text) => console.error(text) }
const PENDING = 0
const PROCESSING = 1

/** SQLite; each step of a job is a transaction of its own. It has no concurrency: as many workers instead. */
export const plainjob: Subject = {
  name: 'plainjob',
  needs: 'plainjob',
  how: 'add, as many workers as the concurrency; WAL, synchronous=FULL',
  maxCallers: 1,
  isBlocking: true,
  jobsPerSecond: 5_000,
  async open(folder) {
    const { better, defineQueue, defineWorker } = await peerModule<Promise<Plainjob>>('plainjob')
    const database = openSqlite(join(folder, 'jobs.sqlite'))
    const queue = defineQueue({ connection: better(database), logger })
    // It sets NORMAL, which does not survive a power cut.
    database.pragma('synchronous = FULL')
    return {
      enqueue(n) {
        queue.add('job', jobData(n))
        return undefined
      },
      async fill(numbers) {
        queue.addMany('job', numbers.map(jobData))
      },
      async drain(concurrency, onJob) {
        const workers = Array.from({ length: concurrency }, () =>
          defineWorker(
            'job',
            ({ data }) => {
              if (!onJob((JSON.parse(data) as JobData).n)) stop()
            },
            { queue, logger },
          ),
        )
        const stop = (): void => workers.forEach((worker) => void worker.stop())
        await Promise.all(workers.map((worker) => worker.start()))
      },
      pending: async () =>
        queue.countJobs({ status: PENDING }) + queue.countJobs({ status: PROCESSING }),
      async close() {
        queue.close()
        if (database.open) database.close()
      },
    }
  },
}
