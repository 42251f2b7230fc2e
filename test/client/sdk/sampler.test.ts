import { describe, expect, it } from 'vitest';
import {
  ALERT_INTERVAL_MS,
  ALERT_MS,
  CALM_INTERVAL_MS,
  IDLE_INTERVAL_MS,
  JOIN_INTERVAL_MS,
  phaseOf,
  Sampler,
  SPREAD_MS,
} from '../../../client/sdk/sampler.ts';
import type { RawStats } from '../../../telemetry/browser-stats.ts';

const visible = { hidden: false, joining: false };

/** One second and 50 packets of a healthy call later, with `changes`. */
function call(second: number, changes: Record<string, Record<string, unknown>> = {}): RawStats[] {
  const objects: Record<string, Record<string, unknown>> = {
    audio: {
      type: 'inbound-rtp',
      kind: 'audio',
      packetsReceived: 50 * second,
      packetsLost: 0,
      totalSamplesReceived: 48_000 * second,
      concealedSamples: 0,
      silentConcealedSamples: 0,
    },
    video: {
      type: 'inbound-rtp',
      kind: 'video',
      packetsReceived: 40 * second,
      packetsLost: 0,
      framesDecoded: 15 * second,
      freezeCount: 0,
    },
    camera: {
      type: 'outbound-rtp',
      packetsSent: 60 * second,
      qualityLimitationReason: 'none',
      active: true,
    },
    report: { type: 'remote-inbound-rtp', packetsLost: 0, roundTripTime: 0.04 },
    pair: { type: 'candidate-pair', currentRoundTripTime: 0.04 },
    transport: {
      type: 'transport',
      dtlsState: 'connected',
      iceState: 'connected',
      selectedCandidatePairId: 'P1',
    },
  };
  return Object.entries(objects).map(([id, members]) => ({ id, type: '', ...members, ...changes[id] }));
}

/** A call that has been calm for long, up to second 60. */
function calmSampler(): Sampler {
  const sampler = new Sampler();
  for (let second = 1; second <= 60; second++) sampler.observe('t', call(second), second * 1000);
  return sampler;
}

describe('the pace of sampling', () => {
  it('is slow in a healthy call', () => {
    const sampler = calmSampler();
    expect(sampler.observe('t', call(61), 61_000)).toBe(false);
    expect(sampler.intervalMs(visible, 61_000)).toBe(CALM_INTERVAL_MS);
  });

  it.each<[string, Record<string, Record<string, unknown>>]>([
    ['packets are lost down', { audio: { packetsLost: 4 } }],
    ['packets are lost up', { report: { packetsLost: 5 } }],
    ['a freeze was counted', { video: { freezeCount: 1 } }],
    ['frames stop while packets come', { video: { framesDecoded: 15 * 60 } }],
    ['packets stop', { audio: { packetsReceived: 50 * 60 } }],
    ['sound is concealed', { audio: { concealedSamples: 2_000 } }],
    ['the encoder is limited', { camera: { qualityLimitationReason: 'bandwidth' } }],
    ['a layer is switched off', { camera: { active: false } }],
    ['the round trip grows', { report: { roundTripTime: 0.2 } }],
    ['the round trip of the pair grows', { pair: { currentRoundTripTime: 0.2 } }],
    ['DTLS changes', { transport: { dtlsState: 'closed' } }],
    ['ICE changes', { transport: { iceState: 'disconnected' } }],
    ['the pair changes', { transport: { selectedCandidatePairId: 'P2' } }],
  ])('is fast for a while when %s', (_, changes) => {
    const sampler = calmSampler();
    expect(sampler.observe('t', call(61, changes), 61_000)).toBe(true);
    expect(sampler.intervalMs(visible, 61_000 + ALERT_MS - 1)).toBe(ALERT_INTERVAL_MS);
    expect(sampler.intervalMs(visible, 61_000 + ALERT_MS)).toBe(CALM_INTERVAL_MS);
  });

  it.each<[string, Record<string, Record<string, unknown>>]>([
    ['one lost packet', { audio: { packetsLost: 1 } }],
    ['a lost packet that came late', { audio: { packetsLost: -1 } }],
    ['silence that is concealed', { audio: { concealedSamples: 9_000, silentConcealedSamples: 9_000 } }],
    ['a millisecond more', { report: { roundTripTime: 0.041 } }],
    ['a busy machine’s delay', { report: { roundTripTime: 0.12 } }],
  ])('stays slow for %s', (_, changes) => {
    expect(calmSampler().observe('t', call(61, changes), 61_000)).toBe(false);
  });

  it('is fast when a stream appears, but not for mediasoup’s probes', () => {
    const sampler = calmSampler();
    const probe = { id: 'probe', type: 'inbound-rtp', mid: 'probator', packetsReceived: 9 };
    expect(sampler.observe('t', [...call(61), probe], 61_000)).toBe(false);
    const added = { id: 'new', type: 'inbound-rtp', kind: 'video', packetsReceived: 1 };
    expect(sampler.observe('t', [...call(62), added], 62_000)).toBe(true);
  });

  it('is slowest when nobody looks and nothing flows, and not while a hidden page plays', () => {
    const sampler = calmSampler();
    const hidden = { hidden: true, joining: false };
    expect(sampler.intervalMs(hidden, 61_000)).toBe(CALM_INTERVAL_MS);
    sampler.observe('t', call(60), 61_000);
    expect(sampler.intervalMs(hidden, 61_000 + ALERT_MS)).toBe(IDLE_INTERVAL_MS);
  });

  it('is fastest while joining', () => {
    expect(new Sampler().intervalMs({ hidden: false, joining: true }, 0)).toBe(JOIN_INTERVAL_MS);
  });

  it('forgets a connection that is gone', () => {
    const sampler = calmSampler();
    sampler.forget('t');
    expect(sampler.intervalMs({ hidden: true, joining: false }, 100_000)).toBe(IDLE_INTERVAL_MS);
  });
});

describe('when a sample leaves', () => {
  it.each([
    ['the first of its window waits for the window’s end', 0, 5_000],
    ['so does the second', 2_000, 3_000],
    ['and the last', 4_001, 999],
    ['on the boundary a new window begins', 5_000, 5_000],
  ])('%s', (_, serverNowMs, wanted) => {
    expect(calmSampler().holdMs(visible, 100_000, serverNowMs)).toBe(wanted);
  });

  it('is a little after the window’s end, the same for all of a call', () => {
    const phase = phaseOf('call-1');
    expect(phaseOf('call-1')).toBe(phase);
    expect(calmSampler().holdMs(visible, 100_000, 4_000, phase)).toBe(1_000 + phase);
    const phases = Array.from({ length: 200 }, (_, i) => phaseOf(`call-${i}`));
    expect(Math.max(...phases)).toBeLessThan(SPREAD_MS);
    expect(new Set(phases.map((ms) => Math.floor(ms / 100))).size).toBe(5);
  });

  it('is at once when something moved', () => {
    const sampler = calmSampler();
    sampler.moved(100_000);
    expect(sampler.holdMs(visible, 100_500, 0)).toBe(0);
  });

  it('is within a second while joining', () => {
    expect(calmSampler().holdMs({ hidden: false, joining: true }, 100_000, 0)).toBe(1_000);
  });
});
