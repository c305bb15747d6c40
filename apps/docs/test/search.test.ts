import type { Server } from 'node:http'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHROMIUM, REASON, pageWithComplaints, startBrowser, whenAlive } from './support/browser.js'
import { serve } from './support/site.js'

describe.skipIf(CHROMIUM === undefined)(`the search${REASON}`, () => {
  let browser: Browser
  let server: Server
  let origin: string

  beforeAll(async () => {
    browser = await startBrowser()
    ;({ origin, server } = await serve())
  })

  afterAll(async () => {
    await browser?.close()
    server?.close()
  })

  test.each([
    ['torn', /verdicts|recovery|crash|journal/i],
    ['JOURNAL_CORRUPT', /errors/i],
  ])('finds %s', async (word, expected) => {
    const { page, complaints } = await pageWithComplaints(browser)
    await page.goto(`${origin}/why`)
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
