/**
 * The TURN relays that this node hands out, with credentials: two of those that are heard of, by region, health and
 * load (quality/fleet), else the fixed ones of the settings. Redis away: the last that was known stays.
 */
import { Redis } from 'ioredis';
import { chooseRelays } from '../../quality/fleet/choose-relays.ts';
import { relievedForMs, relieveRelays } from '../../quality/fleet/relieve.ts';
import { type RelayHeartbeat, relayKeys } from '../../telemetry/relays.ts';
import { failsAtOnce, waitsThrough } from '../../telemetry/service/redis.ts';
import { readRelays } from '../../telemetry/service/relay-registry.ts';
import type { Logger } from '../../telemetry/service/service.ts';
import type { JoinAnswer } from '../../telemetry/signaling.ts';
import { turnCredentials } from '../../turn/credentials.ts';
import { type KnownRelay, type LostRelay, lookAtRelays } from './known.ts';

export type IceServers = JoinAnswer['iceServers'];

export interface RelaysOptions {
  /** null: no relays at all. */
  readonly turn: { readonly urls: readonly string[]; readonly secret: string } | null;
  readonly redisUrl: string | null;
  readonly region: string;
  readonly log: Logger;
}

/** TURN allocations are refreshed with the same credentials, so these last a long day's call. */
export const credentialSeconds = 12 * 3600;

const lookMs = 500;
const redisLimitMs = 2_000;
/** Who was just given a relay is not in its load yet. */
const handedOutMs = 10_000;
/** A guess at what one participant takes of a relay, until the relay tells. */
const handedOutLoad = 0.01;
/** So many participants who lost their path on a relay within that time make it the last choice. */
const mostReports = 2;
const reportMs = 15_000;

/** A full relay, and the share of the calls on it that are to move. */
export interface FullRelay {
  readonly relayId: string;
  readonly urls: readonly string[];
  readonly share: number;
}

interface Noted {
  readonly relayId: string;
  readonly participantId: string;
  readonly atMs: number;
}

export class Relays {
  readonly #options: RelaysOptions;
  readonly #redis: Redis | null = null;
  readonly #subscriber: Redis | null = null;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #lostListeners: ((lost: readonly LostRelay[]) => void)[] = [];
  readonly #fullListeners: ((full: readonly FullRelay[]) => void)[] = [];
  /** By id, when its calls were last asked to move. */
  readonly #relieved = new Map<string, number>();
  #known: Map<string, KnownRelay> = new Map();
  #connectedAtMs = Number.POSITIVE_INFINITY;
  #handedOut: Noted[] = [];
  #reports: Noted[] = [];
  #looking: Promise<void> | undefined;

  constructor(options: RelaysOptions) {
    this.#options = options;
    const { turn, redisUrl, log } = options;
    if (!turn || !redisUrl) return;
    this.#redis = new Redis(redisUrl, { ...failsAtOnce, commandTimeout: redisLimitMs });
    this.#redis.on('ready', () => {
      this.#connectedAtMs = performance.now();
      void this.#look();
    });
    this.#redis.on('close', () => {
      this.#connectedAtMs = Number.POSITIVE_INFINITY;
    });
    this.#redis.on('error', (error: Error) => log.debug({ error: error.message }, 'relays: Redis'));
    this.#subscriber = new Redis(redisUrl, waitsThrough);
    this.#subscriber.on('error', () => {});
    this.#subscriber.on('message', () => void this.#look());
    this.#subscriber.subscribe(relayKeys.changed).catch(() => {});
    this.#timer = setInterval(() => void this.#look(), lookMs);
  }

  /** Calls on them lose their path, unless `why` is `unheard` and only their agent is gone. */
  onLost(listener: (lost: readonly LostRelay[]) => void): void {
    this.#lostListeners.push(listener);
  }

  /** Others have room for part of the calls on them. */
  onFull(listener: (full: readonly FullRelay[]) => void): void {
    this.#fullListeners.push(listener);
  }

  /** @param leaving URLs of a relay that the participant lost its path on: it is given others, if there are */
  iceServers(participantId: string, leaving: readonly string[] = []): IceServers {
    const { turn, region } = this.#options;
    if (!turn) return [];
    const nowMs = Date.now();
    const credentials = turnCredentials({
      secret: turn.secret,
      name: participantId,
      ttlSeconds: credentialSeconds,
      nowMs,
    });
    const except = [...this.#known.values()]
      .filter(({ heartbeat }) => heartbeat.urls.some((url) => leaving.includes(url)))
      .map(({ heartbeat }) => heartbeat.relayId);
    const offers = this.#offers(nowMs);
    const others = chooseRelays(offers, { region, except });
    const chosen = others.length > 0 ? others : chooseRelays(offers, { region });
    for (const { relayId } of chosen.slice(0, 1))
      this.#handedOut.push({ relayId, participantId, atMs: nowMs });
    if (chosen.length > 0) return chosen.map(({ urls }) => ({ urls: [...urls], ...credentials }));
    return turn.urls.length > 0 ? [{ urls: [...turn.urls], ...credentials }] : [];
  }

  /** A participant lost its path on these. */
  report(participantId: string, urls: readonly string[]): void {
    const atMs = Date.now();
    for (const { heartbeat } of this.#known.values()) {
      if (!heartbeat.urls.some((url) => urls.includes(url))) continue;
      const { relayId } = heartbeat;
      this.#reports.push({ relayId, participantId, atMs });
      this.#options.log.info({ relayId, participantId }, 'a client lost its path on a relay');
    }
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#redis?.disconnect();
    this.#subscriber?.disconnect();
  }

  #offers(nowMs: number): (RelayHeartbeat & { load: number })[] {
    this.#handedOut = this.#handedOut.filter(({ atMs }) => atMs > nowMs - handedOutMs);
    this.#reports = this.#reports.filter(({ atMs }) => atMs > nowMs - reportMs);
    return [...this.#known.values()]
      .filter(({ heard }) => heard)
      .map(({ heartbeat }) => {
        const { relayId } = heartbeat;
        const given = this.#handedOut.filter((one) => one.relayId === relayId).length;
        const reporters = new Set(
          this.#reports.filter((one) => one.relayId === relayId).map((one) => one.participantId),
        );
        const suspect = reporters.size >= mostReports ? 1 : 0;
        return { ...heartbeat, load: (heartbeat.load ?? 0.5) + given * handedOutLoad + suspect };
      });
  }

  /** One at a time; a change told meanwhile is seen by the next. */
  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = this.#lookOnce().finally(() => {
      this.#looking = undefined;
    });
    await this.#looking;
  }

  async #lookOnce(): Promise<void> {
    if (this.#redis?.status !== 'ready') return;
    try {
      const seen = await readRelays(this.#redis);
      const connectedForMs = performance.now() - this.#connectedAtMs;
      const { known, lost } = lookAtRelays(this.#known, { seen, connectedForMs });
      this.#known = known;
      this.#relieve(Date.now());
      if (lost.length === 0) return;
      const relays = lost.map(({ relayId, why }) => `${relayId} ${why}`);
      this.#options.log.warn({ relays }, 'relays lost');
      for (const listener of this.#lostListeners) listener(lost);
    } catch (error) {
      this.#options.log.debug({ err: error }, 'relays: no look possible');
    }
  }

  #relieve(nowMs: number): void {
    for (const [relayId, atMs] of this.#relieved)
      if (atMs <= nowMs - relievedForMs) this.#relieved.delete(relayId);
    const heard = [...this.#known.values()].filter((one) => one.heard).map(({ heartbeat }) => heartbeat);
    const loads = heard.map((heartbeat) => ({ ...heartbeat, load: heartbeat.load ?? undefined }));
    const full = relieveRelays(loads).flatMap(({ relayId, share }) => {
      if (this.#relieved.has(relayId)) return [];
      this.#relieved.set(relayId, nowMs);
      return [{ relayId, share, urls: heard.find((one) => one.relayId === relayId)!.urls }];
    });
    if (full.length === 0) return;
    this.#options.log.info({ full }, 'full relays: part of the calls on them are asked to move');
    for (const listener of this.#fullListeners) listener(full);
  }
}
