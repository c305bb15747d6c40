import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { htmlOf } from './site.js'

/** What PROOF.json counts for each package that has one, and the page that must show it. */
export function proofSummary(): { name: string; cases: string; html: string }[] {
  const html = htmlOf('/reliability')
  return ['ministore', 'minisnap', 'ministate', 'miniqueue'].flatMap((name) => {
    const path = fileURLToPath(new URL(`../../../../packages/${name}/PROOF.json`, import.meta.url))
    if (!existsSync(path)) return []
    const entries = Object.values(JSON.parse(readFileSync(path, 'utf8')) as object)
    const total = entries.reduce((sum: number, { count }: { count: number }) => sum + count, 0)
    return [{ name, cases: `${total.toLocaleString('en-US')} cases`, html }]
  })
}
