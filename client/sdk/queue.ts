/**
 * What waits to be sent: encoded records, bounded in bytes. When full, the oldest goes first, because the newest
 * tells most about a call that is going wrong now. Pure: no clock, no I/O.
 */

export type Signal = 'logs' | 'traces';

/** One sample of one connection, or one event: the unit that is dropped whole. */
export interface Chunk {
  readonly signal: Signal;
  /** Records of one transport share a resource; '' for those of the page. */
  readonly transportId: string;
  readonly bytes: Uint8Array;
  readonly records: number;
}

/** A request body that is ready, and stays as it is over retries, so that the collector can tell a repeat. */
export interface Batch {
  readonly signal: Signal;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly gzip: boolean;
  readonly records: number;
}

export class Queue {
  private chunks: Chunk[] = [];
  private readonly batches: Batch[] = [];
  private size = 0;
  private readonly limitBytes: number;
  private readonly onDropped: (records: number) => void;

  constructor(limitBytes: number, onDropped: (records: number) => void) {
    this.limitBytes = limitBytes;
    this.onDropped = onDropped;
  }

  /** Bytes held: chunks as encoded, batches as compressed. */
  get bytes(): number {
    return this.size;
  }

  get chunkBytes(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.bytes.length, 0);
  }

  get hasChunks(): boolean {
    return this.chunks.length > 0;
  }

  get empty(): boolean {
    return this.chunks.length === 0 && this.batches.length === 0;
  }

  get firstBatch(): Batch | undefined {
    return this.batches[0];
  }

  push(chunk: Chunk): void {
    this.chunks.push(chunk);
    this.size += chunk.bytes.length;
    this.makeRoom();
  }

  /**
   * Takes the chunks of one signal off the queue, oldest first, up to `maxBytes` (at least one). They are the
   * caller's until it gives them back as a batch.
   */
  takeChunks(signal: Signal, maxBytes: number): Chunk[] {
    const taken: Chunk[] = [];
    let bytes = 0;
    this.chunks = this.chunks.filter((chunk) => {
      if (chunk.signal !== signal) return true;
      if (taken.length > 0 && bytes + chunk.bytes.length > maxBytes) {
        // Keep the order: once one does not fit, all younger ones wait too.
        bytes = Number.POSITIVE_INFINITY;
        return true;
      }
      bytes += chunk.bytes.length;
      taken.push(chunk);
      return false;
    });
    for (const chunk of taken) this.size -= chunk.bytes.length;
    return taken;
  }

  addBatch(batch: Batch): void {
    this.batches.push(batch);
    this.size += batch.body.length;
    this.makeRoom();
  }

  removeBatch(batch: Batch): boolean {
    const index = this.batches.indexOf(batch);
    if (index < 0) return false;
    this.batches.splice(index, 1);
    this.size -= batch.body.length;
    return true;
  }

  private makeRoom(): void {
    let dropped = 0;
    while (this.size > this.limitBytes) {
      const batch = this.batches[0];
      if (batch) {
        this.removeBatch(batch);
        dropped += batch.records;
        continue;
      }
      const chunk = this.chunks.shift();
      if (!chunk) break;
      this.size -= chunk.bytes.length;
      dropped += chunk.records;
    }
    if (dropped > 0) this.onDropped(dropped);
  }
}
