// What a compiler has to refuse.
import { MiniStore } from '@mini-rs/ministore'

const store = await MiniStore.open<{ n: number }>('journal.jsonl')
await store.append({ n: 'one' })
