/**
 * What became of each connection of a recording, by its own states: did it come up, how fast, did it fail, did it
 * come back, and which way did it take. Independent of detectors; where the browser did not tell the connection's
 * state (Firefox before 113), ICE's stands in.
 */
import type { ConnectionLog, PairChange, StateChange, StreamTotal } from './recording.ts';

export interface ConnectionSummary {
  readonly id: string;
  readonly participantId: string;
  /** Undefined where the recording does not say. */
  readonly peerToPeer: boolean | undefined;
  readonly createdAt: number | undefined;
  readonly closedAt: number | undefined;
  /** In order of time. */
  readonly states: readonly StateChange[];
  /** Of the connection; '' when none was told. */
  readonly lastState: string;
  readonly connectedAt: number | undefined;
  /** From its creation to its first `connected`, ms. */
  readonly timeToConnectMs: number | undefined;
  /** From ICE's first `checking` to its first `connected` or `completed`, ms. */
  readonly iceConnectMs: number | undefined;
  /** It was `failed` at some time, by its own state or ICE's. */
  readonly failed: boolean;
  readonly failedAt: number | undefined;
  /** How often it came back to `connected` after `disconnected` or `failed`. */
  readonly reconnects: number;
  /** Times without connection between two with it, ms. */
  readonly interruptionsMs: readonly number[];
  readonly iceRestarts: number;
  readonly failures: ConnectionLog['failures'];
  /** The way it took last; undefined when no pair was ever in use. */
  readonly pair: (PairChange & { readonly relayed: boolean }) | undefined;
  readonly pairChanges: number;
  readonly roundTripMs: ConnectionLog['roundTripMs'];
  readonly reports: ConnectionLog['reports'];
  readonly streams: readonly StreamTotal[];
}

const isUp = (state: string): boolean => state === 'connected' || state === 'completed';
const isDown = (state: string): boolean => state === 'disconnected' || state === 'failed';

export function connectionSummary(log: ConnectionLog): ConnectionSummary {
  const states = [...log.states].sort((a, b) => a.time - b.time);
  const told = states.some((s) => s.of === 'connection') ? 'connection' : 'ice';
  const own = states.filter((s) => s.of === told);
  const ice = states.filter((s) => s.of === 'ice');
  const connectedAt = own.find((s) => isUp(s.state))?.time;
  const createdAt = log.createdAt ?? states[0]?.time;
  const checkingAt = ice.find((s) => s.state === 'checking')?.time;
  const iceUpAt = ice.find((s) => isUp(s.state))?.time;
  const failedAt = states.find(
    (s) => s.state === 'failed' && (s.of === 'connection' || s.of === 'ice'),
  )?.time;
  const interruptionsMs = interruptions(own);
  const pair = log.pairs.at(-1);
  return {
    id: log.id,
    participantId: log.participantId,
    peerToPeer: log.peerToPeer,
    createdAt: log.createdAt,
    closedAt: log.closedAt,
    states,
    lastState: own.at(-1)?.state ?? '',
    connectedAt,
    timeToConnectMs: between(createdAt, connectedAt),
    iceConnectMs: between(checkingAt, iceUpAt),
    failed: failedAt !== undefined,
    failedAt,
    reconnects: interruptionsMs.length,
    interruptionsMs,
    iceRestarts: Math.max(log.restartRequests.length, log.iceCredentials.length - 1, 0),
    failures: log.failures,
    pair: pair && { ...pair, relayed: isRelayed(pair) },
    pairChanges: Math.max(0, log.pairs.length - 1),
    roundTripMs: log.roundTripMs,
    reports: log.reports,
    streams: log.streams,
  };
}

/** By either end: a relay of the other side's is a relay. */
export const isRelayed = (pair: PairChange): boolean =>
  pair.localType === 'relay' || pair.remoteType === 'relay';

function interruptions(states: readonly StateChange[]): number[] {
  const lengths: number[] = [];
  let wasUp = false;
  let downSince: number | undefined;
  for (const { state, time } of states) {
    if (isUp(state)) {
      if (downSince !== undefined) lengths.push(time - downSince);
      downSince = undefined;
      wasUp = true;
    } else if (isDown(state) && wasUp) downSince ??= time;
  }
  return lengths;
}

const between = (from: number | undefined, to: number | undefined): number | undefined =>
  from === undefined || to === undefined || to < from ? undefined : to - from;
