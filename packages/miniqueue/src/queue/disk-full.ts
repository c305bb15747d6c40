/** Whether an error, or what caused it, is the disk's word that it is full. */
export function isDiskFull(error: unknown): boolean {
  for (let at = error; typeof at === 'object' && at !== null;) {
    if ('code' in at && (at.code === 'ENOSPC' || at.code === 'EDQUOT')) return true
    at = 'cause' in at ? at.cause : undefined
  }
  return false
}
