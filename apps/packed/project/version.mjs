// Which runtime this is.
const { bun, deno, node } = process.versions
console.log(bun ? `bun ${bun}` : deno ? `deno ${deno}` : `node ${node}`)
