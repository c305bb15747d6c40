import { fileURLToPath } from 'node:url'

const PACKAGES = fileURLToPath(new URL('../../../packages', import.meta.url))
const here = (path: string): string => fileURLToPath(new URL(`../plug/${path}`, import.meta.url))

/** What the packages are called in a program, and where the site takes them from: their source, not a copy. */
const SOURCES: Readonly<Record<string, string>> = {
  '@mini-rs/ministore': `${PACKAGES}/ministore/src/index.ts`,
  '@mini-rs/testkit/disk': `${PACKAGES}/testkit/src/disk.ts`,
}

/** The modules of ministore that speak to Node.js, and what a browser has instead. */
const REPLACED: Readonly<Record<string, string>> = {
  'platform/node.js': here('browser-platform.ts'),
  'fs/node-file-system.js': here('no-disk.ts'),
}

/** As much of a Vite plugin as is needed. */
interface Resolver {
  readonly name: string
  readonly enforce: 'pre'
  resolveId(source: string, importer: string | undefined): string | undefined
}

/** Lets the page "Pull the plug" run the packages' own source, with a browser's half of the platform. */
export function browserPlatform(): Resolver {
  return {
    name: 'mini-rs-browser-platform',
    enforce: 'pre',
    resolveId(source, importer) {
      if (Object.hasOwn(SOURCES, source)) return SOURCES[source]
      if (importer?.startsWith(`${PACKAGES}/ministore/src/`) !== true) return undefined
      const name = source.split('/').slice(-2).join('/')
      const isSibling = source === './node-file-system.js'
      return REPLACED[isSibling ? 'fs/node-file-system.js' : name]
    },
  }
}
