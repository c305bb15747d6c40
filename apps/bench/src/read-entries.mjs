// Reads a journal record by record, and says how much memory the process needed.
import { MiniStore } from '@mini-rs/ministore'

let records = 0
for await (const { seq } of MiniStore.entries(process.argv[2] ?? '')) records = seq
const maxRssBytes = process.resourceUsage().maxRSS * 1024
console.log(JSON.stringify({ records, maxRssBytes }))
