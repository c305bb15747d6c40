import { defineConfig } from 'vitest/config'

// For `npm run coverage`: all packages in one process, one merged report.
process.env['PROOFS'] = 'in-process'

export default defineConfig({
  test: {
    projects: ['packages/*'],
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      reporter: ['text', 'html', 'json-summary'],
      thresholds: { lines: 90, functions: 90, branches: 80, statements: 90 },
    },
  },
})
