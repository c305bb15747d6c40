import { readFileSync } from 'node:fs'
import { type Options, defineConfig } from 'tsup'

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
const entry = { index: 'src/index.ts', fs: 'src/fs/index.ts', seal: 'src/seal.ts' }

const shared: Options = {
  silent: true,
  // Without it the CommonJS entries would each have classes of their own, and the command its own core.
  splitting: true,
  target: 'node20',
  platform: 'node',
  external: ['fs-native-extensions'],
  // tsup sets the `baseUrl` that TypeScript 6 calls deprecated.
  dts: {
    entry,
    // Symbol.asyncDispose is not in the libraries that a user's tsconfig names by default.
    banner: '/// <reference lib="esnext.disposable" />',
    compilerOptions: { ignoreDeprecations: '6.0', isolatedDeclarations: false },
  },
  sourcemap: true,
}

// The build script empties dist/: with two configurations each would remove what the other wrote.
export default defineConfig([
  { ...shared, entry, format: 'esm' },
  {
    ...shared,
    entry: { ...entry, cli: 'src/cli/main.ts' },
    format: 'cjs',
    // Otherwise another tool turns the pieces into CommonJS, and takes `?.` and `??` apart: much slower.
    treeshake: true,
    define: { MINISTORE_VERSION: JSON.stringify(version) },
    // Whoever installs the package installs nothing else: what the command needs goes into it.
    noExternal: ['commander', 'cli-progress'],
  },
])
