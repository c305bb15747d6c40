/** Deepest nesting of arrays and objects in a record. serde_json, which reads the same files, refuses 128. */
export const MAX_DEPTH = 127

/** Default of the largest record, in bytes of JSON. */
export const DEFAULT_MAX_RECORD_BYTES: number = 16 * 1024 * 1024

/**
 * Largest commit, in bytes. A reader must hold a commit whole before its seal can vouch for it, so
 * this bounds the memory that a hostile file can claim.
 */
export const MAX_COMMIT_BYTES: number = 256 * 1024 * 1024
