// Sums up the test runners' own reports; the last line of .ci/run. Fails when no test ran.
import { existsSync, readFileSync, readdirSync } from 'node:fs'

let passed = 0
let failed = 0
for (const parent of ['packages', 'apps']) {
  for (const name of readdirSync(parent)) {
    const folder = `${parent}/${name}`
    if (!existsSync(`${folder}/vitest.config.ts`)) continue
    const report = `${folder}/reports/vitest.json`
    if (!existsSync(report)) {
      console.log(`${folder} has tests, and no report of them`)
      failed++
      continue
    }
    const { numPassedTests, numFailedTests, success } = JSON.parse(readFileSync(report, 'utf8'))
    passed += numPassedTests
    failed += success ? 0 : Math.max(1, numFailedTests)
  }
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = passed > 0 && failed === 0 ? 0 : 1
