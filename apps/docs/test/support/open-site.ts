import type { Server } from 'node:http'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { startBrowser } from './browser.js'
import { serve } from './site.js'

/** What the tests of a `describe` look at the site with. */
export interface OpenSite {
  readonly browser: Browser
  readonly origin: string
}

/** A browser, and the site served to it, while the tests of a `describe` run. */
export function openSite(): OpenSite {
  const site: { browser?: Browser; origin?: string } = {}
  let server: Server | undefined
  beforeAll(async () => {
    site.browser = await startBrowser()
    ;({ origin: site.origin, server } = await serve())
  })
  afterAll(async () => {
    await site.browser?.close()
    server?.close()
  })
  return site as OpenSite // its parts are there when a test asks for them
}
