import { defineConfig } from 'tsup'

const entry = { index: 'src/index.ts', msgpack: 'src/codec/msgpack.ts', values: 'src/values.ts' }

export default defineConfig({
  entry,
  format: ['esm', 'cjs'],
  silent: true,
  // Without it the CommonJS entries would each have classes of their own.
  splitting: true,
  target: 'node20',
  platform: 'node',
  // tsup sets the `baseUrl` that TypeScript 6 calls deprecated.
  dts: { entry, compilerOptions: { ignoreDeprecations: '6.0', isolatedDeclarations: false } },
  sourcemap: true,
})
