// Fills the code blocks of Markdown files that are marked with
//   <!-- quote <file> | <text in its first line> | <text in its last line, or: end of file> -->
// from the programs that the tests run and from what they print, and what stands between
//   <!-- copy <README> | ## <heading> | <prefix of the anchors> --> and <!-- /copy -->
// from the section of that name. `--check` changes nothing and fails when one is out of date.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const isCheck = process.argv.includes('--check')
const QUOTED =
  /(<!-- quote (\S+) \| (.+?) \| (.+?) -->\n\n```(?:tsx?|js|json|text|sh)\n)[\s\S]*?(```)/g
const COPIED = /(<!-- copy (\S+) \| ## (.+?) \| (\S+) -->\n)[\s\S]*?(<!-- \/copy -->)/g

/** Where the pages of the site say what a README links to in the repository. */
const LINKS = {
  '../ministore/README.md#errors': '#ministore',
  '../minisnap/README.md#errors': '#minisnap',
  '#an-outbox': '/guides/queues#effects-once',
}

const read = (file) => readFileSync(`${root}/${file}`, 'utf8')

function excerpt(file, firstText, lastText) {
  const lines = read(file).split('\n')
  const first = lines.findIndex((line) => line.includes(firstText))
  const length =
    lastText === 'end of file'
      ? lines.length - first - 1
      : lines.slice(first).findIndex((line) => isLast(line, lastText, lines[first])) + 1
  if (first < 0 || length < 1) {
    throw new Error(`${file}: no lines from "${firstText}" to "${lastText}"`)
  }
  const quoted = lines.slice(first, first + length)
  const indent = /^ */.exec(quoted[0])[0].length
  return quoted.map((line) => `${line.slice(indent)}\n`).join('')
}

/** A text of closing brackets is a whole line, as far in as the first one. */
function isLast(line, lastText, firstLine) {
  if (!/^[)}\]]+$/.test(lastText)) return line.includes(lastText)
  return line === /^ */.exec(firstLine)[0] + lastText
}

/** A section without its heading; the headings in it get anchors that no other section has. */
function section(file, heading, prefix) {
  const text = read(file)
  const begin = text.indexOf(`\n## ${heading}\n`)
  if (begin < 0) throw new Error(`${file}: no section "${heading}"`)
  const from = begin + heading.length + 5
  const end = text.indexOf('\n## ', from)
  const anchored = text
    .slice(from, end < 0 ? undefined : end)
    .trim()
    .replaceAll(/^(#+) `(\w+)`$/gm, (_, marks, code) => {
      return `${marks} \`${code}\` {#${prefix}-${code.toLowerCase().replaceAll('_', '-')}}`
    })
    .replaceAll(/\]\(([^)]+)\)/g, (link, target) => `](${LINKS[target] ?? target})`)
  return `\n${anchored}\n\n`
}

const listed = execFileSync('git', ['ls-files', '*.md'], { cwd: root, encoding: 'utf8' })
for (const name of listed.split('\n').filter(Boolean)) {
  const text = read(name)
  const filled = text
    .replace(QUOTED, (_, opening, file, first, last, closing) => {
      return opening + excerpt(file, first, last) + closing
    })
    .replace(COPIED, (_, opening, file, heading, prefix, closing) => {
      return opening + section(file, heading, prefix) + closing
    })
  if (filled === text) continue
  if (isCheck) {
    console.error(`${name}: a quoted program has changed; run npm run quote`)
    process.exitCode = 1
  } else writeFileSync(`${root}/${name}`, filled)
}
