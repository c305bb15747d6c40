// The names of a queue's files, in one place.

/** The journal. */
export const journalPath = (directory: string): string => `${directory}/journal.jsonl`

/** The notes of what runs. */
export const leasesPath = (directory: string): string => `${directory}/leases.jsonl`

/** The snapshots of the index. */
export const indexPath = (directory: string): string => `${directory}/index`
