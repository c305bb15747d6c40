// Sums up the test runners' own reports: the last lines of .ci/run name what failed, the very last one counts.
// Fails when no test ran.
import { existsSync, readFileSync, readdirSync } from 'node:fs'

const SHOWN_LINES = 12

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
    const { numPassedTests, numFailedTests, success, testResults } = JSON.parse(
      readFileSync(report, 'utf8'),
    )
    passed += numPassedTests
    failed += success ? 0 : Math.max(1, numFailedTests)
    for (const failure of failures(testResults)) console.log(`${folder}: ${failure}`)
  }
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = passed > 0 && failed === 0 ? 0 : 1

/** A file that could not be loaded has a message and no test. */
function* failures(testResults) {
  for (const { name, status, message, assertionResults } of testResults) {
    const tests = assertionResults.filter((test) => test.status === 'failed')
    for (const test of tests) {
      yield `${test.fullName}\n${beginning(test.failureMessages.join('\n'))}\n`
    }
    if (status === 'failed' && tests.length === 0) yield `${name}\n${beginning(message)}\n`
  }
}

function beginning(text) {
  return text.split('\n').slice(0, SHOWN_LINES).join('\n')
}
