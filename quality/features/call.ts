/**
 * What the detectors look at: for each participant's uplink and downlink, and for each media path, the
 * measurements at one moment over a trailing span. Pure in (paths, moment). Absent is undefined, never 0.
 *
 * Every source is measured up to its own newest sample, as sources arrive with different delay (SFU ~0.7 s,
 * clients up to 2.5 s); a source whose newest sample is too old says nothing.
 *
 * What only some detectors ask for is a function, worked out when first asked: the SFU's reflex asks for none of it.
 */
import { events as names } from '../../telemetry/events.ts';
import type { DecisionRow } from '../../telemetry/rows.ts';
import type { CallPaths, Link } from '../paths.ts';
import type { EventSample } from '../samples.ts';
import {
  type ConnectionFeatures,
  connectionEvents,
  connectionFeatures,
  connectionKey,
} from './connection.ts';
import { type DeviceFeatures, deviceFeatures } from './device.ts';
import { type DownlinkFeatures, downlinkFeatures } from './downlink.ts';
import { type IceFeatures, iceFeatures } from './ice.ts';
import { once } from './once.ts';
import { type PathFeatures, pathFeatures } from './path.ts';
import { type PresenceFeatures, presenceFeatures } from './presence.ts';
import { type ReceivingFeatures, receivingFeatures } from './receiving.ts';
import { type RelayFeatures, relayFeatures } from './relay.ts';
import { type SendingFeatures, sendingFeatures } from './sending.ts';
import { type UplinkFeatures, uplinkFeatures } from './uplink.ts';

export interface CallFeatures {
  readonly tenantId: string;
  readonly callId: string;
  /** The moment judged, epoch ms. */
  readonly atMs: number;
  readonly downlinks: readonly DownlinkFeatures[];
  readonly uplinks: readonly UplinkFeatures[];
  readonly ice: readonly IceFeatures[];
  readonly paths: readonly PathFeatures[];
  /** Happenings up to the moment. */
  readonly events: readonly EventSample[];
  /** Of each path, in the order of `paths`. */
  readonly receiving: () => readonly ReceivingFeatures[];
  readonly receivingBy: () => ReadonlyMap<string, readonly ReceivingFeatures[]>;
  readonly sending: () => readonly SendingFeatures[];
  readonly connections: () => readonly ConnectionFeatures[];
  readonly presence: () => readonly PresenceFeatures[];
  readonly devices: () => ReadonlyMap<string, DeviceFeatures>;
  readonly relay: () => RelayFeatures;
  /** The paths of one producer's media. */
  readonly pathsOf: (producerId: string) => readonly PathFeatures[];
  /** The paths whose last part is this link. */
  readonly pathsOn: (link: Link) => readonly PathFeatures[];
  /** Who receives something of this participant. */
  readonly receiversOf: (senderId: string) => readonly string[];
  /** The same call some time before, as it is known by now. */
  readonly earlier: (byMs: number) => CallFeatures;
}

export function callFeatures(
  paths: CallPaths,
  events: readonly EventSample[],
  at: { tenantId: string; callId: string; atMs: number; decisions?: readonly DecisionRow[] },
): CallFeatures {
  const { tenantId, callId, atMs, decisions = [] } = at;
  const past = events.filter((e) => e.time <= atMs);
  const left = whoLeft(past);
  const links = paths.links.filter((link) => !left.has(link.participantId));
  const pathsOf = Map.groupBy(paths.paths, (path) => path.link);
  const uplinksOf = Map.groupBy(paths.uplinks, (uplink) => uplink.link);
  const downlinks = links
    .filter((link) => link.direction === 'recv')
    .map((link) => downlinkFeatures(link, pathsOf.get(link) ?? [], atMs));
  const uplinks = links
    .filter((link) => link.direction === 'send')
    .map((link) => uplinkFeatures(link, uplinksOf.get(link) ?? [], atMs));
  const people = [...new Set(paths.links.map((link) => link.participantId))];
  const linksOf = Map.groupBy(links, (link) => link.participantId);
  const downlinksOf = Map.groupBy(downlinks, (d) => d.participantId);
  const uplinksBy = Map.groupBy(uplinks, (u) => u.participantId);
  const present = paths.paths
    .filter((p) => !left.has(p.receiverId) && !left.has(p.uplink.senderId))
    .map((p) => pathFeatures(p, atMs, decisions));

  const receiving = once(() => present.map((p) => receivingFeatures(p, atMs)));
  const byProducer = once(() => Map.groupBy(present, (p) => p.path.uplink.producerId));
  const byLink = once(() => Map.groupBy(present, (p) => p.path.link));
  const receivers = once(() => {
    const bySender = new Map<string, Set<string>>();
    for (const { path } of present) {
      const known = bySender.get(path.uplink.senderId);
      if (known) known.add(path.receiverId);
      else bySender.set(path.uplink.senderId, new Set([path.receiverId]));
    }
    return bySender;
  });
  const before = new Map<number, CallFeatures>();
  const connections = once(() => connectionsOf(links, past, left, atMs));
  return {
    tenantId,
    callId,
    atMs,
    downlinks,
    uplinks,
    ice: people.map((id) =>
      iceFeatures(
        id,
        linksOf.get(id) ?? [],
        downlinksOf.get(id) ?? [],
        uplinksBy.get(id) ?? [],
        left.has(id),
        atMs,
      ),
    ),
    paths: present,
    events: past,
    receiving,
    receivingBy: once(() => Map.groupBy(receiving(), (r) => r.receiverId)),
    sending: once(() =>
      paths.uplinks.filter((u) => !left.has(u.senderId)).map((u) => sendingFeatures(u, atMs)),
    ),
    connections,
    devices: once(() => new Map(people.map((id) => [id, deviceFeatures(id, linksOf.get(id) ?? [], atMs)]))),
    relay: once(() => relayFeatures(connections(), downlinks, uplinks)),
    presence: once(() => presenceFeatures(links, past, left, atMs)),
    pathsOf: (producerId) => byProducer().get(producerId) ?? [],
    pathsOn: (link) => byLink().get(link) ?? [],
    receiversOf: (senderId) => [...(receivers().get(senderId) ?? [])],
    earlier: (byMs) => {
      const known = before.get(byMs) ?? callFeatures(paths, events, { ...at, atMs: atMs - byMs });
      before.set(byMs, known);
      return known;
    },
  };
}

/** Participants whose last word is that they left, or whose node was lost. */
function whoLeft(events: readonly EventSample[]): Set<string> {
  const left = new Map<string, number>();
  const joined = new Map<string, number>();
  for (const e of events) {
    if (e.name === names.participantLeft) left.set(e.participant_id, e.time);
    else if (e.name === names.participantJoined) joined.set(e.participant_id, e.time);
    else if (e.name === names.callTakenOver) for (const id of joined.keys()) left.set(id, e.time);
  }
  return new Set([...left].filter(([id, time]) => !((joined.get(id) ?? 0) > time)).map(([id]) => id));
}

/** By what the samples show and by what was only told of: a connection that never came up has hardly a sample. */
function connectionsOf(
  links: readonly Link[],
  events: readonly EventSample[],
  left: ReadonlySet<string>,
  atMs: number,
): ConnectionFeatures[] {
  const said = connectionEvents(events, atMs);
  const seen = new Set<string>();
  const all = links.map((link) => {
    const key = connectionKey(link.participantId, link.transportId);
    seen.add(key);
    return connectionFeatures(link.transportId, link.participantId, link, said.get(key) ?? [], atMs);
  });
  for (const [key, list] of said) {
    const { participant_id, transport_id } = list[0]!;
    if (seen.has(key) || left.has(participant_id)) continue;
    all.push(connectionFeatures(transport_id, participant_id, undefined, list, atMs));
  }
  return all;
}
