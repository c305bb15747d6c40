// A writer that never rests: single appends, batches, rotations, now and then dropBefore. It says
// which numbers were acknowledged, until its power or its life is cut.
import { MiniStore } from '../../../dist/index.js'
import { nodeFileSystem } from '../../../dist/fs.js'
import { recordOf, say } from './numbered.mjs'

const { path, bootId, callers, maxSegmentBytes, syncOn, drops, syncs } = JSON.parse(process.argv[2])

const fileSystem = { ...nodeFileSystem, bootId: async () => bootId }
if (!syncs) {
  // The negative control: a disk that says yes without having done it.
  fileSystem.open = async (...args) => {
    const handle = await nodeFileSystem.open(...args)
    return { ...handle, sync: async () => {}, syncSync: () => {} }
  }
}

say('started')
setInterval(() => {}, 1000) // stay alive behind a failure: only the parent ends this process
try {
  const store = await MiniStore.open(path, { fileSystem, maxSegmentBytes, syncOn })
  say(`open ${store.recovery.verdict}`)
  let n = store.lastSeq
  const caller = async (index) => {
    for (let turn = 1; ; turn++) {
      if (turn % 5 === 0) {
        const batch = Array.from({ length: 1 + (turn % 40) }, () => recordOf(++n))
        say(`acknowledged ${(await store.appendMany(batch)).last}`)
      } else {
        say(`acknowledged ${await store.append(recordOf(++n))}`)
      }
      if (drops && index === 0 && turn % 60 === 0) {
        const before = Math.max(1, store.lastSeq - 500)
        say(`dropping ${before}`)
        await store.dropBefore(before)
      }
    }
  }
  await Promise.all(Array.from({ length: callers }, (_, index) => caller(index)))
} catch (error) {
  say(`failed ${error.code} ${error.outcome}`)
}
