import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { CHROMIUM, REASON, pageWithComplaints, whenAlive } from './support/browser.js'
import { openSite } from './support/open-site.js'
import { pagesOf } from './support/site.js'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const WIDTHS = [390, 1280] as const
const THEMES = ['light', 'dark'] as const
/** Elements of a page beyond which its text is not looked at: pages of the reference, which all look the same. */
const LONGEST = 3_000

interface Finding {
  readonly id: string
  readonly nodes: readonly { readonly target: readonly unknown[]; readonly html: string }[]
}

declare const axe: {
  run(context: unknown, options: object): Promise<{ violations: readonly Finding[] }>
}

/** What a person would frown at, on one page. */
async function faultsOf(page: Page, origin: string, path: string): Promise<string[]> {
  const faults: string[] = []
  await page.setViewportSize({ width: WIDTHS[1], height: 900 })
  await page.goto(`${origin}${path}`)
  await whenAlive(page)
  if (path === '/plug') await page.getByRole('button', { name: 'Append' }).waitFor()
  const facts = await page.evaluate(() => ({
    h1: document.querySelectorAll('h1').length,
    title: document.title,
    description: document.querySelector('meta[name=description]')?.getAttribute('content') ?? '',
    language: document.documentElement.lang,
    images: [...document.images].filter((one) => one.complete && one.naturalWidth === 0).length,
  }))
  if (facts.h1 !== 1) faults.push(`${facts.h1} headings of the first level`)
  if (facts.title.length < 5) faults.push('no title')
  if (facts.description.length < 20) faults.push('no description')
  if (facts.language !== 'en') faults.push('no language')
  if (facts.images > 0) faults.push(`${facts.images} images without a picture`)
  await page.evaluate(AXE)
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 })
    for (const theme of THEMES) faults.push(...(await faultsIn(page, width, theme)))
  }
  return faults
}

async function faultsIn(page: Page, width: number, theme: string): Promise<string[]> {
  // Looking at everything takes its time: once for each width and each theme will do.
  const isLooked = (width === WIDTHS[1]) === (theme === 'light')
  const { overflow, findings } = await page.evaluate(
    async ([isDark, isWhole, longest]) => {
      const isHome = location.pathname === '/'
      // The colours of programs are the same everywhere, and there are many pieces of them.
      const isCoded = location.pathname === '/guides/queues'
      document.documentElement.classList.toggle('dark', isDark)
      // Colours that glide from one theme to the other have no contrast on the way.
      for (const animation of document.getAnimations()) animation.finish()
      const { scrollWidth, clientWidth } = document.documentElement
      const result = { overflow: scrollWidth - clientWidth, findings: [] as readonly Finding[] }
      if (!isWhole) return result
      const isLong = document.querySelectorAll('*').length > longest
      const exclude = isLong ? ['.vp-doc'] : isCoded ? [] : ['.vp-doc pre']
      const { violations } = await axe.run(
        { exclude },
        {
          resultTypes: ['violations'],
          runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
          rules: {
            region: { enabled: false },
            // The theme's first page is not in a <main>.
            'landmark-one-main': { enabled: !isHome },
            'landmark-unique': { enabled: false },
            // The theme's own button shows its shortcut, and does not say it.
            'label-content-name-mismatch': { enabled: false },
          },
        },
      )
      return { ...result, findings: violations }
    },
    [theme === 'dark', isLooked, LONGEST] as const,
  )
  const where = `at ${width} in ${theme}`
  const wide = overflow > 0 ? [`${overflow} pixels too wide ${where}`] : []
  return [
    ...wide,
    ...findings.map(({ id, nodes }) => {
      return `${id} ${where}: ${nodes.length}, the first is ${nodes[0]?.html.slice(0, 200)}`
    }),
  ]
}

describe.skipIf(CHROMIUM === undefined)(`every page${REASON}`, () => {
  const site = openSite()

  test.concurrent.each(pagesOf())(
    '%s is sound at two widths and in both themes, and its console is empty',
    async (path) => {
      const { page, complaints } = await pageWithComplaints(site.browser)
      const faults = await faultsOf(page, site.origin, path)
      await page.close()
      expect([...faults, ...complaints]).toEqual([])
    },
  )

  test('shows where the focus is', async () => {
    const { page } = await pageWithComplaints(site.browser)
    await page.goto(`${site.origin}/why`)
    await whenAlive(page)
    for (let step = 0; step < 12; step++) {
      await page.keyboard.press('Tab')
      const outline = await page.evaluate(() => {
        const focused = document.activeElement
        if (focused === null || focused === document.body) return 'nothing'
        const { outlineStyle, boxShadow } = getComputedStyle(focused)
        return outlineStyle === 'none' && boxShadow === 'none' ? focused.outerHTML : 'shown'
      })
      expect(outline).toBe('shown')
    }
    await page.close()
  })
})
