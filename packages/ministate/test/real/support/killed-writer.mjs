// Applies mutations with many callers at once until it is killed; says what was acknowledged and shown.
import { writeSync } from 'node:fs'
import { StateManager } from '@mini-rs/ministate'
import { chain } from './chain.mjs'

const [folder, engine, callers] = process.argv.slice(2)
const manager = await StateManager.open(folder, chain, {
  engine,
  maxSegmentBytes: 20_000,
  snapshots: { everyRecords: 100 },
})
const say = (what, seq) => writeSync(1, `${what} ${seq}\n`)
manager.subscribe(() => say('shown', manager.sequence()))
let id = await manager.read(({ last }) => last)
const call = async () => {
  for (;;) {
    const mine = ++id
    const applied = manager.apply({ add: mine }).then((seq) => say('acknowledged', seq))
    // What it was decided on, the mutation before it, has to be there when it is answered.
    const refused = manager.apply({ refuse: null }).catch(() => say('answered', mine))
    await Promise.all([applied, refused])
  }
}
await Promise.all(Array.from({ length: Number(callers) }, call))
