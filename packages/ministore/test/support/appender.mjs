// A writer that appends as fast as it can and prints each acknowledged number, until it is killed.
import { MiniStore } from '../../dist/index.js'

const [path, callers] = process.argv.slice(2)
const store = await MiniStore.open(path, { maxSegmentBytes: 64 * 1024 })
process.stdout.write(`open ${store.recovery.verdict}\n`)
let n = store.lastSeq
const caller = async () => {
  for (;;) {
    const record = { n: ++n, text: 'x'.repeat(n % 200) }
    process.stdout.write(`${await store.append(record)}\n`)
  }
}
for (let index = 0; index < Number(callers); index++) void caller()
