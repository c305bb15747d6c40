// Another program, which knows nothing of locks: it does to files what it is told, line by line.
import { appendFileSync, renameSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { say } from './numbered.mjs'

const deeds = {
  append: ({ path, text }) => appendFileSync(path, text),
  replace: ({ path, text }) => {
    writeFileSync(`${path}.theirs`, text)
    renameSync(`${path}.theirs`, path)
  },
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const order = JSON.parse(line)
  deeds[order.deed](order)
  say('done')
})
