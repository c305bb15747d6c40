import { readFileSync } from 'node:fs'
import { type Options, defineConfig } from 'tsup'

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
const entry = { index: 'src/index.ts', testing: 'src/testing/index.ts' }

const shared: Options = {
  silent: true,
  // Without it the CommonJS entries would each have classes of their own, and the command its own core.
  splitting: true,
  target: 'node20',
  platform: 'node',
  // tsup sets the `baseUrl` that TypeScript 6 calls deprecated.
  dts: { entry, compilerOptions: { ignoreDeprecations: '6.0', isolatedDeclarations: false } },
  sourcemap: true,
}

// The build script empties dist/: with two configurations each would remove what the other wrote.
export default defineConfig([
  { ...shared, entry, format: 'esm' },
  {
    ...shared,
    entry: { ...entry, cli: 'src/cli/main.ts' },
    format: 'cjs',
    // Otherwise another tool turns the pieces into CommonJS, and takes `?.` and `??` apart: half as fast.
    treeshake: true,
    define: { MINIQUEUE_VERSION: JSON.stringify(version) },
    // What the command needs beside the library goes into it.
    noExternal: ['commander'],
  },
])
