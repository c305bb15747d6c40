// One peer in a process of its own, so that no peer pays for another's threads, garbage or types.
import { mkdirSync } from 'node:fs'
import { timed } from '../measure.js'
import { answerTasks } from '../worker.js'
import { allPeers } from './adapters/all.js'
import { figuresOf, runLoad } from './load.js'
import { withLoopDelay } from './loop-delay.js'
import { type Peer, benchRecord } from './peer.js'
import type { AppendFigures, Task } from './session.js'

const name = process.argv[2]
const peer = allPeers.find((one) => one.name === name)
if (peer === undefined) throw new Error(`no peer ${name}`)

if (process.argv[3] === undefined) {
  answerTasks((task: Task) => perform(peer, task))
} else {
  // Under strace: the task is an argument, and there is nobody to tell the result.
  await perform(peer, JSON.parse(process.argv[3]) as Task)
}

async function perform(of: Peer, task: Task): Promise<unknown> {
  mkdirSync(task.folder, { recursive: true })
  switch (task.do) {
    case 'append':
      return append(of, task)
    case 'fill':
      return fill(of, task)
    case 'read':
      return read(of, task)
  }
}

async function append(of: Peer, task: Extract<Task, { do: 'append' }>): Promise<unknown> {
  const journal = await of.open(task.folder)
  const [ran, loop] = await withLoopDelay(() =>
    runLoad((n) => journal.append(benchRecord(n)), task, of.isBlocking),
  )
  await journal.close()
  return { ...figuresOf(ran), ...loop } satisfies AppendFigures
}

async function fill(of: Peer, { folder, count }: Extract<Task, { do: 'fill' }>): Promise<void> {
  const journal = await of.open(folder)
  for (let n = 0; n < count; n += 1000) {
    const length = Math.min(1000, count - n)
    await journal.fill(Array.from({ length }, (_, index) => benchRecord(n + index)))
  }
  await journal.close()
}

async function read(of: Peer, { folder, count }: Extract<Task, { do: 'read' }>): Promise<unknown> {
  const startMs = performance.now()
  const journal = await of.open(folder)
  const openMs = performance.now() - startMs
  let sum = 0
  const elapsedMs = await timed(async () => (sum = await journal.sum()))
  await journal.close()
  let expected = 0
  for (let n = 0; n < count; n++) expected += n % 7
  if (sum !== expected) throw new Error(`${of.name} read ${sum} instead of ${expected}`)
  return { openMs, perSecond: (count / elapsedMs) * 1000 }
}
