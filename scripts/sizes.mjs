// Shows what each package weighs when it is packed, and what its code weighs compressed; fails beyond the
// limits of scripts/sizes.json (kB), which are raised by hand and with a reason.
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync } from 'node:zlib'

const root = fileURLToPath(new URL('..', import.meta.url))
const limits = JSON.parse(readFileSync(`${root}/scripts/sizes.json`, 'utf8'))
const kilobytes = (bytes) => Math.round(bytes / 100) / 10

/** The ES modules that a program loads: all but the command. */
function codeBytes(folder) {
  const names = readdirSync(`${folder}/dist`).filter((name) => name.endsWith('.js'))
  const parts = names.map((name) => readFileSync(`${folder}/dist/${name}`))
  return brotliCompressSync(Buffer.concat(parts)).length
}

function packedBytes(folder) {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts']
  const [{ size }] = JSON.parse(execFileSync('npm', args, { cwd: folder, encoding: 'utf8' }))
  return size
}

for (const [name, limit] of Object.entries(limits)) {
  const folder = `${root}/packages/${name}`
  const found = { code: kilobytes(codeBytes(folder)), packed: kilobytes(packedBytes(folder)) }
  for (const [what, size] of Object.entries(found)) {
    const isOver = size > limit[what]
    console.log(`${name} ${what}: ${size} kB of ${limit[what]}${isOver ? ', too much' : ''}`)
    if (isOver) process.exitCode = 1
  }
}
