/**
 * Between requests and ClickHouse. A request is written to the spool, its rows are gathered in columns with those of
 * others, and it is answered once the spool is on disk. Blocks of columns go to ClickHouse after a table's linger or
 * when they are large; the spool keeps each request until all of its rows are in.
 *
 * A fall at any point loses and doubles nothing: what a block is made of is written to the spool (a cut) before it is
 * sent, so that a new start makes the same block under the same token, and ClickHouse drops the one it already has.
 *
 * When ClickHouse is away for long, columns are no longer gathered: requests go to the spool only, and are read
 * back from it when there is room again.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../telemetry/service/service.ts';
import type { TableColumns } from '../columns/table.ts';
import { ColumnTables } from '../columns/tables.ts';
import { CollectorError } from '../errors.ts';
import type { CollectorMetrics } from '../metrics.ts';
import type { PartialSuccess } from '../otlp/answer.ts';
import { defaultRedaction, type Redaction } from '../rows/redaction.ts';
import type { RefusalReason } from '../rows/row-set.ts';
import type { Insert } from './insert.ts';
import { blockToken, Inserter } from './inserter.ts';
import { readRequest } from './read-request.ts';
import { decodeRequest, type RequestFacts } from './record.ts';
import { blockKey, type Found, type Spool, SpoolFullError } from './spool.ts';

export interface StoreOptions {
  /**
   * How long a block of a table waits for more rows. A small insert into a wide table costs ClickHouse some 20 ms
   * of CPU whatever is in it, so fewer are cheaper. What the loop acts on (the SFU's samples, events) waits
   * 200 ms, what clients send 600 ms, metrics and the spans of joins, which nobody waits for, 2.5 s.
   */
  readonly lingerMs?: (table: string) => number;
  /** A block of this many rows does not wait. @default 65_536 */
  readonly maxBlockRows?: number;
  /** Bytes of blocks on their way; beyond them rows wait in the spool. @default 192 MiB */
  readonly maxBlockBytes?: number;
  /** Inserts under way at once into one table. @default 2 */
  readonly maxInFlight?: number;
  /** First wait before an insert is tried again; doubles up to 2 s. @default 200 */
  readonly retryMs?: number;
  /** How long `drain` waits for ClickHouse; what is not in by then stays in the spool. @default 8_000 */
  readonly drainMs?: number;
}

function lingerOf(table: string): number {
  if (/^rtc_(event|stats_sfu_)/.test(table)) return 200;
  return /^rtc_(metric|span)/.test(table) ? 2_500 : 600;
}

/** Digests of acknowledged requests, kept so that a repeat of them is answered and not stored again. */
const rememberedRequests = 100_000;
const retryAfterSeconds = 2;
/** Blocks larger than this leave their memory to the next ones. */
const reusedBytes = 4 * 2 ** 20;
/** Only blocks of more rows than this take it. */
const reusedRows = 8_192;
const wholeOf = (block: Buffer): Buffer => Buffer.from(block.buffer);

export interface IncomingRequest {
  readonly facts: RequestFacts;
  /** The same for the same bytes from the same writer. */
  readonly digest: Buffer;
  readonly body: Buffer;
  /** Told the number of records once they are known; may throw to refuse them. */
  readonly admit?: (records: number) => void;
}

export interface Accepted extends PartialSuccess {
  readonly rows: number;
  /** Records that were refused, by reason. */
  readonly refused: ReadonlyMap<RefusalReason, number>;
}

const nothingRefused: ReadonlyMap<RefusalReason, number> = new Map();

interface TableState {
  timer: NodeJS.Timeout | undefined;
  /** Sequence number of the first request with rows that are in no block yet; 0 where there are none. */
  first: number;
  /** When that request was received, epoch ms. */
  firstAtMs: number;
  /** First requests of the blocks on their way. */
  readonly sent: Set<{ first: number; firstAtMs: number }>;
}

export class Store {
  readonly #spool: Spool;
  readonly #metrics: CollectorMetrics;
  readonly #log: Logger;
  readonly #options: Required<StoreOptions>;
  readonly #inserter: Inserter;
  readonly #tables: ColumnTables;
  readonly #states = new Map<string, TableState>();
  /** Rows of requests that go to the spool only are counted here and thrown away. */
  readonly #scratch: ColumnTables;
  /** Digest -> what it is answered. */
  readonly #requests = new Map<string, { sequence: number; answer: Accepted }>();
  /** The digests in the order in which they came, round and round: the next one takes the oldest one's place. */
  readonly #digests: string[] = [];
  #nextDigest = 0;
  /** Requests up to this one have their rows in columns or blocks. */
  #gathered: number;
  /** When the last request was received that was read back, epoch ms. */
  #gatheredAtMs = 0;
  #reading = true;
  #blockBytes = 0;
  #bufferedRows = 0;
  #draining = false;
  #started = false;
  #idle: (() => void)[] = [];
  /** Of blocks that are in, for the next ones. */
  readonly #memory: Buffer[] = [];

  constructor(
    parts: {
      spool: Spool;
      insert: Insert;
      refusedDirectory: string;
      metrics: CollectorMetrics;
      log: Logger;
      /** Attributes that are not stored. */
      redaction?: Redaction;
    },
    options: StoreOptions = {},
  ) {
    this.#spool = parts.spool;
    this.#metrics = parts.metrics;
    this.#log = parts.log;
    this.#tables = new ColumnTables(parts.redaction ?? defaultRedaction);
    this.#scratch = new ColumnTables(parts.redaction ?? defaultRedaction);
    this.#options = {
      lingerMs: options.lingerMs ?? lingerOf,
      maxBlockRows: options.maxBlockRows ?? 65_536,
      maxBlockBytes: options.maxBlockBytes ?? 192 * 2 ** 20,
      maxInFlight: options.maxInFlight ?? 2,
      retryMs: options.retryMs ?? 200,
      drainMs: options.drainMs ?? 8_000,
    };
    this.#inserter = new Inserter({ ...parts, ...this.#options });
    const { digests, damaged } = this.#spool.found;
    if (damaged.length > 0) this.#log.error({ segments: damaged }, 'spool damaged: requests may be lost');
    for (const digest of digests)
      this.#remember(digest, 0, { rows: 0, rejected: 0, message: '', refused: nothingRefused });
    this.#gathered = this.#spool.firstRequest - 1;
  }

  /** Why nothing can be taken; undefined while all is well. */
  get failure(): string | undefined {
    if (this.#spool.full) return 'the spool is full';
    return this.#spool.failure && `spool: ${this.#spool.failure}`;
  }

  /** What ClickHouse said when it last failed: the spool holds what it does not take. */
  get behind(): string | undefined {
    return this.#inserter.failure;
  }

  get spoolBytes(): number {
    return this.#spool.bytes;
  }

  /** How long ago the oldest row came that is not in ClickHouse, ms; 0 where all are in. */
  lagMs(nowMs: number): number {
    let oldestMs = nowMs;
    for (const { first, firstAtMs, sent } of this.#states.values()) {
      if (first > 0) oldestMs = Math.min(oldestMs, firstAtMs);
      for (const block of sent) oldestMs = Math.min(oldestMs, block.firstAtMs);
    }
    // What is read back comes in the order in which it was received.
    if (this.#gathered < this.#spool.lastRequest && this.#gatheredAtMs > 0) {
      oldestMs = Math.min(oldestMs, this.#gatheredAtMs);
    }
    return nowMs - oldestMs;
  }

  /** Reads what the spool holds from before, and begins to insert. Call once the tables are there. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    void this.#readBack();
  }

  /**
   * Resolves once the request is on disk, to what its sender is answered.
   * @throws CollectorError where it is malformed or cannot be taken now
   */
  async accept(request: IncomingRequest): Promise<Accepted> {
    const digest = request.digest.toString('hex');
    const known = this.#requests.get(digest);
    if (known) {
      await this.#spool.synced(known.sequence);
      return known.answer;
    }
    if (this.#draining) {
      throw new CollectorError('stopping', 'the collector is stopping', { retryAfterSeconds });
    }
    const tables = this.#reading ? this.#scratch : this.#tables;
    readRequest(request.facts, request.body, tables);
    const { refusals } = tables;
    const answer = {
      rows: tables.rows,
      rejected: refusals.records,
      message: refusals.message,
      refused: refusals.byReason,
    };
    let sequence = 0;
    try {
      request.admit?.(answer.rows + answer.rejected);
      if (answer.rows > 0) sequence = this.#append(request);
    } catch (error) {
      tables.rollback();
      throw error;
    }
    if (sequence === 0) return answer;
    this.#remember(digest, sequence, answer);
    if (this.#reading) for (const table of tables.touched) table.clear();
    else {
      this.#gathered = sequence;
      this.#gatheredAtMs = request.facts.receivedAtMs;
      this.#gather(sequence, request.facts.receivedAtMs);
    }
    await this.#spool.synced(sequence).catch((cause: unknown) => {
      throw new CollectorError('store_unavailable', 'the spool cannot be written', { cause });
    });
    return answer;
  }

  /** Inserts what is gathered and resolves when it is in, or ClickHouse has stayed away: the spool keeps the rest. */
  async drain(): Promise<void> {
    this.#draining = true;
    if (!this.#started) return;
    const late = new AbortController();
    const limit = delay(this.#options.drainMs, undefined, { signal: late.signal }).catch(() => undefined);
    // What is still being read back stays in the spool: blocks must end where they ended before.
    if (!this.#reading) await Promise.race([this.#drained(), limit]);
    late.abort();
    this.#inserter.stop();
    await Promise.race([this.#whenIdle(), delay(1_000, undefined, { ref: false })]);
    await this.#spool.synced(this.#spool.lastRequest).catch(() => undefined);
  }

  async #drained(): Promise<void> {
    for (const table of [...this.#tables.all()]) if (table.rows > 0) this.#cut(table);
    if (this.#inserter.failure === undefined) await this.#whenIdle();
  }

  #whenIdle(): Promise<void> {
    if (this.#blockBytes === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #append(request: IncomingRequest): number {
    try {
      return this.#spool.append(request);
    } catch (cause) {
      const full = cause instanceof SpoolFullError;
      const message = full ? cause.message : 'the spool cannot be written';
      if (!full) this.#log.error({ err: cause }, 'spool cannot be written');
      throw new CollectorError('overloaded', message, { cause, retryAfterSeconds });
    }
  }

  #remember(digest: string, sequence: number, answer: Accepted): void {
    this.#requests.set(digest, { sequence, answer });
    const oldest = this.#digests[this.#nextDigest];
    if (oldest !== undefined) this.#requests.delete(oldest);
    this.#digests[this.#nextDigest] = digest;
    this.#nextDigest = (this.#nextDigest + 1) % rememberedRequests;
  }

  /** Rows of request `sequence` are in the columns of the touched tables: when are these sent? */
  #gather(sequence: number, receivedAtMs: number): void {
    for (const table of this.#tables.touched) {
      const state = this.#stateOf(table.name);
      if (table.rows > 0 && state.first === 0) {
        state.first = sequence;
        state.firstAtMs = receivedAtMs;
      }
      this.#bufferedRows += table.rows - table.markedRows;
      if (table.rows >= this.#options.maxBlockRows) this.#flush(table.name);
      else if (table.rows > 0) {
        state.timer ??= setTimeout(() => this.#flush(table.name), this.#options.lingerMs(table.name));
      }
    }
    this.#metrics.bufferedRows.value = this.#bufferedRows;
    if (this.#blockBytes > this.#options.maxBlockBytes) this.#fallBehind();
  }

  /** Waits for an insert to be free rather than make more and smaller blocks, unless the block is large. */
  #flush(name: string): void {
    const state = this.#stateOf(name);
    clearTimeout(state.timer);
    state.timer = undefined;
    const table = this.#tables.get(name);
    if (!table || table.rows === 0) return;
    if (this.#inserter.isFree(name) || table.rows >= this.#options.maxBlockRows) this.#cut(table);
    else state.timer = setTimeout(() => this.#flush(name), 20);
  }

  /** Makes a block of the table's rows and sends it once the spool says, on disk, what is in it. */
  #cut(table: TableColumns): void {
    const end = { table: table.name, through: this.#gathered };
    let written: Promise<void>;
    try {
      written = this.#spool.synced(this.#spool.cut(end));
    } catch {
      // The disk is full: the rows stay where they are.
      const state = this.#stateOf(table.name);
      state.timer ??= setTimeout(() => this.#flush(table.name), 1_000);
      return;
    }
    void this.#send(table, end.through, written);
  }

  async #send(table: TableColumns, through: number, written: Promise<void>): Promise<void> {
    const { name, rows } = table;
    const state = this.#stateOf(name);
    clearTimeout(state.timer);
    state.timer = undefined;
    const bytes = table.encode(rows > reusedRows ? this.#memory.pop() : undefined);
    const sent = { first: state.first, firstAtMs: state.firstAtMs };
    state.sent.add(sent);
    state.first = 0;
    table.clear();
    this.#blockBytes += bytes.length;
    this.#metrics.bufferedBytes.value = this.#blockBytes;
    const token = blockToken(this.#spool.id, name, through);
    let taken = false;
    try {
      await written;
      taken = await this.#inserter.store({ table: name, rows, bytes, token });
    } catch (error) {
      this.#log.error({ err: error, table: name }, 'block could not be sent');
    }
    this.#blockBytes -= bytes.length;
    this.#bufferedRows -= rows;
    this.#metrics.bufferedBytes.value = this.#blockBytes;
    this.#metrics.bufferedRows.value = this.#bufferedRows;
    if (taken) {
      state.sent.delete(sent);
      if (bytes.length > reusedBytes && this.#memory.length < 2) this.#memory.push(wholeOf(bytes));
      await this.#release({ table: name, through }).catch((error: unknown) =>
        this.#log.error({ err: error }, 'spool cannot be written'),
      );
    }
    if (this.#blockBytes === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** The spool lets go of the requests of which nothing is missing, once it knows on disk what is in. */
  async #release(end: { table: string; through: number }): Promise<void> {
    const done = this.#spool.done(end);
    let needed = this.#gathered + 1;
    for (const { first, sent } of this.#states.values()) {
      if (first > 0) needed = Math.min(needed, first);
      for (const block of sent) needed = Math.min(needed, block.first);
    }
    await this.#spool.synced(done);
    await this.#spool.release(needed);
  }

  #fallBehind(): void {
    this.#reading = true;
    this.#log.warn({ bytes: this.#blockBytes }, 'rows wait in the spool until ClickHouse has taken more');
    void this.#readBack();
  }

  /** Gathers the requests of the spool that are not gathered yet, while there is room for them, until there are none. */
  async #readBack(): Promise<void> {
    const { cuts, done } = this.#spool.found;
    const room = this.#options.maxBlockBytes / 2;
    let requests = 0;
    // Each round takes what was written during the one before; the last step into live reading is in one piece.
    while (this.#gathered < this.#spool.lastRequest && !this.#draining) {
      for (const { sequence, content } of this.#spool.requestsAfter(this.#gathered)) {
        while (this.#blockBytes > room && !this.#draining) await delay(20);
        if (this.#draining) break;
        const { facts, body } = decodeRequest(content);
        try {
          readRequest(facts, body, this.#tables);
        } catch (error) {
          // It was read once already; only another build can see it otherwise.
          this.#log.error({ err: error, sequence }, 'a request of the spool cannot be read any more');
        }
        this.#gathered = sequence;
        this.#gatheredAtMs = facts.receivedAtMs;
        this.#gatherAgain(sequence, facts.receivedAtMs, cuts, done);
        if (++requests % 16 === 0) await delay(0);
      }
    }
    if (this.#draining) return;
    if (requests > 0) this.#log.info({ requests }, 'read back from the spool');
    this.#reading = false;
    // A power cut may leave the end of a block on disk without its last requests: what there is goes out by itself.
    for (const { name, rows } of this.#tables.all()) {
      if (rows > 0)
        this.#stateOf(name).timer ??= setTimeout(() => this.#flush(name), this.#options.lingerMs(name));
    }
  }

  /** As `#gather`, but a block that was made before the fall ends where it did then. */
  #gatherAgain(sequence: number, receivedAtMs: number, cuts: Found['cuts'], done: ReadonlySet<string>): void {
    for (const table of this.#tables.touched) {
      const state = this.#stateOf(table.name);
      if (table.rows > 0 && state.first === 0) {
        state.first = sequence;
        state.firstAtMs = receivedAtMs;
      }
      this.#bufferedRows += table.rows - table.markedRows;
      if (sequence > (cuts.get(table.name)?.last ?? 0)) {
        if (table.rows >= this.#options.maxBlockRows) this.#cut(table);
        else state.timer ??= setTimeout(() => this.#flush(table.name), this.#options.lingerMs(table.name));
      }
    }
    for (const [name, { ends }] of cuts) {
      if (!ends.has(sequence)) continue;
      const table = this.#tables.get(name);
      if (!table || table.rows === 0) continue;
      if (done.has(blockKey({ table: name, through: sequence }))) {
        this.#bufferedRows -= table.rows;
        this.#stateOf(name).first = 0;
        table.clear();
      } else void this.#send(table, sequence, Promise.resolve());
    }
  }

  #stateOf(table: string): TableState {
    let state = this.#states.get(table);
    if (!state) {
      state = { timer: undefined, first: 0, firstAtMs: 0, sent: new Set() };
      this.#states.set(table, state);
    }
    return state;
  }
}
