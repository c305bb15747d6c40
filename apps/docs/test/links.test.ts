import { expect, test } from 'vitest'
import { fileOf, htmlOf, pagesOf } from './support/site.js'

const unescaped = (text: string): string =>
  text.replaceAll('&amp;', '&').replaceAll('&#x27;', "'").replaceAll('&quot;', '"')

/** Every value of an attribute in a page. */
function valuesOf(html: string, attribute: string): string[] {
  return Array.from(html.matchAll(new RegExp(` ${attribute}="([^"]*)"`, 'g')), ([, value = '']) =>
    unescaped(value),
  )
}

const idsByPage = new Map<string, Set<string>>()

function idsOf(path: string): Set<string> {
  const known = idsByPage.get(path)
  if (known !== undefined) return known
  const ids = new Set(valuesOf(htmlOf(path), 'id'))
  idsByPage.set(path, ids)
  return ids
}

test('every link and picture leads somewhere, anchors included', () => {
  const broken: string[] = []
  for (const page of pagesOf()) {
    const html = htmlOf(page)
    for (const link of [...valuesOf(html, 'href'), ...valuesOf(html, 'src')]) {
      const url = new URL(link, `http://site${page}`)
      if (url.host !== 'site') continue
      const file = fileOf(url.pathname)
      const anchor = decodeURIComponent(url.hash.slice(1))
      if (file === undefined) broken.push(`${page}: ${link}`)
      else if (anchor !== '' && file.endsWith('.html') && !idsOf(url.pathname).has(anchor)) {
        broken.push(`${page}: ${link} (no such anchor)`)
      }
    }
  }
  expect(broken).toEqual([])
})

test('every page has a title and a description of its own', () => {
  const titles = new Map<string, string>()
  for (const page of pagesOf()) {
    if (page.startsWith('/api/')) continue
    const html = htmlOf(page)
    const title = /<title>([^<]*)<\/title>/.exec(html)?.[1] ?? ''
    const description = /<meta name="description" content="([^"]*)"/.exec(html)?.[1] ?? ''
    expect(title, page).not.toBe('')
    expect(description.length, page).toBeGreaterThan(40)
    expect(titles.get(title), `${page} has the title of another page`).toBeUndefined()
    titles.set(title, page)
  }
})
