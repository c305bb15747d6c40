// A cache that is warm after a restart: rebuilt from its log, which is rewritten when mostly history.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { MiniStore } from '@mini-rs/ministore'
import { exampleFolder } from './folder.js'

type Change = { Put: { key: string; value: string } } | { Evict: { key: string } }

class Cache {
  readonly #entries = new Map<string, string>()
  readonly #log: MiniStore<Change>
  private constructor(log: MiniStore<Change>) {
    this.#log = log
  }

  static async open(path: string): Promise<Cache> {
    const cache = new Cache(await MiniStore.open(path, { durability: 'os' })) // no waits for syncs
    for await (const { record } of cache.#log.entries()) cache.#apply(record)
    return cache
  }

  get = (key: string): string | undefined => this.#entries.get(key)
  put = (key: string, value: string): Promise<void> => this.#change({ Put: { key, value } })
  evict = (key: string): Promise<void> => this.#change({ Evict: { key } })
  close = (): Promise<void> => this.#log.close()
  sizes = (): string => `${this.#entries.size} entries, ${this.#log.stats().records} records`

  /** A crash on the way leaves old and new records, which say the same. */
  async compact(): Promise<void> {
    await this.#log.rotate()
    const live = [...this.#entries].map(([key, value]): Change => ({ Put: { key, value } }))
    const before = this.#log.lastSeq + 1
    if (live.length > 0) await this.#log.appendMany(live)
    await this.#log.flush()
    await this.#log.dropBefore(before)
  }

  async #change(change: Change): Promise<void> {
    this.#apply(change) // before it is logged, or a `compact` in between would miss it
    await this.#log.append(change)
  }

  #apply(change: Change): void {
    if ('Put' in change) this.#entries.set(change.Put.key, change.Put.value)
    else this.#entries.delete(change.Evict.key)
  }
}

const path = join(await exampleFolder(), 'cache.jsonl')
let cache = await Cache.open(path)
for (let n = 0; n < 1000; n++) await cache.put(`page-${n % 50}`, `rendered ${n} times`)
for (let n = 40; n < 50; n++) await cache.evict(`page-${n}`)
console.log(`filled:          ${cache.sizes()}`)
await cache.compact()
console.log(`compacted:       ${cache.sizes()}`)
await cache.close()
cache = await Cache.open(path)
console.log(`after a restart: ${cache.sizes()}`)
assert.deepEqual([cache.get('page-7'), cache.get('page-47')], ['rendered 957 times', undefined])
await cache.close()
