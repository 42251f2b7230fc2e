/**
 * One peer connection in its client's own words: how far it got, over what it goes, how often that changed. From
 * events, which are read from the call's beginning, and from the newest samples where there are no events.
 */
import { events as names } from '../../telemetry/events.ts';
import type { Link } from '../paths.ts';
import type { EventSample } from '../samples.ts';
import { fresh, staleClientMs, staleSfuMs } from './trailing.ts';

export interface ConnectionFeatures {
  readonly participantId: string;
  readonly transportId: string;
  /** Newest word; '' when nobody said. */
  readonly iceState: string;
  readonly connectionState: string;
  readonly dtlsState: string;
  readonly sfuIceState: string;
  readonly connectedOnce: boolean;
  /** It has been trying to connect for this long, without ever having been; ms. */
  readonly tryingMs: number | undefined;
  /** When its path broke or changed, once it had settled; epoch ms, oldest first. */
  readonly changesMs: readonly number[];
  /** Completed DTLS handshakes; epoch ms, oldest first. */
  readonly handshakesMs: readonly number[];
  /** The selected pair as the client named it last. */
  readonly pair:
    | { readonly localType: string; readonly protocol: string; readonly relayProtocol: string }
    | undefined;
  /** By that pair, or what the client told the SFU. */
  readonly usesRelay: boolean;
  /** Protocol of the selected tuple at the SFU. */
  readonly sfuProtocol: string;
}

/** Candidate pairs settle within this after the first connection. */
const settlingMs = 10_000;

/** Of a participant's own connection: nobody speaks of another's. */
export const connectionKey = (participantId: string, transportId: string): string =>
  `${participantId} ${transportId}`;

export type EventsByTransport = ReadonlyMap<string, readonly EventSample[]>;

const ofConnections: ReadonlySet<string> = new Set([
  names.iceState,
  names.connectionState,
  names.dtlsState,
  names.icePairChanged,
]);

/** What clients said of their connections up to the moment. */
export function connectionEvents(events: readonly EventSample[], atMs: number): EventsByTransport {
  const byTransport = new Map<string, EventSample[]>();
  for (const event of events) {
    if (event.time > atMs || !ofConnections.has(event.name)) continue;
    const key = connectionKey(event.participant_id, event.transport_id);
    const list = byTransport.get(key);
    if (list) list.push(event);
    else byTransport.set(key, [event]);
  }
  return byTransport;
}

const connectedStates = new Set(['connected', 'completed']);
const tryingStates = new Set(['checking', 'connecting']);

export function connectionFeatures(
  transportId: string,
  participantId: string,
  link: Link | undefined,
  said: readonly EventSample[],
  atMs: number,
): ConnectionFeatures {
  const states = (name: string) => said.filter((e) => e.name === name);
  const ice = states(names.iceState);
  const whole = states(names.connectionState);
  const dtls = states(names.dtlsState);
  const samples = link ? fresh(link.client, atMs, staleClientMs) : [];
  const newest = samples.at(-1);
  const sfu = link ? fresh(link.sfu, atMs, staleSfuMs).at(-1) : undefined;
  const iceState = newest?.ice_state || (ice.at(-1)?.attributes.state ?? '');
  const dtlsState = newest?.dtls_state || (dtls.at(-1)?.attributes.state ?? '');
  const connectionState = whole.at(-1)?.attributes.state ?? '';

  const connectedAt = [
    ...whole.filter((e) => e.attributes.state === 'connected').map((e) => e.time),
    // ICE alone is not a connection where DTLS or the whole has its own word.
    ...(whole.length === 0 ? ice.filter((e) => connectedStates.has(e.attributes.state ?? '')) : []).map(
      (e) => e.time,
    ),
  ];
  const flowed =
    samples.some((s) => (s.bytes_received ?? 0) > 0 && s.dtls_state === 'connected') ||
    sfu?.dtls_state === 'connected';
  const connectedOnce = connectedAt.length > 0 || flowed;
  const firstConnectedMs = connectedAt.length > 0 ? Math.min(...connectedAt) : undefined;
  const pairs = states(names.icePairChanged);
  const pair = pairOf(pairs.at(-1));
  return {
    participantId,
    transportId,
    iceState,
    connectionState,
    dtlsState,
    sfuIceState: sfu?.ice_state ?? '',
    connectedOnce,
    tryingMs: connectedOnce ? undefined : tryingFor(said, samples, atMs),
    changesMs:
      firstConnectedMs === undefined
        ? []
        : [...pairs, ...ice.filter((e) => e.attributes.state === 'disconnected')]
            .map((e) => e.time)
            .filter((time) => time > firstConnectedMs + settlingMs)
            .sort((a, b) => a - b),
    handshakesMs: dtls.filter((e) => e.attributes.state === 'connected').map((e) => e.time),
    pair,
    usesRelay: pair ? pair.localType === 'relay' : sfu?.uses_relay === true,
    sfuProtocol: sfu?.protocol ?? '',
  };
}

function pairOf(event: EventSample | undefined): ConnectionFeatures['pair'] {
  if (!event) return undefined;
  const { local_type = '', protocol = '', relay_protocol = '' } = event.attributes;
  return { localType: local_type, protocol, relayProtocol: relay_protocol };
}

/** From the first word of trying. A connection that was given up or closed tries no more; one that failed did. */
function tryingFor(
  said: readonly EventSample[],
  samples: readonly { readonly time: number; readonly ice_state: string; readonly dtls_state: string }[],
  atMs: number,
): number | undefined {
  const last = said.findLast((e) => e.name === names.connectionState || e.name === names.iceState);
  if (last?.attributes.state === 'closed') return undefined;
  const first = said.find(
    (e) => e.name !== names.icePairChanged && tryingStates.has(e.attributes.state ?? ''),
  );
  if (first) return atMs - first.time;
  const trying = samples.findLastIndex(
    (s) =>
      !(tryingStates.has(s.ice_state) || (connectedStates.has(s.ice_state) && s.dtls_state === 'connecting')),
  );
  const since = samples[trying + 1];
  return since ? atMs - since.time : undefined;
}
