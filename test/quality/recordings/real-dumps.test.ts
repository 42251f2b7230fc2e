/**
 * Six real sessions of Chrome, Firefox and Safari, and what jitsi's rtcstats-server made of four of them. What it
 * and we both speak of must be the same; docs/recordings.md says what is not comparable.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ConnectionSummary } from '../../../quality/recordings/connections.ts';
import { readRecording } from '../../../quality/recordings/read.ts';
import { verdictOf } from '../../../quality/recordings/verdict.ts';
import { dumpsFolder, whySkipped } from './support/shared.ts';

const verdict = (name: string) =>
  verdictOf(readRecording(readFileSync(`${dumpsFolder}/${name}.jsonl`, 'utf8')));
const connection = (name: string, id = 'PC_0') => verdict(name).connections.find((c) => c.id === id)!;

interface Aggregates {
  connectionFailed: boolean;
  iceReconnects: number;
  lastIceDisconnect: number;
  lastIceFailure: number;
  isP2P: boolean | null;
  usesRelay?: boolean | null;
  dtlsFailure: number;
  sdpCreateFailure: number;
  sdpSetFailure: number;
  candidatePairData: {
    isUsingRelay?: boolean;
    localCandidateType?: string;
    remoteCandidateType?: string;
    localProtocol?: string;
  };
  transportAggregates: { meanRtt: number };
  tracks: Record<'receiverTracks' | 'senderTracks', Track[]>;
}

interface Track {
  ssrc: number;
  mediaType: string;
  packets: number;
  packetsLost: number;
  concealedPercentage: number;
}

const expectations: { dump: string; file: string }[] = [
  { dump: 'chrome-standard-pc-failed', file: 'chrome-standard-pc-failed.json' },
  { dump: 'chrome-standard-pc-reconnect', file: 'chrome-standard-pc-reconnect.json' },
  { dump: 'google-standard-stats-sfu', file: 'google-standard-stats-sfu-result.json' },
  { dump: 'firefox97-standard-stats-sfu', file: 'firefox97-standard-stats-sfu-result.json' },
];

describe.skipIf(!dumpsFolder)('real sessions', () => {
  it('shows the connection that failed, when, and those that never came up', () => {
    const { connections } = verdict('chrome-standard-pc-failed');
    expect(connections.map((c) => [c.id, c.failed, c.connectedAt !== undefined])).toEqual([
      ['PC_0', true, true],
      ['PC_1', true, false],
      ['PC_2', true, false],
    ]);
    expect(connections[0]!.failedAt! - connections[0]!.connectedAt!).toBe(14_211);
  });

  it('shows each time a connection came back, and after how long', () => {
    expect(connection('chrome-standard-pc-reconnect')).toMatchObject({
      reconnects: 2,
      interruptionsMs: [10_000, 10_000],
    });
    expect(connection('safari-relay')).toMatchObject({
      reconnects: 1,
      interruptionsMs: [434],
      failed: false,
    });
  });

  it('opens issues for what never came up, and for nothing that did', () => {
    const kinds = (name: string) =>
      verdict(name)
        .incidents.filter((i) => i.kind === 'connection_not_established' || i.kind === 'relay_over_tcp')
        .map((i) => `${i.kind} ${i.subject_id}`)
        .sort();
    expect(kinds('chrome-standard-pc-failed')).toEqual([
      'connection_not_established PC_1',
      'connection_not_established PC_2',
    ]);
    expect(kinds('chrome-relay').map((text) => text.split(' ')[0])).toEqual(['relay_over_tcp']);
    expect(kinds('safari-relay').map((text) => text.split(' ')[0])).toEqual(['relay_over_tcp']);
    expect(kinds('firefox97-standard-stats-sfu')).toEqual([]);
    expect(kinds('google-standard-stats-sfu')).toEqual([]);
  });

  it.each(['chrome-relay', 'safari-relay'])('shows in %s that it goes through a relay, and how', (name) => {
    expect(connection(name).pair).toMatchObject({ relayed: true, localType: 'relay', relayProtocol: 'tls' });
  });

  it('tells of cameras that were not given', () => {
    const events = readRecording(
      readFileSync(`${dumpsFolder}/chrome-standard-pc-failed.jsonl`, 'utf8'),
    ).samples.events.filter((e) => e.name === 'rtc.media.error');
    expect(events.map((e) => e.attributes.name)).toEqual(['NotReadableError']);
  });

  it.each(expectations)('agrees with what rtcstats-server says of $dump', ({ dump, file }) => {
    const [{ features }] = JSON.parse(readFileSync(`${dumpsFolder}/expected/${file}`, 'utf8')) as [
      { features: { aggregates: Record<string, Aggregates> } },
    ];
    const { connections } = verdict(dump);
    expect(connections.map((c) => c.id).sort()).toEqual(Object.keys(features.aggregates).sort());
    for (const [id, theirs] of Object.entries(features.aggregates)) {
      const ours = connections.find((c) => c.id === id)!;
      const failures = (part: RegExp) => ours.failures.filter((f) => part.test(f.call)).length;
      expect({
        connectionFailed: ours.failed,
        iceReconnects: ours.reconnects,
        lastIceDisconnect: lastIce(ours, 'disconnected'),
        lastIceFailure: lastIce(ours, 'failed'),
        isP2P: ours.peerToPeer ?? null,
        relay: ours.pair?.relayed,
        dtlsFailure: ours.states.filter((s) => s.of === 'dtls' && s.state === 'failed').length,
        sdpCreateFailure: failures(/^create(offer|answer)$/),
        sdpSetFailure: failures(/^set(local|remote)description$/),
        way: [ours.pair?.localType, ours.pair?.remoteType, ours.pair?.protocol],
        meanRtt: Math.round((ours.roundTripMs?.mean ?? 0) / 10) / 100,
      }).toEqual({
        connectionFailed: theirs.connectionFailed,
        iceReconnects: theirs.iceReconnects,
        lastIceDisconnect: theirs.lastIceDisconnect,
        lastIceFailure: theirs.lastIceFailure,
        isP2P: theirs.isP2P,
        relay: theirs.candidatePairData.isUsingRelay,
        dtlsFailure: theirs.dtlsFailure,
        sdpCreateFailure: theirs.sdpCreateFailure,
        sdpSetFailure: theirs.sdpSetFailure,
        way: [
          theirs.candidatePairData.localCandidateType,
          theirs.candidatePairData.remoteCandidateType,
          theirs.candidatePairData.localProtocol,
        ],
        meanRtt: theirs.transportAggregates.meanRtt,
      });
      compareTracks(ours, theirs, dump.startsWith('firefox'));
    }
  });
});

if (!dumpsFolder) it.skip(whySkipped);

const lastIce = (c: ConnectionSummary, state: string): number =>
  c.states.findLast((s) => s.of === 'ice' && s.state === state)?.time ?? 0;

function compareTracks(ours: ConnectionSummary, theirs: Aggregates, firefox: boolean): void {
  const stream = (direction: string, ssrc: number) =>
    ours.streams.find((s) => s.direction === direction && s.ssrc === ssrc);
  for (const track of theirs.tracks.receiverTracks) {
    const own = stream('recv', track.ssrc);
    // Of Firefox it takes what the other side reports of a stream sent for one received.
    if (firefox && !own && stream('send', track.ssrc)) continue;
    expect(own, `received ${track.ssrc}`).toMatchObject({
      kind: track.mediaType,
      packets: track.packets,
      packetsLost: track.packetsLost,
    });
    expect(100 * (own!.concealedRatio ?? 0)).toBeCloseTo(track.concealedPercentage, 2);
  }
  if (firefox) return;
  for (const track of theirs.tracks.senderTracks) {
    expect(stream('send', track.ssrc), `sent ${track.ssrc}`).toMatchObject({
      kind: track.mediaType,
      packets: track.packets,
      packetsLost: track.packetsLost,
    });
  }
}
