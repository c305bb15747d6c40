import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    globalSetup: 'src/install.ts',
    include: ['test/**/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxConcurrency: 2,
    reporters: ['default', ['json', { outputFile: 'reports/vitest.json' }]],
  },
})
