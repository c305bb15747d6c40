// Fails when the lockfile lacks the binaries of a platform: the registry may not have had them yet.
import { existsSync, readFileSync, readdirSync, lstatSync } from 'node:fs'
const lock = readFileSync('pnpm-lock.yaml', 'utf8')
const has = (id) => lock.includes(`\n  '${id}':`) || lock.includes(`\n  ${id}:`)
let bad = 0
for (const slot of readdirSync('node_modules/.pnpm')) {
  const dir = `node_modules/.pnpm/${slot}/node_modules`
  if (!existsSync(dir)) continue
  const names = readdirSync(dir).flatMap((n) =>
    n.startsWith('@') ? readdirSync(`${dir}/${n}`).map((m) => `${n}/${m}`) : n,
  )
  for (const name of names) {
    if (lstatSync(`${dir}/${name}`).isSymbolicLink() || !existsSync(`${dir}/${name}/package.json`))
      continue
    const pkg = JSON.parse(readFileSync(`${dir}/${name}/package.json`, 'utf8'))
    if (!lock.includes(`${pkg.name}@${pkg.version}`)) continue // left over from an earlier install
    const missing = Object.entries(pkg.optionalDependencies ?? {}).filter(
      ([n, v]) => /^\d/.test(v) && !has(`${n}@${v}`),
    )
    if (missing.length) {
      bad++
      console.log(`${pkg.name}@${pkg.version} lacks`, missing.map(([n]) => n).join(' '))
    }
  }
}
console.log(bad ? `${bad} packages are incomplete` : 'every platform is covered')
process.exitCode = bad ? 1 : 0
