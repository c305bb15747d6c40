import { mergeConfig } from 'vitest/config'
import base from './vitest.config'
export default mergeConfig(base, { test: { setupFiles: ['/tmp/lat/cpu-setup.mjs'], testTimeout: 900_000 } })
