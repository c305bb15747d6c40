// Runs the proofs of every package, or of those that `--package <name>` names (repeatable); every other
// argument is for them.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'

const rest = []
const wanted = []
for (let at = 2; at < process.argv.length; at++) {
  if (process.argv[at] === '--package') wanted.push(process.argv[++at])
  else rest.push(process.argv[at])
}
for (const name of readdirSync('packages')) {
  const program = `packages/${name}/proof/main.ts`
  if (!existsSync(program) || (wanted.length > 0 && !wanted.includes(name))) continue
  console.log(`\n== ${name}`)
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', program, ...rest], {
    stdio: 'inherit',
  })
  if (status !== 0) process.exitCode = status ?? 1
}
// The tables were written as they come.
const formatted = ['--write', '--log-level=warn', 'packages/*/README.md', 'packages/*/PROOF.json']
spawnSync(process.execPath, ['node_modules/prettier/bin/prettier.cjs', ...formatted], {
  stdio: 'inherit',
})
