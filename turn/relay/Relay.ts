/**
 * One relay: a coturn and the agent beside it. The agent starts coturn again when it ends, knows its allocations from
 * Redis, its CPU from /proc and its refusals from its log, and tells all that: a heartbeat in Redis each second for
 * those who hand out relays and scale the fleet, metrics to the collector for those who watch it.
 *
 * Draining means that nobody is given this relay any more; calls on it go on until they end.
 */
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { heardForMs, heartbeatMs, type RelayHeartbeat, relayKeys } from '../../telemetry/relays.ts';
import type { CollectorAddress } from '../../telemetry/service/meters.ts';
import { failsAtOnce, retryAfterAtMost } from '../../telemetry/service/redis.ts';
import type { Logger } from '../../telemetry/service/service.ts';
import { answersStun } from '../../telemetry/service/stun.ts';
import { Allocations } from './Allocations.ts';
import { type Coturn, type CoturnSettings, startCoturn } from './coturn.ts';
import { cpuMeter } from './cpu.ts';
import { type RelayLimits, saturation } from './load.ts';
import { observeRelay, type RelayMetrics } from './metrics.ts';
import { readStatus, refusalIn, statusPattern } from './status.ts';

export interface RelayOptions extends RelayLimits, Omit<CoturnSettings, 'realm'> {
  readonly relayId: string;
  readonly region: string;
  /** The address that clients are told, where it is another than `host`. */
  readonly announcedHost?: string | undefined;
  readonly collector: CollectorAddress | null;
  readonly log: Logger;
}

/** The waits before coturn is started again; the last repeats. */
const backoffMs = [250, 500, 1_000, 2_000, 5_000];
const lossesWithinMs = 30 * 60_000;
const startLimitMs = 20_000;
/** One unanswered probe is a busy machine. */
const deafAfterProbes = 3;
const probeLimitMs = 700;
const redisLimitMs = 2_000;
/** Refusals come ten at a time, one for every repeat of the client: one line a second says it. */
const refusalLogMs = 1_000;

export class Relay {
  readonly relayId: string;
  readonly #options: RelayOptions;
  readonly #log: Logger;
  readonly #redis: Redis;
  readonly #subscriber: Redis;
  readonly #allocations = new Allocations();
  readonly #refusals = { expired: 0, forged: 0, quota: 0 };
  readonly #cpu = cpuMeter(availableParallelism());
  readonly #losses: number[] = [];
  readonly #metrics: RelayMetrics | null;
  #coturn: Coturn | undefined;
  #state: RelayHeartbeat['state'] = 'warming';
  #healthy = false;
  #unanswered = 0;
  #steadySinceMs = Date.now();
  #startedMs = 0;
  #stopping = new AbortController();
  #beating: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #refusalLoggedMs = 0;
  #followed = false;

  /** Resolves once it serves. @throws Error when coturn does not come to answer; nothing is left running */
  static async start(options: RelayOptions): Promise<Relay> {
    const relay = new Relay(options);
    try {
      await relay.#open();
    } catch (error) {
      await relay.stop();
      throw error;
    }
    return relay;
  }

  private constructor(options: RelayOptions) {
    this.relayId = options.relayId;
    this.#options = options;
    this.#log = options.log.child({ relayId: options.relayId });
    const connection = {
      ...failsAtOnce,
      commandTimeout: redisLimitMs,
      lazyConnect: true,
      // A relay that is not heard of is soon taken for lost.
      retryStrategy: retryAfterAtMost(1_000),
    };
    this.#redis = new Redis(options.redisUrl, connection);
    this.#subscriber = new Redis(options.redisUrl, { ...connection, commandTimeout: undefined });
    let away = false;
    this.#redis.on('error', (error: Error) => {
      if (!away)
        this.#log.warn({ error: error.message }, 'Redis is away; coturn goes on, its load is unknown');
      away = true;
    });
    this.#redis.on('ready', () => {
      away = false;
    });
    this.#subscriber.on('error', () => {});
    this.#metrics = options.collector
      ? observeRelay(options.collector, options.relayId, () => this.#reading())
      : null;
  }

  /** What others see of it now. */
  heartbeat(): RelayHeartbeat {
    const { relayId, region } = this.#options;
    const nowMs = Date.now();
    return {
      relayId,
      region,
      urls: this.urls,
      state: this.#state,
      healthy: this.#healthy,
      startedMs: this.#startedMs,
      load: this.#followed ? Math.round(this.#saturation() * 1_000) / 1_000 : null,
      allocations: this.#followed ? this.#allocations.size : null,
      opened: this.#allocations.opened,
      closed: this.#allocations.closed,
      steadyForMs: Math.max(0, nowMs - this.#steadySinceMs),
      recentLosses: this.#losses.filter((atMs) => atMs > nowMs - lossesWithinMs).length,
    };
  }

  get urls(): string[] {
    const { host, announcedHost = host, port, tls } = this.#options;
    const at = announcedHost.includes(':') ? `[${announcedHost}]` : announcedHost;
    return [
      `turn:${at}:${port}?transport=udp`,
      `turn:${at}:${port}?transport=tcp`,
      ...(tls ? [`turns:${at}:${tls.port}?transport=tcp`] : []),
    ];
  }

  /** Of coturn; undefined while it is down. */
  get pid(): number | undefined {
    return this.#coturn?.pid;
  }

  /** Nobody is given it from now on. */
  async drain(): Promise<void> {
    if (this.#state === 'draining') return;
    this.#become('draining', this.#healthy);
    await this.#beat(true);
  }

  async resume(): Promise<void> {
    if (this.#state !== 'draining') return;
    this.#become('serving', this.#healthy);
    await this.#beat(true);
  }

  /** Ends coturn, and with it the allocations it holds; signs the relay off. May be called again. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearInterval(this.#beating);
    await this.#coturn?.stop();
    await this.#running;
    const { relayId } = this.#options;
    await this.#redis
      .multi()
      .srem(relayKeys.ids, relayId)
      .del(relayKeys.heartbeat(relayId))
      .publish(relayKeys.changed, relayId)
      .exec()
      .catch(() => {});
    this.#redis.disconnect();
    this.#subscriber.disconnect();
    await this.#metrics?.stop();
  }

  async #open(): Promise<void> {
    await Promise.all([this.#redis.connect(), this.#subscriber.connect()]);
    await this.#forget();
    this.#subscriber.on('pmessage', (_pattern: string, channel: string, text: string) => {
      const message = readStatus(channel, text);
      if (message) this.#allocations.take(message, performance.now());
    });
    this.#subscriber.on('close', () => {
      this.#followed = false;
    });
    await this.#follow();
    // ioredis subscribes again by itself after an outage; what was missed meanwhile is read from the keys.
    this.#subscriber.on('ready', () => void this.#follow().catch(() => {}));
    await this.#launch();
    await this.#untilItAnswers();
    this.#become('serving', true);
    await this.#beat(true);
    this.#running = this.#keepRunning();
    this.#beating = setInterval(() => void this.#look(), heartbeatMs);
  }

  async #launch(): Promise<void> {
    this.#coturn = await startCoturn({ ...this.#options, realm: this.relayId }, (line) => this.#read(line));
    this.#startedMs = Date.now();
    this.#unanswered = 0;
  }

  async #untilItAnswers(): Promise<void> {
    const deadline = Date.now() + startLimitMs;
    const coturn = this.#coturn;
    let ended = false;
    void coturn?.exited.then(() => {
      ended = true;
    });
    while (!(await answersStun(this.#options.port, this.#options.host))) {
      if (this.#stopping.signal.aborted) throw new Error('stopped while starting');
      if (ended) throw new Error(`${this.relayId}: coturn ended while starting`);
      if (Date.now() > deadline) throw new Error(`${this.relayId}: coturn does not answer on its port`);
      await delay(50);
    }
  }

  /** Until the stop; never rejects. */
  async #keepRunning(): Promise<void> {
    const { signal } = this.#stopping;
    for (let failures = 0; ; ) {
      const { exited } = this.#coturn!;
      const readyMs = Date.now();
      await exited;
      this.#coturn = undefined;
      this.#allocations.clear();
      if (signal.aborted) return;
      if (Date.now() - readyMs > 30_000) failures = 0;
      this.#losses.push(Date.now());
      this.#become(this.#state, false);
      this.#log.error('coturn ended; every call on it loses its path');
      await this.#beat(true);
      await this.#forget();
      do {
        const waitMs = backoffMs[Math.min(failures++, backoffMs.length - 1)];
        await delay(waitMs, undefined, { signal }).catch(() => {});
        if (signal.aborted) return;
      } while (!(await this.#relaunched()));
      this.#become(this.#state, true);
      this.#log.info({ pid: this.pid }, 'coturn runs again');
      await this.#beat(true);
    }
  }

  async #relaunched(): Promise<boolean> {
    try {
      await this.#launch();
      await this.#untilItAnswers();
      return true;
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#log.error({ err: error }, 'coturn did not start again');
      await this.#coturn?.stop();
      this.#coturn = undefined;
      return false;
    }
  }

  /** Each second: does it answer, and what is there to tell. */
  async #look(): Promise<void> {
    if (this.#coturn) {
      const answered = await answersStun(this.#options.port, this.#options.host, probeLimitMs);
      this.#unanswered = answered ? 0 : this.#unanswered + 1;
      const healthy = this.#coturn !== undefined && this.#unanswered < deafAfterProbes;
      // A dead process is not made healthy by a probe that was under way.
      const changed = healthy !== this.#healthy && (!healthy || answered);
      if (changed) this.#become(this.#state, healthy);
      await this.#beat(changed);
    } else await this.#beat(false);
  }

  async #beat(changed: boolean): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const { relayId } = this.#options;
    const pipeline = this.#redis
      .multi()
      .sadd(relayKeys.ids, relayId)
      .set(relayKeys.heartbeat(relayId), JSON.stringify(this.heartbeat()), 'PX', heardForMs);
    if (changed) pipeline.publish(relayKeys.changed, relayId);
    await pipeline.exec().catch(() => {});
  }

  #become(state: RelayHeartbeat['state'], healthy: boolean): void {
    if (state === this.#state && healthy === this.#healthy) return;
    if (state !== this.#state) this.#log.info({ from: this.#state, to: state }, 'relay changes its state');
    this.#state = state;
    this.#healthy = healthy;
    this.#steadySinceMs = Date.now();
  }

  #read(line: string): void {
    const refusal = refusalIn(line, Date.now());
    if (!refusal) {
      this.#log.debug({ line: line.slice(0, 300) }, 'coturn');
      return;
    }
    this.#refusals[refusal]++;
    if (Date.now() - this.#refusalLoggedMs < refusalLogMs) return;
    this.#refusalLoggedMs = Date.now();
    this.#log.warn({ reason: refusal, refusals: this.#refusals }, 'allocation refused');
  }

  #saturation(): number {
    const pid = this.pid;
    const nowMs = performance.now();
    const use = {
      bitsPerSecond: this.#allocations.bitsPerSecond(nowMs),
      allocations: this.#allocations.size,
      cpuRatio: pid === undefined ? undefined : this.#cpu(pid, nowMs),
    };
    return saturation(use, this.#options);
  }

  #reading() {
    const nowMs = performance.now();
    return {
      allocations: this.#followed ? this.#allocations.size : undefined,
      sessions: this.#allocations.sessions(),
      total: this.#allocations.total,
      refusals: { ...this.#refusals },
      saturation: this.#followed ? this.#saturation() : undefined,
      cpuRatio: this.pid === undefined ? undefined : this.#cpu(this.pid, nowMs),
    };
  }

  /** Subscribes, and takes what is held from the keys that coturn keeps. */
  async #follow(): Promise<void> {
    await this.#subscriber.psubscribe(statusPattern(this.relayId));
    const held = new Set<string>();
    for (const key of await this.#keys()) {
      const message = readStatus(key, (await this.#redis.get(key)) ?? '');
      if (message?.kind !== 'held') continue;
      held.add(message.allocationId);
      this.#allocations.take(message, performance.now());
    }
    this.#allocations.keepOnly(held);
    this.#followed = true;
  }

  /** What a coturn of before left behind. */
  async #forget(): Promise<void> {
    try {
      const keys = await this.#keys();
      if (keys.length > 0) await this.#redis.del(keys);
    } catch {
      // Redis is away; the keys end by themselves with the allocations' lifetime.
    }
  }

  async #keys(): Promise<string[]> {
    const keys: string[] = [];
    for (let cursor = '0'; ; ) {
      const [next, found] = await this.#redis.scan(
        cursor,
        'MATCH',
        statusPattern(this.relayId),
        'COUNT',
        500,
      );
      keys.push(...found);
      if (next === '0') return keys;
      cursor = next;
    }
  }
}
