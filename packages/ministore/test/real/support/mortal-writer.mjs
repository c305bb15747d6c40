// A writer that dies in the middle of one task, and says before what was acknowledged.
import { MiniStore } from '../../../dist/index.js'
import { mortalFileSystem } from './mortal-file-system.mjs'
import { recordOf, say } from './numbered.mjs'

const { path, task, fatalCall, when, portion, options } = JSON.parse(process.argv[2])
const { arm, fileSystem } = mortalFileSystem(fatalCall, when, portion)

if (task === 'open') arm()
const store = await MiniStore.open(path, { ...options, fileSystem })
const nextRecords = (count) =>
  Array.from({ length: count }, (_, index) => recordOf(store.lastSeq + 1 + index))

const append = async (count) => {
  say(`trying ${count}`)
  await store.appendMany(nextRecords(count))
  say(`acknowledged ${store.lastSeq}`)
}

await append(1)
await append(2)
if (task === 'dropBefore') {
  await store.rotate()
  await append(1)
  await store.rotate()
  await append(1)
}
if (task !== 'open') arm()
const tasks = {
  open: () => {},
  append: () => append(1),
  appendMany: () => append(40),
  appendManyOnAnotherThread: () => append(1000),
  rotate: () => store.rotate(),
  dropBefore: async () => {
    say(`dropping ${store.lastSeq + 1}`)
    await store.dropBefore(store.lastSeq + 1)
  },
}
await tasks[task]()
process.kill(process.pid, 'SIGKILL')
