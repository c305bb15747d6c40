// Fills the code blocks of the READMEs that are marked with
//   <!-- quote <file> | <text in its first line> | <text in its last line, or: end of file> -->
// from the programs that the tests run. `--check` changes nothing and fails when one is out of date.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const isCheck = process.argv.includes('--check')
const MARKED = /(<!-- quote (\S+) \| (.+?) \| (.+?) -->\n\n```tsx?\n)[\s\S]*?(```)/g

function excerpt(file, firstText, lastText) {
  const lines = readFileSync(`${root}/${file}`, 'utf8').split('\n')
  const first = lines.findIndex((line) => line.includes(firstText))
  const length =
    lastText === 'end of file'
      ? lines.length - first - 1
      : lines.slice(first).findIndex((line) => line.includes(lastText)) + 1
  if (first < 0 || length < 1) {
    throw new Error(`${file}: no lines from "${firstText}" to "${lastText}"`)
  }
  const quoted = lines.slice(first, first + length)
  const indent = /^ */.exec(quoted[0])[0].length
  return quoted.map((line) => `${line.slice(indent)}\n`).join('')
}

const listed = execFileSync('git', ['ls-files', '*.md'], { cwd: root, encoding: 'utf8' })
for (const name of listed.split('\n').filter(Boolean)) {
  const text = readFileSync(`${root}/${name}`, 'utf8')
  const filled = text.replace(MARKED, (_, opening, file, first, last, closing) => {
    return opening + excerpt(file, first, last) + closing
  })
  if (filled === text) continue
  if (isCheck) {
    console.error(`${name}: a quoted program has changed; run npm run quote`)
    process.exitCode = 1
  } else writeFileSync(`${root}/${name}`, filled)
}
