// The simulated disk alone, without the suites and their Node.js modules: a browser can run it.
export { type Choices, SeededChoices } from './choices.js'
export { CrashFileSystem, type CrashFileSystemOptions } from './crash-file-system.js'
