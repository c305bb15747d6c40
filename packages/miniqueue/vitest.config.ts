import { packageTests } from '../../vitest.packages.js'

export default packageTests()
