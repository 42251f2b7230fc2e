/** One participant's network path as such: is anything getting through, and what do both ends say of it. */
import type { Link } from '../paths.ts';
import type { Sample } from '../samples.ts';
import type { DownlinkFeatures } from './downlink.ts';
import { fresh, highest, lowest, sinceProgressMs, staleClientMs, staleSfuMs } from './trailing.ts';
import type { UplinkFeatures } from './uplink.ts';

export interface IceFeatures {
  readonly participantId: string;
  readonly clientIceState: string;
  readonly sfuIceState: string;
  readonly clientTimeMs: number | undefined;
  readonly sendSilentMs: number | undefined;
  readonly recvSilentMs: number | undefined;
  /** Media came in on the way up until lately: its silence means something. */
  readonly sendFlowed: boolean;
  readonly clientStalledMs: number | undefined;
  /** STUN requests went out and no answer came back, at the client's newest samples; ms. */
  readonly unansweredMs: number | undefined;
  readonly left: boolean;
}

/** Less is connectivity checks and reports. */
const mediaBps = 5_000;

export function iceFeatures(
  participantId: string,
  links: readonly Link[],
  downlinks: readonly DownlinkFeatures[],
  uplinks: readonly UplinkFeatures[],
  left: boolean,
  atMs: number,
): IceFeatures {
  const own = links.filter((l) => l.participantId === participantId);
  const client = own.map((l) => fresh(l.client, atMs, staleClientMs).at(-1)).filter((s) => s !== undefined);
  const sfu = own.map((l) => fresh(l.sfu, atMs, staleSfuMs).at(-1)).filter((s) => s !== undefined);
  const down = downlinks.filter((d) => d.participantId === participantId);
  const up = uplinks.filter((u) => u.participantId === participantId);
  return {
    participantId,
    clientIceState: worstIceState(client.map((s) => s.ice_state)),
    sfuIceState: worstIceState(sfu.map((s) => s.ice_state)),
    clientTimeMs: highest(client.map((s) => s.time)),
    sendSilentMs: lowest(up.map((u) => u.silentMs)),
    sendFlowed: up.some((u) => (u.receiveBeforeBps ?? 0) >= mediaBps),
    recvSilentMs: lowest(down.map((d) => d.silentMs)),
    clientStalledMs: lowest(down.map((d) => d.clientStalledMs)),
    unansweredMs: highest(own.map((l) => unansweredMs(fresh(l.pair, atMs, staleClientMs)))),
    left,
  };
}

function unansweredMs(pair: readonly Sample<'candidate_pair'>[]): number | undefined {
  const still = sinceProgressMs(pair, (s) => s.responses_received);
  if (still === undefined || still === 0) return still;
  const since = pair.find((s) => s.time >= pair.at(-1)!.time - still)!;
  return (pair.at(-1)!.requests_sent ?? 0) - (since.requests_sent ?? 0) >= 1 ? still : 0;
}

const iceOrder = ['failed', 'disconnected', 'closed', 'checking', 'new', 'connected', 'completed'];

function worstIceState(states: readonly string[]): string {
  const known = states.filter((s) => s !== '').sort((a, b) => iceOrder.indexOf(a) - iceOrder.indexOf(b));
  return known[0] ?? '';
}
