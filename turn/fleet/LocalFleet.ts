/**
 * The relays of one machine: starts, drains and ends them as the scaler orders. An order is carried out only if it is
 * signed, in time and new; and a relay is ended only when it is dead, or drained and empty, whatever the order says.
 */
import path from 'node:path';
import { OrderGate, type OrderRefusal, type RelayOrder } from '../../telemetry/relays.ts';
import type { Logger } from '../../telemetry/service/service.ts';
import type { SharedRelaySettings } from '../config.ts';
import { Relay, type RelayOptions } from '../relay/Relay.ts';

export interface LocalFleetOptions {
  readonly settings: SharedRelaySettings;
  readonly dataDir: string;
  /** Of the first relay; the others take free ones. */
  readonly firstPort: number;
  readonly freePort: () => Promise<number>;
  /** Names start so: fleets that share a Redis must not have the same. @default relay- */
  readonly idPrefix?: string;
  readonly log: Logger;
  readonly onRefused?: (reason: OrderRefusal) => void;
}

/** A machine has room for so many, whatever is ordered. */
const mostRelays = 32;

export interface OrderResult {
  readonly started: string[];
  /** Relays and why they were not ended, or others that there are not. */
  readonly left: Record<string, string>;
}

export class LocalFleet {
  readonly #options: LocalFleetOptions;
  readonly #gate: OrderGate;
  readonly #relays = new Map<string, Relay>();
  #next = 1;

  constructor(options: LocalFleetOptions) {
    this.#options = options;
    this.#gate = new OrderGate(options.settings.secret);
  }

  get relays(): readonly Relay[] {
    return [...this.#relays.values()];
  }

  /** @returns ids of those that came up. @throws Error when none did */
  async start(count: number): Promise<string[]> {
    const room = Math.max(0, Math.min(count, mostRelays - this.#relays.size));
    const results = await Promise.allSettled(Array.from({ length: room }, () => this.#startOne()));
    const started = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    for (const result of results) {
      if (result.status === 'rejected')
        this.#options.log.error({ err: result.reason }, 'a relay did not start');
    }
    if (room > 0 && started.length === 0) throw (results[0] as PromiseRejectedResult).reason;
    return started;
  }

  /** @param given as it came from the queue @returns why it was refused, or what was done */
  async take(given: unknown, nowMs: number): Promise<OrderRefusal | OrderResult> {
    const order = this.#gate.check(given, nowMs);
    if (typeof order === 'string') return this.#refused(order);
    if (order.region !== this.#options.settings.region) return this.#refused('malformed');
    return this.#carryOut(order);
  }

  async stop(): Promise<void> {
    await Promise.all(this.relays.map((relay) => relay.stop()));
    this.#relays.clear();
  }

  #refused(reason: OrderRefusal): OrderRefusal {
    this.#options.log.warn({ reason }, 'order to the relays refused');
    this.#options.onRefused?.(reason);
    return reason;
  }

  async #carryOut(order: RelayOrder): Promise<OrderResult> {
    const { log } = this.#options;
    const left: Record<string, string> = {};
    const each = (ids: readonly string[], act: (relay: Relay) => Promise<void>) =>
      Promise.all(
        ids.map(async (id) => {
          const relay = this.#relays.get(id);
          if (relay) await act(relay);
          else left[id] = 'no such relay here';
        }),
      );
    await each(order.resume, (relay) => relay.resume());
    await each(order.drain, (relay) => relay.drain());
    await each(order.remove, async (relay) => {
      const why = whyKept(relay);
      if (why) left[relay.relayId] = why;
      else {
        this.#relays.delete(relay.relayId);
        await relay.stop();
      }
    });
    const started = order.start > 0 ? await this.start(order.start) : [];
    const { decisionId, start, resume, drain, remove, reason } = order;
    log.info({ decisionId, start, resume, drain, remove, started, left, reason }, 'order carried out');
    return { started, left };
  }

  async #startOne(): Promise<string> {
    const { settings, dataDir, firstPort, freePort, idPrefix = 'relay-', log } = this.#options;
    const { certificate, ...common } = settings;
    const number = this.#next++;
    const relayId = `${idPrefix}${number}`;
    // Counted before it is up: what takes ports one after the other must not take one twice.
    const port = number === 1 ? firstPort : await freePort();
    const options: RelayOptions = {
      ...common,
      relayId,
      port,
      tls: certificate && { port: await freePort(), ...certificate },
      dataDir: path.join(dataDir, relayId),
      log,
    };
    const relay = await Relay.start(options);
    this.#relays.set(relay.relayId, relay);
    return relay.relayId;
  }
}

function whyKept(relay: Relay): string | undefined {
  const { healthy, state, allocations } = relay.heartbeat();
  if (!healthy) return undefined;
  if (state !== 'draining') return 'it is not draining';
  if (allocations === null) return 'its allocations are not known';
  return allocations > 0 ? `${allocations} allocations are on it` : undefined;
}
