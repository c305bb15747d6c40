/** The bytes that the format is made of. */
export const NUL = 0x00
export const TAB = 0x09
export const NEWLINE = 0x0a
export const SPACE = 0x20

/** Whether the byte is one of the two that this format adds to a line. */
export function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB
}
