/** One getStats report of a recording: samples for judgement, and totals of its connection. */
import { isProbation, type RawStats, selectedPair } from '../../telemetry/browser-stats.ts';
import { events } from '../../telemetry/events.ts';
import type { SampleIdentity } from '../samples.ts';
import type { ConnectionRecorder } from './connection-recorder.ts';
import type { Recorder } from './recorder.ts';
import { isTime, localParticipant } from './recorder.ts';
import type { PairChange } from './recording.ts';
import { blankSample, sampleOf, tableOf } from './rows.ts';

/** A report's own time further off than this is another clock's; as in the client SDK. */
const maxClockDifferenceMs = 5_000;

export function readReport(
  recorder: Recorder,
  connection: ConnectionRecorder,
  reportedAt: number,
  given: readonly RawStats[],
): void {
  const objects = given.map(byTodaysName);
  const time = reportTime(objects, reportedAt);
  connection.reported(time);
  const byId = new Map(objects.map((stats) => [stats.id, stats]));
  const pair = selectedPair(objects);
  const base: SampleIdentity = {
    tenant_id: recorder.tenantId,
    call_id: recorder.callId,
    participant_id: localParticipant,
    session_id: '',
    sfu_node_id: '',
    transport_id: connection.id,
    producer_id: '',
    consumer_id: '',
    stat_id: '',
    time,
  };
  let hasTransport = false;
  for (const stats of objects) {
    const table = tableOf(stats.type);
    if (stats.type === 'ssrc' || stats.type === 'googCandidatePair') {
      recorder.warn('statistics from before the standard (googCandidatePair, ssrc) are not read');
    }
    if (table === undefined || isProbation(stats)) continue;
    if (stats.type === 'candidate-pair' && stats !== pair) continue;
    hasTransport ||= stats.type === 'transport';
    const whole = stats.type === 'inbound-rtp' ? withTrack(stats, byId) : stats;
    const identity = {
      ...base,
      stat_id: stats.id.slice(0, 200),
      ...idsOf(recorder, connection, whole, byId),
    };
    const sample = sampleOf(whole, identity)!;
    recorder.addSample(table, stats.type === 'outbound-rtp' ? layered(sample, whole) : sample);
    countTotals(connection, whole, byId);
  }
  // Firefox has no transport among its statistics; its ICE state is known all the same.
  if (!hasTransport && objects.length > 0) recorder.addSample('transport', blankSample('transport', base));
  followPair(recorder, connection, pair, byId, time, objects);
}

/** Firefox before 66 marked what the other side reports by a flag. */
function byTodaysName(stats: RawStats): RawStats {
  if (stats.isRemote !== true) return stats;
  if (stats.type === 'inbound-rtp') return { ...stats, type: 'remote-inbound-rtp' };
  if (stats.type === 'outbound-rtp') return { ...stats, type: 'remote-outbound-rtp' };
  return stats;
}

function reportTime(objects: readonly RawStats[], reportedAt: number): number {
  const own = objects.find(
    ({ type, timestamp }) =>
      type !== 'remote-inbound-rtp' && type !== 'remote-outbound-rtp' && typeof timestamp === 'number',
  )?.timestamp;
  const near = isTime(own) && Math.abs(own - reportedAt) < maxClockDifferenceMs;
  return Math.round(near ? own : reportedAt);
}

/** Chrome until 112 kept what became of a stream after decoding in a `track` object of its own. */
function withTrack(stats: RawStats, byId: ReadonlyMap<string, RawStats>): RawStats {
  const track = typeof stats.trackId === 'string' ? byId.get(stats.trackId) : undefined;
  return track?.type === 'track' ? { ...track, ...stats } : stats;
}

function idsOf(
  recorder: Recorder,
  connection: ConnectionRecorder,
  stats: RawStats,
  byId: ReadonlyMap<string, RawStats>,
): Partial<SampleIdentity> {
  switch (stats.type) {
    case 'outbound-rtp': {
      const producerId = producerOf(connection, stats);
      describe(recorder, producerId, stats, byId);
      return { producer_id: producerId };
    }
    case 'inbound-rtp': {
      // Who sends it is on nobody's statistics: each stream received is a producer of its own.
      const id = `${connection.id}/in/${stats.ssrc ?? stats.id}`;
      describe(recorder, id, stats, byId);
      return { producer_id: id, consumer_id: id };
    }
    default:
      return {};
  }
}

function producerOf(connection: ConnectionRecorder, stats: RawStats): string {
  const known = connection.producers.get(stats.id);
  if (known !== undefined) return known;
  const source = [stats.mid, stats.mediaSourceId, stats.trackId].find(
    (id) => typeof id === 'string' && id !== '',
  );
  const producerId = `${connection.id}/out/${source ?? stats.kind ?? stats.mediaType ?? stats.id}`;
  if (connection.producers.size < 10_000) connection.producers.set(stats.id, producerId);
  return producerId;
}

function describe(
  recorder: Recorder,
  producerId: string,
  stats: RawStats,
  byId: ReadonlyMap<string, RawStats>,
): void {
  const codec = codecOf(stats, byId);
  if (codec !== '') recorder.codecs.set(producerId, codec);
  if (stats.contentType === 'screenshare') recorder.screens.add(producerId);
}

function codecOf(stats: RawStats, byId: ReadonlyMap<string, RawStats>): string {
  const mimeType = typeof stats.codecId === 'string' ? byId.get(stats.codecId)?.mimeType : undefined;
  return typeof mimeType === 'string' ? (mimeType.toLowerCase().split('/')[1] ?? '').slice(0, 20) : '';
}

/** Layers without a rid (simulcast by SSRC, as Jitsi and Firefox have it) are told apart by their SSRC. */
function layered<S>(sample: S, stats: RawStats): S {
  if (kindOf(stats) !== 'video' || (typeof stats.rid === 'string' && stats.rid !== '')) return sample;
  return { ...sample, rid: String(stats.ssrc ?? stats.id) };
}

const kindOf = (stats: RawStats): string => {
  const kind = stats.kind ?? stats.mediaType;
  return kind === 'audio' || kind === 'video' ? kind : '';
};

function countTotals(
  connection: ConnectionRecorder,
  stats: RawStats,
  byId: ReadonlyMap<string, RawStats>,
): void {
  if (typeof stats.ssrc !== 'number') return;
  const own = stats.type === 'inbound-rtp' ? 'recv' : stats.type === 'outbound-rtp' ? 'send' : undefined;
  if (own) {
    const stream = connection.stream(own, stats.ssrc, kindOf(stats));
    if (!stream) return;
    stream.packets = number(own === 'recv' ? stats.packetsReceived : stats.packetsSent) ?? stream.packets;
    stream.codec = codecOf(stats, byId) || stream.codec;
    if (own === 'send') return;
    stream.packetsLost = number(stats.packetsLost) ?? stream.packetsLost;
    const played = number(stats.totalSamplesReceived);
    const concealed = number(stats.concealedSamples);
    if (stream.kind === 'audio' && played && concealed !== undefined)
      stream.concealedRatio = concealed / played;
  } else if (stats.type === 'remote-inbound-rtp') {
    const stream = connection.stream('send', stats.ssrc, kindOf(stats));
    if (stream) stream.packetsLost = number(stats.packetsLost) ?? stream.packetsLost;
  }
}

function followPair(
  recorder: Recorder,
  connection: ConnectionRecorder,
  pair: RawStats | undefined,
  byId: ReadonlyMap<string, RawStats>,
  time: number,
  objects: readonly RawStats[],
): void {
  const transport = objects.find((stats) => stats.type === 'transport');
  connection.credentials(transport?.iceLocalUsernameFragment, 'transport');
  const roundTrip =
    pair?.currentRoundTripTime ?? objects.find((stats) => stats.type === 'remote-inbound-rtp')?.roundTripTime;
  connection.roundTrip(roundTrip);
  if (!pair) return;
  const local = byId.get(String(pair.localCandidateId));
  const remote = byId.get(String(pair.remoteCandidateId));
  const change: PairChange = {
    time,
    localType: word(local?.candidateType),
    remoteType: word(remote?.candidateType),
    protocol: word(local?.protocol),
    relayProtocol: relayProtocol(local),
  };
  if (!connection.pairInUse(pair, change)) return;
  recorder.event(
    events.icePairChanged,
    time,
    {
      local_type: change.localType,
      remote_type: change.remoteType,
      protocol: change.protocol,
      relay_protocol: change.relayProtocol,
    },
    connection.id,
  );
}

/** Safari does not tell it, but tells the server's URL. */
function relayProtocol(local: RawStats | undefined): string {
  const told = word(local?.relayProtocol);
  const url = local?.candidateType === 'relay' && typeof local.url === 'string' ? local.url : '';
  if (told !== '' || url === '') return told;
  if (url.startsWith('turns:')) return 'tls';
  return url.includes('transport=tcp') ? 'tcp' : 'udp';
}

const word = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 40) : '');
const number = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;
