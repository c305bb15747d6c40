import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'

/** What a check of a package comes to. */
export interface Integrity {
  /** Over the names and contents of all its files. */
  readonly sha256: string
  readonly files: number
  readonly sizeBytes: number
}

/**
 * Hashes the files of a package, in the order of their names; packages of its own `node_modules` excepted, and
 * folders that begin with a dot, as the scan does it.
 *
 * @throws SyntaxError when its manifest is no JSON
 */
export async function checkIntegrity(root: string, path: string): Promise<Integrity> {
  const folder = resolve(root, path)
  const manifest = await readFile(join(folder, 'package.json'), 'utf8')
  JSON.parse(manifest.replace(/^\uFEFF/, ''))
  const hash = createHash('sha256')
  let files = 0
  let sizeBytes = 0
  for await (const file of filesOf(folder, '')) {
    const bytes = await readFile(join(folder, file))
    hash.update(`${file}\0${bytes.length}\0`).update(bytes)
    files += 1
    sizeBytes += bytes.length
  }
  return { sha256: hash.digest('hex'), files, sizeBytes }
}

async function* filesOf(folder: string, inside: string): AsyncGenerator<string> {
  const children = await readdir(join(folder, inside), { withFileTypes: true })
  for (const child of children.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = inside === '' ? child.name : `${inside}/${child.name}`
    if (child.isFile()) yield path
    const isLeftOut = child.name === 'node_modules' || child.name.startsWith('.')
    if (child.isDirectory() && !isLeftOut) yield* filesOf(folder, path)
  }
}
