import { join } from 'node:path'
import { peerModule } from '../../peers/install.js'
import { type JobData, type Subject, jobData } from '../subject.js'
import type { SqliteDatabase } from './sqlite.js'

interface LitequeDatabase {
  transaction(work: (inside: LitequeDatabase) => Promise<unknown>): Promise<unknown>
  readonly session: { readonly client: SqliteDatabase }
}

interface LitequeQueue {
  enqueue(data: JobData): Promise<unknown>
  stats(): Promise<{ readonly pending: number; readonly running: number }>
}

interface LitequeRunner {
  run(): Promise<void>
  stop(): void
}

interface Liteque {
  buildDBClient(path: string, options: { runMigrations: boolean }): LitequeDatabase
  SqliteQueue: new (
    name: string,
    database: LitequeDatabase,
    options: { defaultJobArgs: { numRetries: number }; keepFailedJobs: boolean },
  ) => LitequeQueue
  Runner: new (
    queue: LitequeQueue,
    functions: { run: (job: { readonly data: JobData }) => Promise<void> },
    options: { concurrency: number; pollIntervalMs: number; timeoutSecs: number },
  ) => LitequeRunner
}

/** SQLite by better-sqlite3 and drizzle. */
export const liteque: Subject = {
  name: 'liteque',
  needs: 'liteque',
  how: 'enqueue, a Runner that polls every 100 ms; WAL, synchronous=FULL',
  isBlocking: true,
  jobsPerSecond: 1_500,
  async open(folder) {
    const { buildDBClient, SqliteQueue, Runner } = await peerModule<Promise<Liteque>>('liteque')
    const database = buildDBClient(join(folder, 'jobs.sqlite'), { runMigrations: true })
    const { client } = database.session
    // It sets NORMAL, which does not survive a power cut.
    client.pragma('synchronous = FULL')
    // It takes a job in a transaction whose work is asynchronous, and today's better-sqlite3 refuses that. What
    // an older one made of it was the same: each statement a commit of its own.
    database.transaction = (work) => work(database)
    const queue = new SqliteQueue('jobs', database, {
      defaultJobArgs: { numRetries: 1 },
      keepFailedJobs: false,
    })
    return {
      enqueue: (n) => queue.enqueue(jobData(n)),
      async fill(numbers) {
        client.pragma('synchronous = OFF')
        for (const n of numbers) await queue.enqueue(jobData(n))
        client.pragma('synchronous = FULL')
      },
      async drain(concurrency, onJob) {
        const run = async ({ data }: { readonly data: JobData }): Promise<void> => {
          if (!onJob(data.n)) runner.stop()
        }
        const runner = new Runner(
          queue,
          { run },
          { concurrency, pollIntervalMs: 100, timeoutSecs: 60 },
        )
        await runner.run()
      },
      async pending() {
        const { pending, running } = await queue.stats()
        return pending + running
      },
      close: async () => client.close(),
    }
  },
}
