import { PACKAGES, inlineHtml, readSource, sectionOf, tablesOf } from './readme.js'

/** A table of figures, as a README has it; its title is the first cell of its head. */
export interface SpeedTable {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** What a README says of a package's speed. */
export interface Speed {
  readonly package: string
  /** Text and tables in their order. */
  readonly parts: readonly ({ readonly html: string } | { readonly table: SpeedTable })[]
}

declare const data: readonly Speed[]
export { data }

export default {
  watch: ['../../../../packages/*/README.md'],
  load: (): readonly Speed[] =>
    PACKAGES.map((name) => ({
      package: name,
      parts: sectionOf(readSource(`packages/${name}/README.md`), 'Speed')
        .split(/\n\n+/)
        .filter((block) => !block.startsWith('<!--') && !block.startsWith('!['))
        .flatMap(partOf),
    })),
}

function partOf(block: string): Speed['parts'] {
  const [table] = tablesOf(block)
  if (table !== undefined) {
    const { head, rows } = table
    return [{ table: { head: head.map(inlineHtml), rows: rows.map((row) => row.map(inlineHtml)) } }]
  }
  if (/^<\/?(?:picture|p|img|source)/.test(block)) return []
  if (!block.startsWith('- ')) return [{ html: `<p>${inlineHtml(block)}</p>` }]
  const items = block.split(/^- /m).filter(Boolean)
  return [{ html: `<ul>${items.map((item) => `<li>${inlineHtml(item)}</li>`).join('')}</ul>` }]
}
