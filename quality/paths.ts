/**
 * The join that everything rests on: raw rows of one call become media paths `sender -> SFU -> receiver`.
 *
 * Ids that the SFU gave both sides do the joining: `producer_id` ties the sender's outbound streams to the
 * SFU's producer streams and to the consumers made of them, `consumer_id` ties a consumer to the receiver's
 * inbound stream, `transport_id` ties all of them to the network they travel on. One pass over the rows and
 * a few maps; the cost is linear in rows.
 */
import type { MediaKind, MediaSource } from '../telemetry/rows.ts';
import { type CallSamples, mediaKindOf, mediaSourceOf, type Sample, type SampleTable } from './samples.ts';

/** One transport between a participant and the SFU, seen from both ends. `send`: the participant's uplink. */
export interface Link {
  readonly participantId: string;
  readonly transportId: string;
  readonly direction: 'send' | 'recv' | '';
  readonly sfuNodeId: string;
  readonly sfu: readonly Sample<'sfu_transport'>[];
  /** The client's nominated pair. */
  readonly pair: readonly Sample<'candidate_pair'>[];
  readonly client: readonly Sample<'transport'>[];
}

/** One simulcast layer (or the only stream) of a producer; each part may be empty. */
export interface Layer {
  readonly rid: string;
  readonly outbound: readonly Sample<'outbound_rtp'>[];
  readonly remoteInbound: readonly Sample<'remote_inbound_rtp'>[];
  readonly sfu: readonly Sample<'sfu_producer'>[];
}

/** The first half of a path, shared by all who receive it. */
export interface Uplink {
  readonly producerId: string;
  readonly senderId: string;
  readonly kind: MediaKind;
  readonly source: MediaSource;
  /** WebRTC codec name in lower case, '' when unknown. */
  readonly codec: string;
  readonly link: Link | undefined;
  readonly mediaSource: readonly Sample<'media_source'>[];
  /** Lowest layer first. */
  readonly layers: readonly Layer[];
}

/** One sender's media on its way to one receiver. */
export interface MediaPath {
  readonly uplink: Uplink;
  readonly receiverId: string;
  readonly consumerId: string;
  readonly link: Link | undefined;
  readonly sfu: readonly Sample<'sfu_consumer'>[];
  readonly inbound: readonly Sample<'inbound_rtp'>[];
}

export interface CallPaths {
  readonly links: readonly Link[];
  readonly uplinks: readonly Uplink[];
  readonly paths: readonly MediaPath[];
}

export function joinPaths(call: CallSamples): CallPaths {
  const links = joinLinks(call);
  const linkOf = new Map(links.map((link) => [link.transportId, link]));
  const uplinks = joinUplinks(call, linkOf);
  const uplinkOf = new Map(uplinks.map((uplink) => [uplink.producerId, uplink]));

  const sfu = groupBy(call.sfu_consumer, (row) => row.consumer_id);
  const inbound = groupBy(call.inbound_rtp, (row) => row.consumer_id);
  const paths: MediaPath[] = [];
  for (const consumerId of new Set([...sfu.keys(), ...inbound.keys()])) {
    if (consumerId === '') continue;
    const atSfu = sfu.get(consumerId) ?? [];
    const atReceiver = inbound.get(consumerId) ?? [];
    const known = atSfu.at(-1) ?? atReceiver.at(-1)!;
    const producerId = known.producer_id || (atReceiver.at(-1)?.producer_id ?? '');
    const kind = mediaKindOf(known.kind || (atReceiver.at(-1)?.kind ?? ''));
    paths.push({
      uplink: uplinkOf.get(producerId) ?? unseenUplink(producerId, kind, atSfu.at(-1)?.source ?? ''),
      receiverId: known.participant_id,
      consumerId,
      link: linkOf.get(known.transport_id),
      sfu: atSfu,
      inbound: atReceiver,
    });
  }
  return { links, uplinks, paths };
}

function joinLinks(call: CallSamples): Link[] {
  const sfu = groupBy(call.sfu_transport, (row) => row.transport_id);
  const pairs = groupBy(
    call.candidate_pair.filter((row) => row.nominated !== false),
    (row) => row.transport_id,
  );
  const clients = groupBy(call.transport, (row) => row.transport_id);
  const directions = new Map<string, 'send' | 'recv'>();
  for (const row of call.outbound_rtp) directions.set(row.transport_id, 'send');
  for (const row of call.inbound_rtp) directions.set(row.transport_id, 'recv');

  const links: Link[] = [];
  for (const transportId of new Set([...sfu.keys(), ...pairs.keys(), ...clients.keys()])) {
    if (transportId === '') continue;
    const atSfu = sfu.get(transportId) ?? [];
    const pair = pairs.get(transportId) ?? [];
    const client = clients.get(transportId) ?? [];
    const known = atSfu.at(-1) ?? pair.at(-1) ?? client.at(-1)!;
    const told = atSfu.at(-1)?.direction;
    links.push({
      participantId: known.participant_id,
      transportId,
      direction: told === 'send' || told === 'recv' ? told : (directions.get(transportId) ?? ''),
      sfuNodeId: atSfu.at(-1)?.sfu_node_id ?? known.sfu_node_id,
      sfu: atSfu,
      pair,
      client,
    });
  }
  return links;
}

function joinUplinks(call: CallSamples, linkOf: ReadonlyMap<string, Link>): Uplink[] {
  const outbound = groupBy(call.outbound_rtp, (row) => row.producer_id);
  const sfu = groupBy(call.sfu_producer, (row) => row.producer_id);
  // Numbers of streams and of sources are a transport's own.
  const reports = groupBy(call.remote_inbound_rtp, (row) => row.ssrc);
  const sources = groupBy(call.media_source, (row) => row.producer_id);
  const sourcesById = groupBy(sources.get('') ?? [], (row) => row.stat_id);

  const uplinks: Uplink[] = [];
  for (const producerId of new Set([...outbound.keys(), ...sfu.keys()])) {
    if (producerId === '') continue;
    const sent = outbound.get(producerId) ?? [];
    const arrived = sfu.get(producerId) ?? [];
    const known = arrived.at(-1) ?? sent.at(-1)!;
    const kind = mediaKindOf(known.kind);
    const mediaSourceId = sent.findLast((row) => row.media_source_id !== '')?.media_source_id ?? '';
    const sentByRid = groupBy(sent, (row) => row.rid);
    const arrivedByRid = groupBy(arrived, (row) => row.rid);
    const layers = [...new Set([...arrivedByRid.keys(), ...sentByRid.keys()])].map((rid): Layer => {
      const ofRid = sentByRid.get(rid) ?? [];
      const atSfu = arrivedByRid.get(rid) ?? [];
      const ssrc = ofRid.at(-1)?.ssrc ?? atSfu.at(-1)?.ssrc ?? null;
      return {
        rid,
        outbound: ofRid,
        remoteInbound: ofTransport(reports.get(ssrc), known.transport_id),
        sfu: atSfu,
      };
    });
    uplinks.push({
      producerId,
      senderId: known.participant_id,
      kind,
      source: mediaSourceOf(arrived.at(-1)?.source ?? '', kind),
      codec: codecName(arrived.at(-1)?.mime_type ?? ''),
      link: linkOf.get(known.transport_id),
      // The id of the source is told rarely; our own id stands in every row where the client could match it.
      mediaSource: sources.get(producerId) ?? ofTransport(sourcesById.get(mediaSourceId), known.transport_id),
      layers: layers.sort((a, b) => layerRank(a) - layerRank(b)),
    });
  }
  return uplinks;
}

/** Layers by what mediasoup says, else by picture size, else by name (r0 < r1 < r2). */
function layerRank(layer: Layer): number {
  const spatial = layer.sfu.at(-1)?.spatial_layer;
  if (spatial !== null && spatial !== undefined) return spatial;
  const width = layer.outbound.at(-1)?.frame_width;
  if (width) return 10 + width;
  return 10_000 + (layer.rid.codePointAt(layer.rid.length - 1) ?? 0);
}

/** A consumer whose producer is on no row of the range, e.g. since its sender is silent. */
const unseenUplink = (producerId: string, kind: MediaKind, source: string): Uplink => ({
  producerId,
  senderId: '',
  kind,
  source: mediaSourceOf(source, kind),
  codec: '',
  link: undefined,
  mediaSource: [],
  layers: [],
});

const codecName = (mimeType: string): string => mimeType.toLowerCase().split('/')[1] ?? '';

const ofTransport = <S extends { readonly transport_id: string }>(
  rows: readonly S[] | undefined,
  transportId: string,
): readonly S[] =>
  rows === undefined || rows.every((row) => row.transport_id === transportId)
    ? (rows ?? [])
    : rows.filter((row) => row.transport_id === transportId);

/** Rows per key, each list by time. */
function groupBy<T extends SampleTable, K>(
  rows: readonly Sample<T>[],
  keyOf: (row: Sample<T>) => K,
): Map<K, Sample<T>[]> {
  const groups = new Map<K, Sample<T>[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  for (const group of groups.values()) {
    if (!isByTime(group)) group.sort((a, b) => a.time - b.time);
  }
  return groups;
}

/** Most sources tell in order: looking is cheaper than sorting. */
function isByTime(rows: readonly { readonly time: number }[]): boolean {
  for (let i = 1; i < rows.length; i++) if (rows[i]!.time < rows[i - 1]!.time) return false;
  return true;
}
