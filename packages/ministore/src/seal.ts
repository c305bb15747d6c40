export { crc32 } from './format/crc32.js'
export { SEAL_BYTES, readSeal, writeSeal } from './format/seal.js'
