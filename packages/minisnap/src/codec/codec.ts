/** What a snapshot file holds in front of its seal. */
export interface Envelope {
  /** The last record of the log that the state reflects; 0 for none. */
  readonly seq: number
  /** The version of the state's shape. */
  readonly version: number
  /** ISO 8601. */
  readonly createdAt: string
  /** Name of the codec; left out by plain JSON. */
  readonly codec?: string
  /** What the caller wants to be kept beside the state: a JSON object, never tagged. Left out when there is none. */
  readonly notes?: Readonly<Record<string, unknown>>
  readonly state: unknown
}

/** How an envelope becomes bytes and back. {@link json} is the default. */
export interface SnapshotCodec {
  /** What `Envelope.codec` says; `json` is not written. */
  readonly name: string
  /** Names that it reads, its own among them. */
  readonly reads: readonly string[]
  /** End of the file's name, without the dot. */
  readonly extension: string
  /**
   * The bytes, or their text, in pieces of some 64 KiB: between two of them the event loop may get its turn.
   *
   * @throws {@link MiniSnapError} `STATE_NOT_SERIALIZABLE` with the path inside the state, or the notes
   */
  encode(envelope: Envelope, options: { readonly pretty: boolean }): Iterable<string | Uint8Array>
  /** The envelope in `bytes`, which may be followed by spaces, tabs and newlines. Throws anything for what it cannot read. */
  decode(bytes: Uint8Array): unknown
}
