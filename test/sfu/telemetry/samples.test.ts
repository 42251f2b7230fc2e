import type { types as mediasoup } from 'mediasoup';
import { expect, test } from 'vitest';
import { consumerColumns, producerColumns, transportColumns } from '../../../sfu/telemetry/samples.ts';

const rtpParameters: mediasoup.RtpParameters = {
  codecs: [{ mimeType: 'video/VP8', payloadType: 101, clockRate: 90_000 }],
  encodings: [{ rid: 'l' }, { rid: 'h' }],
};

const stream = {
  type: 'inbound-rtp',
  timestamp: 123,
  ssrc: 7,
  rid: 'h',
  kind: 'video',
  mimeType: 'video/VP8',
  packetsLost: -1,
  fractionLost: 0,
  jitter: 900,
  packetsDiscarded: 0,
  packetsRetransmitted: 0,
  packetsRepaired: 0,
  nackCount: 0,
  nackPacketCount: 0,
  pliCount: 2,
  firCount: 0,
  score: 9,
  packetCount: 10,
  byteCount: 1000,
  bitrate: 640_000,
};

test('a producer stream: names of columns, its encoding, jitter in ms', () => {
  const producer = { type: 'simulcast', paused: false, rtpParameters } as const;
  const row = producerColumns({ ...stream, bitrateByLayer: {} }, producer, 'camera');
  expect(row).toMatchObject({
    type: 'simulcast',
    source: 'camera',
    rid: 'h',
    spatial_layer: 1,
    jitter: 10,
    packets_lost: -1,
    packet_count: 10,
    pli_count: 2,
  });
  expect(row).not.toHaveProperty('round_trip_time');
  expect(row).not.toHaveProperty('timestamp');
});

const received = {
  consumer: { type: 'simulcast', paused: false, producerPaused: false, rtpParameters },
  source: 'camera',
  producerScore: 8,
  currentLayers: undefined,
  preferredLayers: { spatialLayer: 1, temporalLayer: 2 },
} as const;

test('a simulcast consumer that forwards nothing is at layer -1', () => {
  expect(consumerColumns(stream, received)).toMatchObject({
    current_spatial_layer: -1,
    current_temporal_layer: -1,
    preferred_spatial_layer: 1,
    preferred_temporal_layer: 2,
    producer_score: 8,
    score: 9,
  });
});

test('a consumer without layers says nothing of them', () => {
  const row = consumerColumns(stream, { ...received, consumer: { ...received.consumer, type: 'simple' } });
  expect(row).not.toHaveProperty('current_spatial_layer');
  expect(row).not.toHaveProperty('preferred_spatial_layer');
});

test('a transport: direction, protocol of the selected tuple, estimate with its lowest', () => {
  const stat = {
    iceState: 'completed',
    dtlsState: 'connected',
    bytesSent: 12.4,
    rtpPacketLossSent: 0.05,
    iceSelectedTuple: { protocol: 'udp' },
  } as mediasoup.WebRtcTransportStat;
  const bwe = {
    bweType: 'transport-cc',
    bweAvailableBitrate: 300_000,
    bweAvailableBitrateMin: 200_000,
    bweDesiredBitrate: 900_000,
    bweEffectiveDesiredBitrate: 800_000,
  };
  expect(transportColumns(stat, { direction: 'recv', usesRelay: true, bwe, workerAnswerMs: 17 })).toEqual({
    direction: 'recv',
    ice_state: 'completed',
    dtls_state: 'connected',
    protocol: 'udp',
    uses_relay: true,
    bwe_type: 'transport-cc',
    bytes_sent: 12,
    rtp_packet_loss_sent: 0.05,
    bwe_available_bitrate: 300_000,
    bwe_available_bitrate_min: 200_000,
    bwe_desired_bitrate: 900_000,
    bwe_effective_desired_bitrate: 800_000,
    worker_answer_ms: 17,
  });
});
