/**
 * When something happened, on the server's clock. Client clocks lie by minutes and more; windows need them
 * right within a fraction of one.
 */

import { resourceAttributes } from '../../telemetry/identity.ts';
import type { Attributes } from '../otlp/model.ts';

/** What the sender's resource says about its clock. */
export interface SenderClock {
  /** Milliseconds to add to client time; NaN where it was not measured. */
  readonly offsetMs: number;
  /** Client time when the batch left; NaN where it is not told. */
  readonly sentAtMs: number;
}

export function senderClock(resource: Attributes): SenderClock {
  return {
    offsetMs: finite(resource.get(resourceAttributes.clockOffsetMs)),
    sentAtMs: finite(resource.get(resourceAttributes.sentAtMs)),
  };
}

/** Older than this is not believed: a client that was offline for a day has other worries. */
export const oldestMs = 24 * 3_600_000;
/** Newer than this is not believed: more than an offset measured over one socket round trip can be wrong by. */
export const newestMs = 2_000;

/**
 * `clientTimeMs` moved by the measured offset; without one, by the difference between sending (client clock) and
 * receiving, which is too late by the time of flight; without either, as it is (servers keep good time).
 * A result that cannot be is replaced by the time of receipt.
 * @returns whole epoch ms
 */
export function correctedTime(clientTimeMs: number, clock: SenderClock, receivedAtMs: number): number {
  const shift = Number.isNaN(clock.offsetMs)
    ? Number.isNaN(clock.sentAtMs)
      ? 0
      : receivedAtMs - clock.sentAtMs
    : clock.offsetMs;
  const time = Math.round(clientTimeMs + shift);
  return time >= receivedAtMs - oldestMs && time <= receivedAtMs + newestMs ? time : receivedAtMs;
}

/** 2100-01-01: what DateTime64 and every reader can hold. */
const latestMs = 4_102_444_800_000;

/** A time as the client told it, fit for a DateTime64(3) column. */
export function storableTime(timeMs: number): number {
  return Number.isFinite(timeMs) ? Math.min(Math.max(Math.round(timeMs), 0), latestMs) : 0;
}

function finite(value: unknown): number {
  const number = typeof value === 'bigint' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : Number.NaN;
}
