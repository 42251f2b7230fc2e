/** Rows of one table from one or more requests, inserted as one block under one deduplication token. */
import { createHash } from 'node:crypto';

/** What one request brought for one table. */
export interface Part {
  /** Hash of writer, path and body of the request. */
  readonly digest: string;
  readonly lines: readonly string[];
  readonly bytes: number;
  readonly done: PromiseWithResolvers<void>;
}

export class Batch {
  readonly table: string;
  readonly parts: Part[] = [];
  rows = 0;
  bytes = 0;

  constructor(table: string, parts: readonly Part[] = []) {
    this.table = table;
    for (const part of parts) this.add(part);
  }

  add(part: Part): void {
    this.parts.push(part);
    this.rows += part.lines.length;
    this.bytes += part.bytes;
  }

  /** Deterministic: the same requests in the same order give the same token. */
  get token(): string {
    const hash = createHash('sha256').update(this.table);
    for (const part of this.parts) hash.update(part.digest);
    return hash.digest('hex');
  }

  get lines(): string[] {
    return this.parts.flatMap((part) => part.lines);
  }
}
