import { describe, expect, test } from 'vitest'
import { CHROMIUM, REASON, pageWithComplaints, whenAlive } from './support/browser.js'
import { openSite } from './support/open-site.js'

describe.skipIf(CHROMIUM === undefined)(`the search${REASON}`, () => {
  const site = openSite()

  test.each([
    ['torn', /verdicts|recovery|crash|journal/i],
    ['JOURNAL_CORRUPT', /errors/i],
  ])('finds %s', async (word, expected) => {
    const { page, complaints } = await pageWithComplaints(site.browser)
    await page.goto(`${site.origin}/why`)
    await whenAlive(page)
    await page.keyboard.press('Control+k')
    await page.locator('.VPLocalSearchBox input').fill(word)
    const first = page.locator('.VPLocalSearchBox .result').first()
    await first.waitFor()
    const found = await page.locator('.VPLocalSearchBox .result').allInnerTexts()
    expect(found.join('\n')).toMatch(expected)
    await page.keyboard.press('Enter')
    await page.waitForURL((url) => url.pathname !== '/why')
    expect(complaints).toEqual([])
    await page.close()
  })
})
