import { defineConfig } from 'tsup'

export default defineConfig({
  silent: true,
  entry: { index: 'src/index.ts', fs: 'src/fs/index.ts' },
  format: ['esm', 'cjs'],
  // Without it the CommonJS entries would each have classes of their own.
  splitting: true,
  target: 'node20',
  platform: 'node',
  external: ['fs-native-extensions'],
  // tsup sets the `baseUrl` that TypeScript 6 calls deprecated.
  dts: {
    // Symbol.asyncDispose is not in the libraries that a user's tsconfig names by default.
    banner: '/// <reference lib="esnext.disposable" />',
    compilerOptions: { ignoreDeprecations: '6.0', isolatedDeclarations: false },
  },
  sourcemap: true,
  clean: true,
})
