import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The packages, in the order in which the site speaks of them. */
export const PACKAGES = ['ministore', 'minisnap', 'ministate', 'miniqueue'] as const

/** The name of a package. */
export type PackageName = (typeof PACKAGES)[number]

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))

/** A file of the repository. */
export function readSource(path: string): string {
  return readFileSync(`${ROOT}${path}`, 'utf8')
}

/** Rows of a table, without the one that holds the dashes. */
export interface Table {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** Every table in a piece of Markdown. */
export function tablesOf(markdown: string): Table[] {
  return Array.from(markdown.matchAll(/(?:^\|.*\|$\n?)+/gm), ([text]) => {
    const [head = [], , ...rows] = text.trimEnd().split('\n').map(cellsOf)
    return { head, rows }
  })
}

function cellsOf(line: string): string[] {
  return line
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim())
}

/** What stands under a heading of the second level. */
export function sectionOf(markdown: string, heading: string): string {
  const begin = markdown.indexOf(`\n## ${heading}\n`)
  if (begin === -1) throw new Error(`there is no section "${heading}"`)
  const from = begin + heading.length + 5
  const end = markdown.indexOf('\n## ', from)
  return markdown.slice(from, end === -1 ? undefined : end).trim()
}

/** Markdown of a cell or a line as HTML: code, emphasis, links to the web; links into the repository become text. */
export function inlineHtml(markdown: string): string {
  return markdown
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/`([^`]+)`/g, '<code>$1</code>')
    .replaceAll(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>')
    .replaceAll(/(?<![\w])_([^_]+)_(?![\w])/g, '<em>$1</em>')
    .replaceAll(/\[([^\]]+)\]\((https:[^)]+)\)/g, '<a href="$2">$1</a>')
    .replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1')
}
