import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { proofSummary } from './support/proofs.js'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const DOCS = fileURLToPath(new URL('../', import.meta.url))
const PACKAGES = ['ministore', 'minisnap', 'ministate', 'miniqueue']

const read = (path: string): string => readFileSync(path, 'utf8')

/** The pages that people write. */
const pages = readdirSync(DOCS, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md') && !/^(?:api|node_modules|\.vitepress)\//.test(name))
  .toSorted()

describe('the page of errors', () => {
  const text = read(`${DOCS}errors.md`)

  test.each(PACKAGES)('has one heading for every code of %s, and no other', (name) => {
    const source = read(`${ROOT}packages/${name}/src/errors.ts`)
    const union = /export type Mini\w+ErrorCode =\n((?: {2}\| '\w+'\n)+)/.exec(source)?.[1] ?? ''
    const codes = Array.from(union.matchAll(/'(\w+)'/g), ([, code]) => code)
    const [, section = ''] =
      new RegExp(`\\n## ${name} \\{[^}]*\\}\\n([\\s\\S]*?)(?:\\n## |$)`).exec(text) ?? []
    const headings = Array.from(section.matchAll(/^### `(\w+)` \{#[\w-]+\}$/gm), ([, code]) => code)
    expect(codes.length).toBeGreaterThan(5)
    expect(headings.toSorted()).toEqual(codes.toSorted())
  })

  test('says of every code what to do', () => {
    const sections = text.split(/^### /m).slice(1)
    for (const section of sections) expect(section.split('\n\n')[1]?.length).toBeGreaterThan(10)
  })
})

test('every program on the site is quoted from a file that is run', () => {
  expect(pages.length).toBeGreaterThan(30)
  const unquoted = pages.flatMap((page) => {
    const found = read(`${DOCS}${page}`).matchAll(/(.*)\n\n```(?:tsx?|jsx?|mjs|javascript)\n/g)
    return Array.from(found)
      .filter(([, before = '']) => !before.startsWith('<!-- quote '))
      .map(([block]) => `${page}: ${block}`)
  })
  expect(unquoted).toEqual([])
})

test('every picture tells a screen reader what it shows', () => {
  const folder = `${DOCS}.vitepress/components/`
  for (const name of readdirSync(folder)) {
    const text = read(`${folder}${name}`)
    if (!text.includes('<svg')) continue
    expect(text, name).toMatch(/<svg[^>]*role="img"[\s\S]*?<title id=|<title :id=/)
    expect(text, name).toMatch(/<desc (?:id|:id)=/)
  }
})

test('the figures of the proofs are those that were counted', () => {
  for (const { name, cases, html } of proofSummary()) expect(html, name).toContain(cases)
})
