/**
 * Appends the packets of one stream to its segment files. Packets wait a tenth of a second for company and then are the
 * kernel's, so a killed process loses no more than that; a machine that loses power, what came since the last sync.
 *
 * A write that fails (the disk is full) is tried again at the same place of the file, so half a record never stays, and
 * packets wait in memory meanwhile, within a bound that all streams of the process share.
 */
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { magic, type Packet, rtpRecord, type StreamInfo, streamRecord } from './segment.ts';

/** What the process holds in memory for its disk. */
export class Backlog {
  readonly limitBytes: number;
  heldBytes = 0;
  droppedPackets = 0;
  /** Why the disk does not take anything; empty while it does. */
  fault = '';
  #refused = false;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  /** What waits is tried again, so this comes again and again for as long as it is so. */
  refuse(error: Error): void {
    this.fault = error.message;
    this.#refused = true;
  }

  /** Whether the disk has refused anything since this was asked before. */
  hasRefused(): boolean {
    const refused = this.#refused;
    this.#refused = false;
    return refused;
  }
}

export interface SegmentWriterOptions {
  /** Of the stream; it is there. */
  readonly dir: string;
  readonly info: StreamInfo;
  readonly backlog: Backlog;
  readonly onFault: (error: Error) => void;
  /** For tests. @default node:fs */
  readonly openFile?: (file: string) => Promise<Pick<FileHandle, 'write' | 'datasync' | 'close'>>;
}

const gatherMs = 100;
const syncEveryMs = 2_000;
const retryMs = 500;

export const segmentFile = (dir: string, segment: number): string =>
  path.join(dir, `${String(segment).padStart(6, '0')}.rtp`);

/** One file on its way to the disk. */
interface OpenSegment {
  readonly number: number;
  file: Pick<FileHandle, 'write' | 'datasync' | 'close'> | null;
  /** Bytes of it that are surely written. */
  writtenBytes: number;
  waiting: Buffer[];
  bytes: number;
  closing: boolean;
}

export class SegmentWriter {
  readonly #options: SegmentWriterOptions;
  readonly #segments: OpenSegment[] = [];
  #next = 1;
  #timer: NodeJS.Timeout | undefined;
  #syncedAtMs = 0;
  #working: Promise<void> | null = null;
  #closed = false;

  constructor(options: SegmentWriterOptions) {
    this.#options = options;
  }

  /** Of the segment that is being written: its number, and bytes given to it. */
  get current(): { number: number; bytes: number } | null {
    const last = this.#segments.at(-1);
    return last && !last.closing ? { number: last.number, bytes: last.bytes } : null;
  }

  add(packet: Packet): void {
    if (this.#closed) return;
    const { backlog, info } = this.#options;
    const written = rtpRecord(packet);
    if (backlog.heldBytes + written.length > backlog.limitBytes) {
      backlog.droppedPackets += 1;
      return;
    }
    let segment = this.#segments.at(-1);
    if (!segment || segment.closing) {
      const number = this.#next++;
      segment = { number, file: null, writtenBytes: 0, waiting: [], bytes: 0, closing: false };
      this.#segments.push(segment);
      this.#give(segment, Buffer.concat([magic, streamRecord(info, packet.atMs)]));
    }
    this.#give(segment, written);
  }

  /** The next packet begins a new file. Resolves with the number of the one that is complete now. */
  async rotate(): Promise<number | null> {
    const segment = this.#segments.at(-1);
    if (!segment || segment.closing) return null;
    segment.closing = true;
    await this.#flush();
    // While the disk is full, it is complete once the disk takes it.
    while (this.#segments.includes(segment)) await this.#flushLater(retryMs);
    return segment.number;
  }

  /** Writes what waits; gives up on a disk that does not take it within `limitMs`. */
  async close(limitMs: number): Promise<number | null> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const last = this.#segments.at(-1);
    if (last) last.closing = true;
    const deadline = Date.now() + limitMs;
    await this.#flush();
    while (this.#segments.length > 0 && Date.now() < deadline) await this.#flushLater(retryMs / 5);
    for (const segment of this.#segments.splice(0)) {
      this.#options.backlog.heldBytes -= segment.waiting.reduce((sum, { length }) => sum + length, 0);
      await segment.file?.close().catch(() => {});
    }
    return last?.number ?? null;
  }

  #give(segment: OpenSegment, bytes: Buffer): void {
    segment.waiting.push(bytes);
    segment.bytes += bytes.length;
    this.#options.backlog.heldBytes += bytes.length;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#flush();
    }, gatherMs);
  }

  #flushLater(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(() => resolve(this.#flush()), ms));
  }

  /** One at a time; never rejects. */
  #flush(): Promise<void> {
    this.#working ??= this.#write().finally(() => {
      this.#working = null;
    });
    return this.#working;
  }

  async #write(): Promise<void> {
    const { backlog, onFault } = this.#options;
    try {
      for (const segment of [...this.#segments]) {
        await this.#writeSegment(segment);
        if (segment.closing && segment.waiting.length === 0) {
          await segment.file?.datasync();
          await segment.file?.close();
          this.#segments.splice(this.#segments.indexOf(segment), 1);
        }
      }
      backlog.fault = '';
    } catch (error) {
      if (!backlog.fault) onFault(error as Error);
      backlog.refuse(error as Error);
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        void this.#flush();
      }, retryMs);
      if (this.#closed) {
        clearTimeout(this.#timer);
        this.#timer = undefined;
      }
    }
  }

  async #writeSegment(segment: OpenSegment): Promise<void> {
    const { dir, backlog, openFile = (file: string) => open(file, 'w') } = this.#options;
    if (segment.waiting.length === 0) return;
    segment.file ??= await openFile(segmentFile(dir, segment.number));
    const count = segment.waiting.length;
    const bytes = Buffer.concat(segment.waiting);
    let done = 0;
    while (done < bytes.length) {
      const { bytesWritten } = await segment.file.write(
        bytes,
        done,
        bytes.length - done,
        segment.writtenBytes + done,
      );
      if (bytesWritten === 0) throw new Error('the disk took nothing');
      done += bytesWritten;
    }
    segment.writtenBytes += bytes.length;
    segment.waiting.splice(0, count);
    backlog.heldBytes -= bytes.length;
    if (Date.now() - this.#syncedAtMs > syncEveryMs) {
      this.#syncedAtMs = Date.now();
      await segment.file.datasync();
    }
  }
}
