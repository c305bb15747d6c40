import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { join } from 'node:path'
import { peerModule } from '../../peers/install.js'
import { type JobData, type Subject, jobData } from '../subject.js'

interface Connection {
  readonly path: string
  readonly maxRetriesPerRequest: null
}

interface BullQueue {
  add(name: string, data: JobData): Promise<unknown>
  addBulk(jobs: readonly { name: string; data: JobData }[]): Promise<unknown>
  getJobCounts(...types: string[]): Promise<Record<string, number>>
  waitUntilReady(): Promise<unknown>
  close(): Promise<void>
}

interface BullWorker {
  run(): Promise<void>
  waitUntilReady(): Promise<unknown>
  close(): Promise<void>
}

interface Bull {
  Queue: new (
    name: string,
    options: { connection: Connection; defaultJobOptions: object },
  ) => BullQueue
  Worker: new (
    name: string,
    handler: (job: { readonly data: JobData }) => Promise<void>,
    options: { connection: Connection; concurrency: number; autorun: false },
  ) => BullWorker
}

/** Redis, which syncs before it answers; a server of its own for each run. */
export const bullmq: Subject = {
  name: 'BullMQ',
  needs: 'bullmq',
  needsProgram: 'redis-server',
  how: 'add, Worker; redis-server, appendfsync always',
  jobsPerSecond: 10_000,
  async open(folder) {
    const { Queue, Worker } = peerModule<Bull>('bullmq')
    // A socket: no port that others may have, and none of TCP's costs.
    const path = join('/tmp', `bench-redis-${process.pid}.sock`)
    const server = await startRedis(folder, path)
    const connection: Connection = { path, maxRetriesPerRequest: null }
    const defaultJobOptions = { removeOnComplete: { count: 1_000 } }
    const queue = new Queue('jobs', { connection, defaultJobOptions })
    await queue.waitUntilReady()
    return {
      enqueue: (n) => queue.add('job', jobData(n)),
      async fill(numbers) {
        for (let at = 0; at < numbers.length; at += 1_000) {
          const piece = numbers.slice(at, at + 1_000)
          await queue.addBulk(piece.map((n) => ({ name: 'job', data: jobData(n) })))
        }
      },
      async drain(concurrency, onJob) {
        const stopping = new EventEmitter()
        const handle = async ({ data }: { readonly data: JobData }): Promise<void> => {
          if (!onJob(data.n)) stopping.emit('stop')
        }
        const worker = new Worker('jobs', handle, { connection, concurrency, autorun: false })
        await worker.waitUntilReady()
        const stopped = once(stopping, 'stop')
        const running = worker.run()
        await stopped
        await worker.close()
        await running
      },
      async pending() {
        const { waiting = 0, active = 0 } = await queue.getJobCounts('waiting', 'active')
        return waiting + active
      },
      async close() {
        await queue.close()
        server.kill('SIGTERM')
        if (server.exitCode === null) await once(server, 'exit')
      },
    }
  },
}

async function startRedis(folder: string, socket: string): Promise<ChildProcess> {
  const settings = {
    port: '0',
    unixsocket: socket,
    dir: folder,
    appendonly: 'yes',
    appendfsync: 'always',
    save: '',
  }
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
  const server = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise<void>((resolve, reject) => {
    let log = ''
    server.stdout.setEncoding('utf8').on('data', (text: string) => {
      log += text
      if (log.includes('The server is now ready')) resolve()
    })
    server.once('error', reject)
    server.once('exit', () => reject(new Error(`redis-server ended: ${log.slice(-1000)}`)))
  })
  // Whatever ends this process takes the server with it.
  process.once('exit', () => server.kill('SIGKILL'))
  return server
}
