import { type Options, defineConfig } from 'tsup'

const entry = { index: 'src/index.ts', msgpack: 'src/codec/msgpack.ts', values: 'src/values.ts' }

const shared: Options = {
  entry,
  silent: true,
  // Without it the CommonJS entries would each have classes of their own.
  splitting: true,
  target: 'node20',
  platform: 'node',
  // tsup sets the `baseUrl` that TypeScript 6 calls deprecated.
  dts: { entry, compilerOptions: { ignoreDeprecations: '6.0', isolatedDeclarations: false } },
  sourcemap: true,
}

// The build script empties dist/: with two configurations each would remove what the other wrote.
export default defineConfig([
  { ...shared, format: 'esm' },
  {
    ...shared,
    format: 'cjs',
    // Otherwise another tool turns the pieces into CommonJS, and takes `?.` and `??` apart: much slower.
    treeshake: true,
  },
])
