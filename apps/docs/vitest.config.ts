import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // Pages that a browser looks at side by side.
    maxConcurrency: 2,
    reporters: ['default', ['json', { outputFile: 'reports/vitest.json' }]],
  },
})
