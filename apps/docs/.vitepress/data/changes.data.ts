import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { PACKAGES, inlineHtml, readSource } from './readme.js'

/** A release of a package, or what the next one brings. */
export interface Changes {
  readonly package: string
  readonly version: string
  readonly items: readonly string[]
}

declare const data: readonly Changes[]
export { data }

const repository = (path: string): string =>
  fileURLToPath(new URL(`../../../../${path}`, import.meta.url))

export default {
  watch: ['../../../../.changeset/*.md', '../../../../packages/*/CHANGELOG.md'],
  load: (): readonly Changes[] => PACKAGES.flatMap((name) => nextOf(name).concat(pastOf(name))),
}

/** What waits in `.changeset` for the next release. */
function nextOf(name: string): Changes[] {
  const files = readdirSync(repository('.changeset')).filter(
    (file) => file.endsWith('.md') && file !== 'README.md',
  )
  const items = files.toSorted().flatMap((file) => {
    const [, front = '', text = ''] =
      /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(readSource(`.changeset/${file}`)) ?? []
    return front.includes(`'@mini-rs/${name}'`) ? [inlineHtml(text.trim())] : []
  })
  return items.length === 0 ? [] : [{ package: name, version: 'next', items }]
}

/** The releases in the changelog that changesets has written. */
function pastOf(name: string): Changes[] {
  const path = `packages/${name}/CHANGELOG.md`
  if (!existsSync(repository(path))) return []
  const [, ...releases] = readSource(path).split(/^## /m)
  return releases.map((release) => {
    const [version = '', ...lines] = release.split('\n')
    const items = lines
      .filter((line) => line.startsWith('- ') && !line.startsWith('- Updated dependencies'))
      .map((line) => inlineHtml(line.replace(/^- (?:[0-9a-f]{7,}: )?/, '')))
    return { package: name, version, items }
  })
}
