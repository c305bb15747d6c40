// Gives the pages that TypeDoc has written the names by which programs import them, and a page before them.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const api = fileURLToPath(new URL('../api/', import.meta.url))

/** Each page of the reference: its file, what it is imported as, and what is in it. */
const PAGES = [
  ['ministore/index', 'ministore', 'the journal: append, recover, read, follow, verify, repair'],
  ['ministore/fs', 'ministore/fs', 'the port to the disk, and Node.js behind it'],
  ['ministore/seal', 'ministore/seal', 'the seal, for files of your own'],
  ['minisnap/index', 'minisnap', 'snapshots, and compaction of a log'],
  ['minisnap/codec/msgpack', 'minisnap/msgpack', 'snapshots in MessagePack'],
  ['minisnap/values', 'minisnap/values', 'what a snapshot can carry'],
  ['ministate', 'ministate', 'typed mutations, and a state in memory that is durable'],
  ['miniqueue/index', 'miniqueue', 'queues, workers, leases, schedules'],
  ['miniqueue/testing', 'miniqueue/testing', 'queues in memory, on a clock that a test moves'],
]

/** A link to the second heading of a name, where there is only one, leads to that. */
function mendAnchors(text) {
  const slugs = Array.from(text.matchAll(/^#+ (.+)$/gm), ([, heading]) =>
    heading.toLowerCase().replaceAll(/[^a-z0-9_]+/g, ''),
  )
  return text.replaceAll(/\(#([a-z0-9_]+)-1\)/g, (link, slug) => {
    return slugs.filter((one) => one === slug).length > 1 ? link : `(#${slug})`
  })
}

for (const [file, name, about] of PAGES) {
  const path = `${api}@mini-rs/${file}.md`
  const body = mendAnchors(readFileSync(path, 'utf8').replace(/^# .*\n/, ''))
  const front = `---\ntitle: '@mini-rs/${name}'\ndescription: 'API of @mini-rs/${name}: ${about}.'\noutline: [2, 3]\n---\n`
  const head = `# @mini-rs/${name}\n\nEverything that this module exports: ${about}.\n`
  // The list of a package's modules is in the sidebar.
  writeFileSync(
    path,
    `${front}\n${head}${body}`.replaceAll(/\((?:\.\.\/)*modules\.md\)/g, '(/api/)'),
  )
}

for (const name of ['ministore', 'minisnap', 'miniqueue'])
  rmSync(`${api}@mini-rs/${name}/modules.md`)
rmSync(`${api}modules.md`)

const rows = PAGES.map(([file, name, about]) => {
  const link = `/api/@mini-rs/${file.replace(/index$/, '')}`
  return `| [\`@mini-rs/${name}\`](${link}) | ${about} |`
})
writeFileSync(
  `${api}index.md`,
  `---
title: API
description: The reference of every module of the mini-rs packages, made from the comments in their source.
---

# API

Made from the comments in the source. What is not here is not public.

| import | what is in it |
| --- | --- |
${rows.join('\n')}
`,
)
