import { fileURLToPath } from 'node:url'

/** A version of TypeScript, and the script that is its `tsc`. */
export interface Compiler {
  readonly version: string
  readonly path: string
}

/** The oldest that is supported, the newest, and two between. */
export const compilers: readonly Compiler[] = ['5.5', '5.9', '6.0', '7.0'].map((version) => ({
  version,
  path: fileURLToPath(new URL(`../node_modules/typescript-${version}/bin/tsc`, import.meta.url)),
}))
