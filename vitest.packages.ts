import { type ViteUserConfig, defineConfig } from 'vitest/config'

const ALL = ['test/**/*.test.{ts,tsx}']
/** They measure their process, kill others, or replace modules: each file has one of its own. */
const APART = ['test/proof/**/*.test.ts', 'test/real/**/*.test.ts']

/** How the tests of a package run. Most files share a process and what it has loaded: that is half of their time. */
export function packageTests(): ViteUserConfig {
  return defineConfig({
    resolve: { tsconfigPaths: true },
    test: {
      // The proofs are nothing but work for a processor; by default one would be kept free for an editor.
      maxWorkers: '100%',
      testTimeout: 600_000,
      // Folders that a test has filled are removed behind it, which takes its time on a busy disk.
      hookTimeout: 180_000,
      reporters: ['default', ['json', { outputFile: 'reports/vitest.json' }]],
      projects: [
        { extends: true, test: { name: 'together', include: ALL, exclude: APART, isolate: false } },
        { extends: true, test: { name: 'apart', include: APART } },
      ],
    },
  })
}
