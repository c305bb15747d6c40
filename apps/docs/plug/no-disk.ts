/** In a browser there is no disk: whoever opens a store brings one. */
export const nodeFileSystem: Record<string, never> = new Proxy(
  {},
  {
    get: () => {
      throw new Error('a browser has no disk; pass a fileSystem')
    },
  },
)
