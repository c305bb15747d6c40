// What the core takes of Node.js besides its disk. The rest of it is plain JavaScript and a global Buffer: with
// another module in the place of this one, and another disk, it runs where there is no Node.js.
export { isAscii, isUtf8 } from 'node:buffer'
export { isDeepStrictEqual } from 'node:util'
export { crc32 } from 'node:zlib'

/** Runs a task when this turn of the event loop is done, before timers and sockets get theirs. */
export const atEndOfTurn: (task: () => void) => void = process.nextTick
