import { describe, expect, it } from 'vitest';
import { connectionSummary } from '../../../quality/recordings/connections.ts';
import { readRecording } from '../../../quality/recordings/read.ts';

const t0 = Date.UTC(2022, 1, 14, 10, 0, 0);
const iso = (ms: number) => new Date(ms).toISOString();
const series = (statsType: string, values: unknown[], startMs = t0, stepMs = 1_000) => ({
  startTime: iso(startMs),
  endTime: iso(startMs + (values.length - 1) * stepMs),
  statsType,
  values: JSON.stringify(values),
});
const dump = (connection: object, more: object = {}) =>
  readRecording(JSON.stringify({ PeerConnections: { '7-1': connection }, ...more }));

describe('webrtc-internals dumps', () => {
  it('puts members that came later than their object where they belong', () => {
    const { samples } = dump({
      updateLog: [],
      stats: {
        'I1-timestamp': series('inbound-rtp', [t0, t0 + 1_000, t0 + 2_000, t0 + 3_000]),
        'I1-kind': series('inbound-rtp', ['video', 'video', 'video', 'video']),
        'I1-ssrc': series('inbound-rtp', [5, 5, 5, 5]),
        'I1-framesDecoded': series('inbound-rtp', [10, 25], t0 + 2_000),
        'I1-nackCount': series('inbound-rtp', [1, 2], t0),
        'I1-[bytesReceived_in_bits/s]': series('inbound-rtp', [0, 1, 2, 3]),
      },
    });
    expect(samples.inbound_rtp.map((s) => [s.time - t0, s.frames_decoded, s.nack_count])).toEqual([
      [0, null, 1],
      [1_000, null, 2],
      [2_000, 10, null],
      [3_000, 25, null],
    ]);
  });

  it('reads objects within members, as text or not', () => {
    const { samples } = dump({
      updateLog: [],
      stats: {
        'O1-timestamp': series('outbound-rtp', [t0, t0 + 1_000]),
        'O1-kind': series('outbound-rtp', ['video', 'video']),
        'O1-ssrc': series('outbound-rtp', [1, 1]),
        'O1-qualityLimitationDurations': series('outbound-rtp', [
          '{"cpu":1.5,"bandwidth":0}',
          { cpu: 2, bandwidth: 1 },
        ]),
      },
    });
    expect(samples.outbound_rtp.map((s) => s.quality_limitation_durations_cpu_us)).toEqual([
      1_500_000, 2_000_000,
    ]);
  });

  it.each([
    ['iceconnectionstatechange', '"disconnected"'],
    ['oniceconnectionstatechange', 'disconnected'],
    ['iceConnectionStateChange', 'ICEConnectionStateDisconnected'],
  ])('knows a state under its names of the years: %s %s', (type, value) => {
    const { connections, samples } = dump({ updateLog: [{ type, value, timestamp: t0 }], stats: {} });
    expect(connectionSummary(connections[0]!).states).toEqual([
      { time: t0, of: 'ice', state: 'disconnected' },
    ]);
    expect(samples.events).toMatchObject([{ name: 'rtc.ice.state', attributes: { state: 'disconnected' } }]);
  });

  it('finds the zone of times in words by the statistics, on any machine', () => {
    const { connections, warnings } = dump({
      updateLog: [{ type: 'createOffer', value: '', time: '2/14/2022, 3:29:50 PM' }],
      stats: { 'T1-dtlsState': series('transport', ['connected', 'connected']) },
    });
    expect(connections[0]!.createdAt).toBe(t0 - 10_000);
    expect(warnings.join()).toContain('name no zone');
  });

  it('tells of failed calls and of devices that were not given', () => {
    const recording = dump(
      {
        updateLog: [{ type: 'setRemoteDescriptionOnFailure', value: 'OperationError: no', timestamp: t0 }],
        stats: {},
      },
      { getUserMedia: [{ error: 'NotAllowedError', error_message: 'denied', timestamp: t0 }] },
    );
    expect(recording.connections[0]!.failures).toEqual([
      { time: t0, call: 'setremotedescription', reason: 'OperationError: no' },
    ]);
    expect(recording.samples.events[0]).toMatchObject({
      name: 'rtc.media.error',
      attributes: { name: 'NotAllowedError' },
    });
  });
});
