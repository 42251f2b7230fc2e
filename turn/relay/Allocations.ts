/**
 * The allocations of one relay, from coturn's messages: how many, over which transport, how much they carry. coturn
 * tells of traffic every 2048 packets only, so an allocation's rate is that of its last report, and less once it has
 * been silent for longer than that rate would need for the next one. Of a new one nothing is known for some 20 s, in
 * which a relay can fill up: until then it is taken to carry what those before it carry on average, the idle ones among
 * them included. Time is given, in ms of any steady clock.
 */
import type { StatusMessage, Traffic, Transport } from './status.ts';

interface Allocation {
  readonly transport: Transport;
  readonly beganMs: number;
  /** When its last report came, or it began. */
  reportedMs: number;
  /** Of the last report. */
  bitsPerMs: number;
  /** 0: there was none yet. */
  reportBits: number;
}

/** Reports of a shorter time say little of a rate: a deletion right after a report. */
const shortestMs = 500;
/** An allocation that carries a call has made its first report by then; without one it is idle. */
const unknownForMs = 20_000;
/** From this age on carrying and idle ones can be told apart, so that their mean says what the next will carry. */
const settledAfterMs = 30_000;
/** Fewer settled ones say little of the next. */
const leastSettled = 4;
/** Until then: a person in a call of three takes 0.75 Mbit/s, over the four to eight allocations that a browser makes. */
const firstGuessBitsPerMs = 100;

export class Allocations {
  readonly #held = new Map<string, Allocation>();
  readonly #total = { packetsUp: 0, bytesUp: 0, packetsDown: 0, bytesDown: 0 };
  #opened = 0;
  #closed = 0;
  #usualBitsPerMs = firstGuessBitsPerMs;

  take(message: StatusMessage, nowMs: number): void {
    const { allocationId } = message;
    const held = this.#held.get(allocationId);
    if (message.kind === 'held') {
      if (held) return;
      this.#opened++;
      this.#held.set(allocationId, {
        transport: message.transport,
        beganMs: nowMs,
        reportedMs: nowMs,
        bitsPerMs: 0,
        reportBits: 0,
      });
    } else if (message.kind === 'deleted') {
      if (this.#held.delete(allocationId)) this.#closed++;
    } else {
      this.#count(message.traffic);
      if (!held) return;
      const elapsedMs = nowMs - held.reportedMs;
      const bits = (message.traffic.bytesUp + message.traffic.bytesDown) * 8;
      if (elapsedMs >= shortestMs) held.bitsPerMs = bits / elapsedMs;
      held.reportBits = bits;
      held.reportedMs = nowMs;
    }
  }

  /** coturn ended: what it held is gone. */
  clear(): void {
    this.#closed += this.#held.size;
    this.#held.clear();
  }

  /** After a gap in the messages: only these are held. */
  keepOnly(allocationIds: ReadonlySet<string>): void {
    for (const id of this.#held.keys()) {
      if (!allocationIds.has(id) && this.#held.delete(id)) this.#closed++;
    }
  }

  get size(): number {
    return this.#held.size;
  }

  get opened(): number {
    return this.#opened;
  }

  get closed(): number {
    return this.#closed;
  }

  /** Relayed since the start; grows only. */
  get total(): Traffic {
    return { ...this.#total };
  }

  sessions(): Record<Transport, number> {
    const sessions = { udp: 0, tcp: 0, tls: 0, dtls: 0 };
    for (const { transport } of this.#held.values()) sessions[transport]++;
    return sessions;
  }

  /** Relayed now, up and down together. */
  bitsPerSecond(nowMs: number): number {
    let bitsPerMs = 0;
    let unknown = 0;
    const settled = { count: 0, bitsPerMs: 0 };
    for (const allocation of this.#held.values()) {
      const { beganMs, reportBits } = allocation;
      const rate = rateOf(allocation, nowMs);
      bitsPerMs += rate;
      if (reportBits === 0 && nowMs - beganMs < unknownForMs) unknown++;
      if (nowMs - beganMs < settledAfterMs) continue;
      settled.count++;
      settled.bitsPerMs += rate;
    }
    if (settled.count >= leastSettled) this.#usualBitsPerMs = settled.bitsPerMs / settled.count;
    return (bitsPerMs + unknown * this.#usualBitsPerMs) * 1000;
  }

  #count(traffic: Traffic): void {
    this.#total.packetsUp += traffic.packetsUp;
    this.#total.bytesUp += traffic.bytesUp;
    this.#total.packetsDown += traffic.packetsDown;
    this.#total.bytesDown += traffic.bytesDown;
  }
}

function rateOf({ bitsPerMs, reportBits, reportedMs }: Allocation, nowMs: number): number {
  const silentMs = nowMs - reportedMs;
  return silentMs > 0 ? Math.min(bitsPerMs, reportBits / silentMs) : bitsPerMs;
}
