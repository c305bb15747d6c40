/** A state of about so many bytes of JSON: records by their ids, in groups. */
export function benchState(sizeBytes: number): unknown {
  const groups: Record<string, Record<string, unknown>> = {}
  const count = Math.ceil(sizeBytes / RECORD_BYTES)
  for (let n = 0; n < count; n++) (groups[`group-${n % 100}`] ??= {})[`id-${n}`] = record(n)
  return groups
}

/** Of one record in compact JSON, measured. */
export const RECORD_BYTES = 196

function record(n: number): unknown {
  return {
    id: n,
    name: `component-${n}`,
    version: `${n % 7}.${n % 50}.0`,
    tags: ['wasm', `tag-${n % 30}`],
    isEnabled: n % 3 === 0,
    weight: n / 8,
    note: `a "quoted" text, as people write them, of record ${n}`,
  }
}
