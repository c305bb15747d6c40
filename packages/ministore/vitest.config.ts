import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    include: ['test/**/*.test.ts'],
    // The proofs are nothing but work for a processor; by default one would be kept free for an editor.
    maxWorkers: '100%',
    testTimeout: 600_000,
    // Folders that a test has filled are removed behind it, which takes its time on a busy disk.
    hookTimeout: 180_000,
    reporters: ['default', ['json', { outputFile: 'reports/vitest.json' }]],
  },
})
