// A program on all four packages. `life write <folder>` works until it is killed and prints each number
// when all of them have it on the disk; `life recover <folder>` prints what they hold.
import { SnapStore } from '@mini-rs/minisnap'
import { MiniQueue } from '@mini-rs/miniqueue'
import { StateManager, defineState } from '@mini-rs/ministate'
import { MiniStore } from '@mini-rs/ministore'

interface Numbered {
  readonly n: number
}

const counter = defineState({
  initial: { value: 0 },
  mutations: (m) => ({
    count: m((state, n: number) => {
      state.value = n
    }),
  }),
})

async function write(folder: string): Promise<void> {
  const store = await MiniStore.open<Numbered>(`${folder}/journal.jsonl`)
  const snapshots = new SnapStore<Numbered>(`${folder}/snapshots`)
  const manager = await StateManager.open(`${folder}/state`, counter)
  const queues = await MiniQueue.open(`${folder}/queues`)
  const jobs = queues.queue<Numbered>('jobs')
  for (let n = 1; ; n++) {
    const seq = await store.append({ n })
    await snapshots.create({ n }, seq, { log: store })
    await manager.apply({ count: n })
    await jobs.enqueue({ n }, { id: `job-${n}` })
    console.log(n)
  }
}

async function recover(folder: string): Promise<void> {
  const store = await MiniStore.open<Numbered>(`${folder}/journal.jsonl`)
  const records: number[] = []
  for await (const { record } of store.entries()) records.push(record.n)
  const snapshot = await new SnapStore<Numbered>(`${folder}/snapshots`).tryRestore()
  const manager = await StateManager.open(`${folder}/state`, counter)
  const queues = await MiniQueue.open(`${folder}/queues`)
  const delivered: number[] = []
  const jobs = queues.queue<Numbered>('jobs')
  jobs.process(({ data }) => void delivered.push(data.n))
  await jobs.idle()
  console.log(
    JSON.stringify({ records, snapshot: snapshot?.state.n, state: manager.state.value, delivered }),
  )
  await queues.close()
  await manager.close()
  await store.close()
}

const [what, folder = '.'] = process.argv.slice(2)
void (what === 'write' ? write(folder) : recover(folder))
