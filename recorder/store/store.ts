/** Where recordings go for good: a folder, or a bucket. */

export interface FileToStore {
  /** Path within the store, `/` between its parts. */
  readonly key: string;
  readonly file: string;
  readonly bytes: number;
  /** Base64. */
  readonly sha256: string;
}

export interface Store {
  /** As people know it. */
  readonly name: string;
  /**
   * Resolves once the store has it, whole: size and checksum were compared with what the store says it has. What is there
   * already is not sent again.
   * @throws RecorderError store_refused, not_verified
   */
  put(file: FileToStore): Promise<void>;
}
