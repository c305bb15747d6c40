const { runModelWorlds } = await import('/work/main/packages/miniqueue/proof/random-models.ts')
const end = Date.now() + +process.argv[3]! * 60_000
let lives = 0
for (let seed = +process.argv[2]!; Date.now() < end; seed++) {
  const { count, failures } = await runModelWorlds(seed, 2_000)
  lives += count
  if (failures.length > 0) { console.log('FAILED', seed, failures.join('\n').slice(0, 3000)); break }
}
console.log('lives', lives, 'from seed', process.argv[2])
