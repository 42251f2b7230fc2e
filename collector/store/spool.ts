/**
 * The spool: an append-only log in segments, which holds every request from its acknowledgement until ClickHouse has
 * its rows. `synced` waits for the disk, so that neither a killed process nor a machine that loses power loses anything
 * acknowledged; many requests share one write and one fdatasync.
 *
 * Segments are given up oldest first. Of a segment given up the digests of its requests stay, for as long as senders
 * may send them again.
 *
 * On a full disk no request is taken, but what is held must still get out: marks of blocks and kept digests may use
 * space that is reserved for them.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  type BlockEnd,
  decodeBlockEnd,
  decodeRecord,
  digestBytes,
  digestOfRequest,
  encodeBlockEnd,
  encodeRecord,
  encodeRequest,
  recordBytes,
  recordType,
  type SpooledRequest,
  type SpoolRecord,
} from './record.ts';

export interface SpoolOptions {
  readonly directory: string;
  /** Bytes on disk; beyond them nothing is taken. @default 4 GiB */
  readonly maxBytes?: number;
  /** A segment is closed once it is this long. @default 16 MiB */
  readonly segmentBytes?: number;
  /** Digests kept of requests that are no longer in the spool. @default 100_000 */
  readonly rememberedDigests?: number;
  /** Kept free for marks and digests while the disk is full. @default 1 MiB */
  readonly reserveBytes?: number;
  /** How long the disk rests between two syncs, so that more requests share one. @default 4 */
  readonly syncRestMs?: number;
  /** The disk failed to sync: nothing can be promised any more, the process should start anew. */
  readonly onBroken?: (reason: string) => void;
}

interface Segment {
  readonly file: string;
  readonly first: number;
  /** Sequence number of its last request; 0 where it has none. */
  last: number;
  bytes: number;
  readonly digests: Buffer[];
}

/** What was found on disk at the start. */
export interface Found {
  /** Table -> where its blocks end, and where the last of them does. */
  readonly cuts: ReadonlyMap<string, { readonly ends: ReadonlySet<number>; readonly last: number }>;
  /** Blocks that ClickHouse has acknowledged, as `blockKey` names them. */
  readonly done: ReadonlySet<string>;
  /** In hex: requests that were acknowledged, in the spool or before it. */
  readonly digests: readonly string[];
  /** Segments that were damaged in the middle; a torn end is none. */
  readonly damaged: readonly string[];
}

export const blockKey = ({ table, through }: BlockEnd): string => `${table} ${through}`;

export class SpoolFullError extends Error {
  override readonly name = 'SpoolFullError';
}

/** Requests that wait for one write. Fewer than are reserved, so that there is room for what was taken. */
const waitingBytes = 2 ** 17;

const segmentSuffix = '.spool';
const digestSuffix = '.digests';

export class Spool {
  /** Made with the directory: keeps tokens of one spool apart from those of another. */
  readonly id: string;
  readonly found: Found;
  readonly #options: Required<SpoolOptions>;
  readonly #segments: Segment[] = [];
  readonly #lock: net.Server;
  readonly #waiters: { sequence: number; resolve: () => void; reject: (error: unknown) => void }[] = [];
  #digestFiles: { file: string; digests: number }[] = [];
  #descriptor: number;
  /** Of segments that were closed and are not synced yet. */
  readonly #unsynced: number[] = [];
  /** A segment was begun whose name may not be on disk yet. */
  #directoryChanged = false;
  /** Records that are not written yet: the end of the last segment. */
  readonly #waiting = Buffer.allocUnsafeSlow(waitingBytes);
  #waits = 0;
  #bytes = 0;
  #sequence = 0;
  #lastRequest = 0;
  #synced = 0;
  #syncing: Promise<void> | undefined;
  #failure: string | undefined;
  #broken: string | undefined;
  #reserved = false;
  #releasable = 0;
  #releasing: Promise<void> | undefined;

  private constructor(options: SpoolOptions, lock: net.Server) {
    this.#options = {
      directory: options.directory,
      maxBytes: options.maxBytes ?? 4 * 2 ** 30,
      segmentBytes: options.segmentBytes ?? 16 * 2 ** 20,
      rememberedDigests: options.rememberedDigests ?? 100_000,
      reserveBytes: options.reserveBytes ?? 2 ** 20,
      syncRestMs: options.syncRestMs ?? 4,
      onBroken: options.onBroken ?? (() => undefined),
    };
    this.#lock = lock;
    this.id = this.#readId();
    this.found = this.#scan();
    this.#descriptor = this.#openSegment();
    syncDirectory(options.directory);
    this.#reserve();
  }

  /** @throws where another process has it open, or it cannot be read and written */
  static async open(options: SpoolOptions): Promise<Spool> {
    fs.mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    return new Spool(options, await lockDirectory(options.directory));
  }

  /** Why nothing can be written; undefined while all is well. */
  get failure(): string | undefined {
    return this.#broken ?? this.#failure;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get full(): boolean {
    return this.#bytes >= this.#options.maxBytes;
  }

  /** Sequence number of the last request, 0 before the first. */
  get lastRequest(): number {
    return this.#lastRequest;
  }

  /** Sequence number of the first request that is kept. */
  get firstRequest(): number {
    return this.#segments.find((segment) => segment.last > 0)?.first ?? this.#sequence + 1;
  }

  /**
   * @returns the request's sequence number
   * @throws SpoolFullError, or what the file system says; nothing is taken then
   */
  append(request: SpooledRequest): number {
    const parts = encodeRequest(request);
    const bytes = recordBytes(parts);
    if (this.#bytes + bytes > this.#options.maxBytes) {
      throw new SpoolFullError(`the spool holds ${this.#bytes} bytes`);
    }
    let sequence: number;
    try {
      // Without it the mark of this request's block might find no room.
      if (!this.#reserved) this.#reserve();
      if (!this.#reserved) {
        this.#failure = 'the disk is full';
        throw new Error(this.#failure);
      }
      sequence =
        bytes > waitingBytes
          ? this.#writeNow(recordType.request, parts)
          : this.#writeLater(recordType.request, parts);
    } catch (error) {
      // What nobody needs any more may be all the space that there is.
      void this.release(0).catch(() => undefined);
      throw error;
    }
    const segment = this.#segments.at(-1)!;
    segment.last = sequence;
    segment.digests.push(request.digest);
    this.#lastRequest = sequence;
    return sequence;
  }

  /** Marks what a block is made of, before it is sent. @returns to be given to `synced` */
  cut(end: BlockEnd): number {
    return this.#useReserve(() => this.#writeNow(recordType.cut, encodeBlockEnd(end)));
  }

  done(end: BlockEnd): number {
    return this.#useReserve(() => this.#writeNow(recordType.done, encodeBlockEnd(end)));
  }

  /** Resolves once everything up to `sequence` is on disk. */
  synced(sequence: number): Promise<void> {
    if (sequence <= this.#synced) return Promise.resolve();
    if (this.#broken !== undefined) return Promise.reject(new Error(this.#broken));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiters.push({ sequence, resolve, reject });
    this.#syncing ??= this.#syncAll();
    return promise;
  }

  /**
   * Gives up the segments whose requests all come before `sequence`; call once that is safe and synced. Nothing here holds
   * up requests: a disk that is busy may take long to sync digests and to unlink a segment.
   */
  release(sequence: number): Promise<void> {
    this.#releasable = Math.max(this.#releasable, sequence);
    this.#releasing ??= this.#releaseAll().finally(() => {
      this.#releasing = undefined;
    });
    return this.#releasing;
  }

  async #releaseAll(): Promise<void> {
    for (;;) {
      const [segment] = this.#segments;
      if (!segment || segment.last >= this.#releasable) break;
      if (this.#segments.length === 1) {
        // Worth something on a full disk only.
        if (this.#failure === undefined) break;
        this.#useReserve(() => this.#roll());
        // Only a file that is closed gives its space back, and no request comes through to have this one synced.
        await this.#syncing;
        for (const closed of this.#unsynced.splice(0)) {
          await fdatasync(closed);
          fs.closeSync(closed);
        }
      }
      await this.#keepDigests(segment);
      await fs.promises.unlink(segment.file);
      this.#segments.shift();
      this.#bytes -= segment.bytes;
      this.#failure = undefined;
    }
    if (!this.#reserved) this.#reserve();
  }

  /** The requests after `sequence`, a segment at a time, as far as they are written when each is read. */
  *requestsAfter(sequence: number): Generator<SpoolRecord> {
    let after = sequence;
    for (;;) {
      const segment = this.#segments.find(({ last }) => last > after);
      if (!segment) return;
      this.#writeWaiting();
      const before = after;
      for (const record of readSegment(segment.file).records) {
        if (record.type !== recordType.request || record.sequence <= after) continue;
        after = record.sequence;
        yield record;
      }
      // Damaged since it was written.
      if (after === before) after = segment.last;
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#syncing, this.#releasing]);
    if (this.#broken === undefined) this.#writeWaiting();
    for (const descriptor of [...this.#unsynced, this.#descriptor]) fs.closeSync(descriptor);
    await new Promise((resolve) => this.#lock.close(resolve));
  }

  /** To be written with those that come until the disk is asked to sync. */
  #writeLater(type: number, content: readonly Uint8Array[]): number {
    const bytes = recordBytes(content);
    if (this.#waits + bytes > waitingBytes) this.#writeWaiting();
    this.#rollWhereLong();
    encodeRecord(this.#waiting, this.#waits, type, this.#sequence + 1, content);
    this.#waits += bytes;
    return this.#added(bytes);
  }

  /** @throws where it cannot be written; nothing is taken then */
  #writeNow(type: number, content: readonly Uint8Array[]): number {
    this.#writeWaiting();
    this.#rollWhereLong();
    const bytes = recordBytes(content);
    const record = Buffer.allocUnsafe(bytes);
    encodeRecord(record, 0, type, this.#sequence + 1, content);
    this.#writeAt(this.#segments.at(-1)!.bytes, record);
    return this.#added(bytes);
  }

  #added(bytes: number): number {
    this.#segments.at(-1)!.bytes += bytes;
    this.#bytes += bytes;
    return ++this.#sequence;
  }

  /** What is reserved has room for it. @throws where even that does not help, and nothing can be promised any more */
  #writeWaiting(): void {
    if (this.#waits === 0) return;
    const position = this.#segments.at(-1)!.bytes - this.#waits;
    try {
      this.#useReserve(() => this.#writeAt(position, this.#waiting.subarray(0, this.#waits)));
    } catch (error) {
      this.#break(error);
      throw error;
    }
    this.#waits = 0;
  }

  #writeAt(position: number, records: Buffer): void {
    if (this.#broken !== undefined) throw new Error(this.#broken);
    try {
      const written = fs.writeSync(this.#descriptor, records, 0, records.length, position);
      if (written !== records.length) {
        throw new Error(`${written} of ${records.length} bytes written: the disk is full`);
      }
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error);
      // What was written of them must not stand before the next record.
      fs.ftruncateSync(this.#descriptor, position);
      throw error;
    }
    this.#failure = undefined;
  }

  /** Once more with the reserve given up, where there is one. */
  #useReserve<T>(write: () => T): T {
    try {
      return write();
    } catch (error) {
      if (!this.#giveUpReserve()) throw error;
      return write();
    }
  }

  /** @returns false where there is none, or it would not help */
  #giveUpReserve(): boolean {
    if (!this.#reserved || this.#broken !== undefined) return false;
    this.#reserved = false;
    fs.unlinkSync(this.#reserveFile);
    return true;
  }

  get #reserveFile(): string {
    return path.join(this.#options.directory, 'reserve');
  }

  #reserve(): void {
    try {
      fs.writeFileSync(this.#reserveFile, Buffer.alloc(this.#options.reserveBytes), {
        flush: true,
        mode: 0o600,
      });
      this.#reserved = true;
    } catch {
      // None can be had now: tried again when a segment was given up.
      fs.rmSync(this.#reserveFile, { force: true });
    }
  }

  #rollWhereLong(): void {
    if (this.#segments.at(-1)!.bytes >= this.#options.segmentBytes) this.#roll();
  }

  /** The old segment is synced with the next request of the new one, not here: that would hold up all others. */
  #roll(): void {
    this.#writeWaiting();
    const closed = this.#descriptor;
    this.#descriptor = this.#openSegment();
    this.#unsynced.push(closed);
  }

  #openSegment(): number {
    const first = this.#sequence + 1;
    const file = path.join(this.#options.directory, `${String(first).padStart(16, '0')}${segmentSuffix}`);
    const descriptor = fs.openSync(file, 'w', 0o600);
    this.#directoryChanged = true;
    this.#segments.push({ file, first, last: 0, bytes: 0, digests: [] });
    return descriptor;
  }

  async #syncAll(): Promise<void> {
    try {
      while (this.#waiters.length > 0) {
        this.#writeWaiting();
        const through = this.#sequence;
        const closed = this.#unsynced.splice(0);
        const descriptor = this.#descriptor;
        const directoryChanged = this.#directoryChanged;
        this.#directoryChanged = false;
        for (const each of closed) {
          await fdatasync(each);
          fs.closeSync(each);
        }
        await fdatasync(descriptor);
        if (directoryChanged) await fsyncDirectory(this.#options.directory);
        this.#synced = through;
        this.#settle();
        if (this.#waiters.length > 0) await delay(this.#options.syncRestMs);
      }
    } catch (error) {
      // Whether these are on disk is not known, and asking again does not tell. Only a new start does.
      this.#break(error);
    } finally {
      this.#syncing = undefined;
    }
  }

  #break(error: unknown): void {
    if (this.#broken !== undefined) return;
    this.#broken = error instanceof Error ? error.message : String(error);
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
    this.#options.onBroken(this.#broken);
  }

  #settle(): void {
    let kept = 0;
    for (const waiter of this.#waiters) {
      if (waiter.sequence <= this.#synced) waiter.resolve();
      else this.#waiters[kept++] = waiter;
    }
    this.#waiters.length = kept;
  }

  async #keepDigests({ file, digests }: Segment): Promise<void> {
    if (digests.length === 0) return;
    const kept = file.replace(segmentSuffix, digestSuffix);
    const write = () => fs.promises.writeFile(kept, Buffer.concat(digests), { flush: true, mode: 0o600 });
    await write().catch((error: unknown) => {
      if (!this.#giveUpReserve()) throw error;
      // Requests were taken because there is room for them there.
      this.#writeWaiting();
      return write();
    });
    this.#digestFiles.push({ file: kept, digests: digests.length });
    let all = this.#digestFiles.reduce((sum, { digests: count }) => sum + count, 0);
    while (
      this.#digestFiles.length > 1 &&
      all - this.#digestFiles[0]!.digests >= this.#options.rememberedDigests
    ) {
      const oldest = this.#digestFiles.shift()!;
      all -= oldest.digests;
      await fs.promises.unlink(oldest.file);
    }
  }

  #readId(): string {
    const file = path.join(this.#options.directory, 'id');
    try {
      return fs.readFileSync(file, 'utf8');
    } catch {
      const id = crypto.randomUUID();
      fs.writeFileSync(file, id, { flush: true, mode: 0o600 });
      return id;
    }
  }

  #scan(): Found {
    const cuts = new Map<string, { ends: Set<number>; last: number }>();
    const done = new Set<string>();
    const digests: string[] = [];
    const damaged: string[] = [];
    const names = fs.readdirSync(this.#options.directory).sort();
    const at = (name: string) => path.join(this.#options.directory, name);
    for (const name of names.filter((each) => each.endsWith(digestSuffix))) {
      const bytes = fs.readFileSync(at(name));
      const count = Math.floor(bytes.length / digestBytes);
      for (let i = 0; i < count; i++)
        digests.push(bytes.toString('hex', i * digestBytes, (i + 1) * digestBytes));
      this.#digestFiles.push({ file: at(name), digests: count });
    }
    const segments = names.filter((each) => each.endsWith(segmentSuffix));
    for (const name of segments) {
      const { records, bytes, whole } = readSegment(at(name));
      // What follows a damaged record cannot be told from it; only the last segment's end may be torn by a fall.
      if (!whole && name !== segments.at(-1)) damaged.push(name);
      const segment: Segment = {
        file: at(name),
        first: Number.parseInt(name, 10),
        last: 0,
        bytes,
        digests: [],
      };
      for (const record of records) {
        this.#sequence = Math.max(this.#sequence, record.sequence);
        if (record.type === recordType.request) {
          const digest = Buffer.from(digestOfRequest(record.content));
          segment.last = record.sequence;
          segment.digests.push(digest);
          digests.push(digest.toString('hex'));
          this.#lastRequest = record.sequence;
        } else if (record.type === recordType.done) done.add(blockKey(decodeBlockEnd(record.content)));
        else {
          const { table, through } = decodeBlockEnd(record.content);
          const ends = cuts.get(table)?.ends ?? new Set();
          cuts.set(table, { ends: ends.add(through), last: through });
        }
      }
      this.#sequence = Math.max(this.#sequence, segment.first);
      this.#bytes += bytes;
      this.#segments.push(segment);
    }
    this.#synced = this.#sequence;
    return { cuts, done, digests, damaged };
  }
}

function readSegment(file: string): { records: SpoolRecord[]; bytes: number; whole: boolean } {
  const bytes = fs.readFileSync(file);
  const records: SpoolRecord[] = [];
  let at = 0;
  for (let next = decodeRecord(bytes, at); next; next = decodeRecord(bytes, at)) {
    records.push(next.record);
    at = next.end;
  }
  return { records, bytes: bytes.length, whole: at === bytes.length };
}

const fdatasync = promisify(fs.fdatasync);

async function fsyncDirectory(directory: string): Promise<void> {
  const handle = await fs.promises.open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function syncDirectory(directory: string): void {
  const descriptor = fs.openSync(directory, 'r');
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

/**
 * One process at a time. A socket in Linux's abstract namespace is let go by the kernel when its process dies, however
 * it dies; elsewhere a port of the loopback, made from the path, does the same with a small chance of a mix-up.
 */
async function lockDirectory(directory: string): Promise<net.Server> {
  const real = fs.realpathSync(directory);
  const hash = createHash('sha256').update(real).digest();
  const server = net.createServer((socket) => socket.destroy());
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new Error(`another collector has the spool ${real} open: give each its own CALLSCOPE_SPOOL_DIR`)
          : error,
      ),
    );
    if (process.platform === 'linux')
      server.listen(`\0callscope-spool-${hash.toString('hex', 0, 16)}`, resolve);
    else server.listen(20_000 + (hash.readUInt16LE(0) % 20_000), '127.0.0.1', resolve);
  });
  return server;
}
