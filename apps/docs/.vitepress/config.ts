import { type DefaultTheme, defineConfig } from 'vitepress'
import { browserPlatform } from './browser-platform.js'

const DESCRIPTION =
  'Embedded durability for Node.js: small packages that let any program survive a crash, with files that a person can read.'

/** A group of the sidebar; each item is a title and a path. */
const group = (
  text: string,
  items: readonly (readonly [string, string])[],
): DefaultTheme.SidebarItem => ({
  text,
  items: items.map(([title, link]) => ({ text: title, link })),
})

const SIDEBAR: DefaultTheme.SidebarItem[] = [
  group('Begin', [
    ['Why', '/why'],
    ['Which package?', '/start/'],
    ['ministate in five minutes', '/start/ministate'],
    ['miniqueue in five minutes', '/start/miniqueue'],
    ['ministore in five minutes', '/start/ministore'],
    ['minisnap in five minutes', '/start/minisnap'],
    ['Pull the plug', '/plug'],
  ]),
  group('Guides', [
    ['Event sourcing', '/guides/event-sourcing'],
    ['State machines', '/guides/state-machines'],
    ['Metadata stores', '/guides/metadata-stores'],
    ['Queues and retries', '/guides/queues'],
    ['Audit logs', '/guides/audit-logs'],
    ['Caches', '/guides/caches'],
    ['Edge devices', '/guides/edge-devices'],
    ['Electron and CLIs', '/guides/electron-and-clis'],
    ['Testing against power cuts', '/guides/testing'],
    ['Backup and restore', '/guides/backup'],
    ['Between Rust and TypeScript', '/guides/rust'],
  ]),
  group('Concepts', [
    ['The crash model', '/concepts/crash-model'],
    ['Group commit', '/concepts/group-commit'],
    ['Seals', '/concepts/seals'],
    ['Recovery verdicts', '/concepts/recovery'],
    ['Snapshots and compaction', '/concepts/snapshots'],
    ['Leases', '/concepts/leases'],
  ]),
  group('Reference', [
    ['Errors', '/errors'],
    ['Formats', '/formats/'],
    ['The journal, byte by byte', '/formats/journal'],
    ['API', '/api/'],
  ]),
  group('Judge for yourself', [
    ['Reliability', '/reliability'],
    ['Performance', '/performance'],
    ['Comparison', '/comparison'],
    ['Coming from lowdb', '/migration/lowdb'],
    ['Coming from BullMQ', '/migration/bullmq'],
    ['Questions', '/faq'],
    ['Changelog', '/changelog'],
  ]),
]

const API_SIDEBAR: DefaultTheme.SidebarItem[] = [
  group('ministore', [
    ['@mini-rs/ministore', '/api/@mini-rs/ministore/'],
    ['…/fs', '/api/@mini-rs/ministore/fs'],
    ['…/seal', '/api/@mini-rs/ministore/seal'],
  ]),
  group('minisnap', [
    ['@mini-rs/minisnap', '/api/@mini-rs/minisnap/'],
    ['…/msgpack', '/api/@mini-rs/minisnap/codec/msgpack'],
    ['…/values', '/api/@mini-rs/minisnap/values'],
  ]),
  group('ministate', [['@mini-rs/ministate', '/api/@mini-rs/ministate']]),
  group('miniqueue', [
    ['@mini-rs/miniqueue', '/api/@mini-rs/miniqueue/'],
    ['…/testing', '/api/@mini-rs/miniqueue/testing'],
  ]),
]

export default defineConfig({
  lang: 'en',
  title: 'mini-rs',
  description: DESCRIPTION,
  cleanUrls: true,
  srcExclude: ['README.md', 'test/**', 'reports/**'],
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: '/icon.svg' }]],
  // GitHub's own dark comments have too little contrast on the panel of a code block.
  markdown: { theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' } },
  // A page that says nothing of itself is one of the reference.
  transformPageData(page) {
    if (page.frontmatter['description'] !== undefined) return
    page.description = `${page.title}: reference of the mini-rs packages for TypeScript.`
  },
  vite: {
    plugins: [browserPlatform()],
    build: { chunkSizeWarningLimit: 1_500 },
  },
  themeConfig: {
    nav: [
      { text: 'Why', link: '/why' },
      { text: 'Start', link: '/start/', activeMatch: '^/start/' },
      { text: 'Guides', link: '/guides/event-sourcing', activeMatch: '^/guides/' },
      { text: 'Errors', link: '/errors' },
      { text: 'API', link: '/api/', activeMatch: '^/api/' },
      { text: 'Pull the plug', link: '/plug' },
    ],
    sidebar: { '/api/': API_SIDEBAR, '/': SIDEBAR },
    outline: { level: [2, 3] },
    search: { provider: 'local' },
    docFooter: { prev: 'Before', next: 'Next' },
    footer: { message: 'MIT or Apache-2.0, at your option.' },
  },
})
