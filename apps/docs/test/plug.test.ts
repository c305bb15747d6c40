import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { CHROMIUM, REASON, pageWithComplaints, whenAlive } from './support/browser.js'
import { openSite } from './support/open-site.js'

/** Tabs on until the control of that name has the focus: what somebody without a mouse does. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let step = 0; step < 150; step++) {
    await page.keyboard.press('Tab')
    const focused = await page.evaluate(() => {
      const element = document.activeElement as HTMLInputElement | null
      const label = element?.labels?.[0]?.textContent ?? element?.textContent ?? ''
      return label.trim().replaceAll(/\s+/g, ' ')
    })
    if (focused === name) return
  }
  throw new Error(`no way to "${name}" by the tab key`)
}

async function press(page: Page, name: string, key = 'Enter'): Promise<void> {
  await tabTo(page, name)
  await page.keyboard.press(key)
}

const said = (page: Page): Promise<string> =>
  page.locator('[data-plug-status]').innerText({ timeout: 5_000 })

describe.skipIf(CHROMIUM === undefined)(`pull the plug${REASON}`, () => {
  const site = openSite()
  let page: Page
  let complaints: string[]

  beforeAll(async () => {
    ;({ page, complaints } = await pageWithComplaints(site.browser))
    await page.goto(`${site.origin}/plug`)
    await whenAlive(page)
    await page.getByRole('button', { name: 'Append' }).waitFor()
  })

  test('works by the keyboard alone, and what was acknowledged is there', async () => {
    await expect.poll(() => said(page)).toMatch(/Verdict: created/)
    await press(page, 'Append')
    await expect.poll(() => said(page)).toMatch(/append resolved: record 1/)

    await press(page, 'Hold the syncs', 'Space')
    await press(page, 'Append')
    await expect
      .poll(() => page.locator('[data-plug-synced]').innerText())
      .toMatch(/only in memory\. 1 record is acknowledged, 1 wait/)

    await press(page, 'Cut the power')
    await expect.poll(() => said(page)).toMatch(/The power was cut/)
    await press(page, 'Same moment, other luck')
    await press(page, 'Power on, and open')
    await expect
      .poll(() => said(page))
      .toMatch(/Verdict: (clean|torn|healed)\..*Nothing that was acknowledged is missing/)
    expect(complaints).toEqual([])
  })

  test('tells a screen reader what happened, and what every control is', async () => {
    expect(await page.locator('[aria-live=polite]').count()).toBe(1)
    const unnamed = await page.evaluate(() => {
      const controls = document.querySelectorAll<HTMLInputElement>(
        '[data-plug] button, [data-plug] input',
      )
      return [...controls].filter((one) => !(one.labels?.length || one.textContent?.trim())).length
    })
    expect(unnamed).toBe(0)
  })

  test('shows that nothing helps against a disk that lies', async () => {
    await press(page, 'An honest disk', 'Space')
    await press(page, 'New machine')
    await expect.poll(() => said(page)).toMatch(/Verdict: created/)
    for (let n = 1; n <= 3; n++) {
      await press(page, 'Append')
      await expect.poll(() => said(page)).toMatch(new RegExp(`record ${n} `))
    }
    const outcomes: string[] = []
    for (let luck = 0; luck < 12 && !outcomes.some((one) => /lied|JOURNAL/.test(one)); luck++) {
      await press(page, 'Cut the power')
      await press(page, 'Power on, and open')
      await expect.poll(() => said(page)).toMatch(/Opened/)
      outcomes.push(await said(page))
      if (/JOURNAL/.test(outcomes.at(-1) ?? '')) break
    }
    expect(outcomes.join('\n')).toMatch(/The disk lied|JOURNAL/)
    expect(complaints).toEqual([])
  })
})
