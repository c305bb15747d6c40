import { existsSync } from 'node:fs'
import { type Browser, type Page, chromium } from 'playwright-core'

const CANDIDATES = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** The browser that this machine has; undefined where it has none. `CHROMIUM` names another. */
export const CHROMIUM: string | undefined = CANDIDATES.find(
  (path) => path !== undefined && existsSync(path),
)

/** What the name of a skipped test says. */
export const REASON: string =
  CHROMIUM === undefined ? ' (skipped: no chromium here; CHROMIUM=<path> names one)' : ''

export function startBrowser(): Promise<Browser> {
  if (CHROMIUM === undefined) throw new Error('no chromium')
  // The sandbox needs rights that containers do not have; only our own pages are looked at.
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
}

/** A page that notes what a person would see in its console, and requests that failed. */
export async function pageWithComplaints(
  browser: Browser,
): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`)
  })
  return { page, complaints }
}

/** When VitePress has taken over the page: from then on its buttons answer. */
export async function whenAlive(page: Page): Promise<void> {
  await page.waitForFunction(() =>
    Object.hasOwn(document.querySelector('#app') ?? {}, '__vue_app__'),
  )
}
