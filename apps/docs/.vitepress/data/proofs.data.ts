import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { PACKAGES, inlineHtml, readSource, sectionOf, tablesOf } from './readme.js'

/** What was proven of one package, from its PROOF.json and the table that `npm run prove` writes. */
export interface Proof {
  readonly package: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** Cases of all rows together, from PROOF.json; undefined where nothing was counted yet. */
  readonly cases: number | undefined
  readonly failures: number
  readonly hours: number
}

interface Entry {
  readonly count: number
  readonly failures: readonly string[]
  readonly seconds: number
}

declare const data: readonly Proof[]
export { data }

export default {
  watch: ['../../../../packages/*/PROOF.json', '../../../../packages/*/README.md'],
  load: (): readonly Proof[] => PACKAGES.map(proofOf),
}

function proofOf(name: string): Proof {
  const section = sectionOf(readSource(`packages/${name}/README.md`), 'Proof')
  const [table = { head: [], rows: [] }] = tablesOf(section)
  const entries = ledgerOf(name)
  const sum = (of: (entry: Entry) => number): number =>
    entries.reduce((total, entry) => total + of(entry), 0)
  return {
    package: name,
    head: table.head.map(inlineHtml),
    rows: table.rows.map((row) => row.map(inlineHtml)),
    cases: entries.length === 0 ? undefined : sum(({ count }) => count),
    failures: sum(({ failures }) => failures.length),
    hours: sum(({ seconds }) => seconds) / 3_600,
  }
}

function ledgerOf(name: string): readonly Entry[] {
  const path = `packages/${name}/PROOF.json`
  const isThere = existsSync(fileURLToPath(new URL(`../../../../${path}`, import.meta.url)))
  return isThere ? Object.values(JSON.parse(readSource(path)) as Record<string, Entry>) : []
}
