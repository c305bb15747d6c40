import { defineConfig } from 'tsup'

export default defineConfig({
  entry: { index: 'src/index.ts', testing: 'src/testing/index.ts' },
  format: ['esm', 'cjs'],
  silent: true,
  target: 'node20',
  platform: 'node',
  // tsup sets the `baseUrl` that TypeScript 6 calls deprecated.
  dts: { compilerOptions: { ignoreDeprecations: '6.0', isolatedDeclarations: false } },
  sourcemap: true,
})
