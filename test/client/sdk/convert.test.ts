import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Announced, convertReport, convertStats, DESCRIBE_AGAIN_MS } from '../../../client/sdk/convert.ts';
import { convertMember, type RawStats, selectedPair } from '../../../telemetry/browser-stats.ts';
import { type ClientStatsType, clientStats } from '../../../telemetry/stats.ts';

/** Both connections of one participant, as Chromium 156 gave them (three-layer VP8, mediasoup 3.27). */
const chromium = JSON.parse(
  readFileSync(new URL('fixtures/chromium-156.json', import.meta.url), 'utf8'),
) as RawStats[][];
const [send = [], receive = []] = chromium;

const attributesOf = (type: ClientStatsType, stats: RawStats) =>
  Object.fromEntries(convertStats(type, stats, 0).attributes);

function sample(objects: readonly RawStats[], announced: Announced, timeMs = 0) {
  return convertReport(objects, timeMs, selectedPair(objects)?.id, announced, () => undefined);
}

const names = (records: readonly { eventName: string }[]) =>
  new Set(records.map(({ eventName }) => eventName));

describe('members by type', () => {
  const member = (type: Parameters<typeof convertMember>[0]['type'], name = 'x') => ({
    member: name,
    column: name,
    type,
  });
  it.each([
    ['seconds', 0.123_456_7, 123_457],
    ['seconds', 99_999.123_456, 99_999_123_456],
    ['seconds', -1, undefined],
    ['count', 41.9999, 42],
    ['count', -1, undefined],
    ['count', '7', undefined],
    ['signed', -3, -3],
    ['gauge', 29.95, 29.9375],
    ['gauge', 1_234_567.89, 1_234_568],
    ['gauge', Number.NaN, undefined],
    ['flag', false, false],
    ['flag', 1, undefined],
    ['word', '', undefined],
    ['word', 'vp8', 'vp8'],
    ['id', 'y'.repeat(1000), 'y'.repeat(256)],
    ['word', null, undefined],
  ] as const)('%s %s -> %s', (type, value, wanted) => {
    expect(convertMember(member(type), value)).toBe(wanted);
  });

  it('keeps a fraction of a thousandth in audio jitter buffer totals', () => {
    const delay = member('seconds', 'jitterBufferDelay');
    const twoSeconds = 96_000 * 0.05;
    const [before, after] = [200_000.3, 200_000.3 + twoSeconds].map((value) =>
      Number(convertMember(delay, value)),
    );
    expect(Math.abs(after! - before! - twoSeconds * 1e6) / (twoSeconds * 1e6)).toBeLessThan(0.001);
  });

  it('keeps a step in running totals that differences of two seconds still show', () => {
    const energy = member('gauge', 'totalAudioEnergy');
    const quiet = 2e-6;
    expect(convertMember(energy, 1200 + quiet)).toBeGreaterThan(Number(convertMember(energy, 1200)));
  });
});

describe('a recorded Chromium participant', () => {
  it('has every number of every object in its row', () => {
    for (const stats of [...send, ...receive]) {
      const kind = clientStats[stats.type as ClientStatsType];
      if (!kind) continue;
      const attributes = attributesOf(stats.type as ClientStatsType, stats);
      for (const { member, column, type } of kind.members) {
        if (typeof stats[member] !== 'number') continue;
        const scaled = (stats[member] as number) * (type === 'seconds' ? 1e6 : 1);
        expect(
          Math.abs(Number(attributes[`rtc.${column}`]) - scaled),
          `${stats.type}.${member}`,
        ).toBeLessThan(type === 'gauge' ? 0.51 : 1);
      }
    }
  });

  it('has the nested limitation times of a video layer', () => {
    const layer = send.find((stats) => stats.type === 'outbound-rtp' && stats.rid === 'r0');
    expect(attributesOf('outbound-rtp', layer!)).toMatchObject({
      'rtc.quality_limitation_durations_none_us': expect.any(Number),
      'rtc.quality_limitation_durations_bandwidth_us': 0,
      'rtc.rid': 'r0',
    });
  });

  it('leaves mediasoup’s bandwidth probes out, which would look like a frozen video', () => {
    expect(receive.some((stats) => stats.mid === 'probator')).toBe(true);
    expect(JSON.stringify(sample(receive, new Announced()))).not.toContain('probator');
  });

  it('sends what hardly changes once, and what changes always', () => {
    const announced = new Announced();
    const first = names(sample(receive, announced));
    const second = names(sample(receive, announced));
    expect([...first].filter((name) => !second.has(name)).sort()).toEqual([
      'rtc.stats.candidate',
      'rtc.stats.certificate',
      'rtc.stats.codec',
      'rtc.stats.peer_connection',
    ]);
    expect([...second].sort()).toEqual([
      'rtc.stats.candidate_pair',
      'rtc.stats.inbound_rtp',
      'rtc.stats.media_playout',
      'rtc.stats.remote_outbound_rtp',
      'rtc.stats.transport',
    ]);
  });

  it('drops no number from rows that follow, only descriptions, and those for a while', () => {
    const announced = new Announced();
    const keys = (timeMs: number) =>
      new Set(sample(send, announced, timeMs).flatMap((record) => record.attributes.map(([key]) => key)));
    sample(send, announced, 0);
    const later = keys(2_000);
    const full = keys(DESCRIBE_AGAIN_MS);
    const left = [...full].filter((key) => !later.has(key));
    expect(left).toContain('rtc.local_certificate_id');
    const numbers = Object.values(clientStats)
      .flatMap(({ members }) => members)
      .filter(({ type, member }) => !['word', 'id', 'flag'].includes(type) && member !== 'encodingIndex')
      .map(({ column }) => `rtc.${column}`);
    expect(left.filter((key) => numbers.includes(key))).toEqual([]);
  });

  it('sends a description again when it changes, and everything after data was lost', () => {
    const announced = new Announced();
    sample(send, announced);
    const changed = send.map((stats) =>
      stats.type === 'outbound-rtp' && stats.rid === 'r0'
        ? { ...stats, encoderImplementation: 'VAAPI' }
        : stats,
    );
    const again = sample(changed, announced).filter(({ attributes }) =>
      attributes.some(([key]) => key === 'rtc.encoder_implementation'),
    );
    expect(again).toHaveLength(1);
    announced.forget();
    expect(names(sample(changed, announced))).toContain('rtc.stats.codec');
  });

  it('sends a pair that is not in use when its state changes', () => {
    const announced = new Announced();
    sample(send, announced);
    const other = send.find(
      (stats) => stats.type === 'candidate-pair' && stats.id !== selectedPair(send)?.id,
    )!;
    const pairs = (objects: readonly RawStats[]) =>
      sample(objects, announced).filter(({ eventName }) => eventName === 'rtc.stats.candidate_pair').length;
    expect(pairs(send)).toBe(1);
    expect(pairs(send.map((stats) => (stats === other ? { ...stats, requestsSent: 99 } : stats)))).toBe(1);
    expect(pairs(send.map((stats) => (stats === other ? { ...stats, state: 'failed' } : stats)))).toBe(2);
  });

  it('never carries a full address', () => {
    const text = JSON.stringify([...sample(send, new Announced()), ...sample(receive, new Announced())]);
    const addresses = [...send, ...receive].flatMap((stats) =>
      stats.address ? [String(stats.address)] : [],
    );
    expect(addresses.length).toBeGreaterThan(0);
    for (const address of addresses) expect(text).not.toContain(`"${address}"`);
  });
});

describe('what other browsers say differently', () => {
  it.each<[string, ClientStatsType, Record<string, unknown>, Record<string, unknown>]>([
    [
      'Firefox 97: mediaType only',
      'inbound-rtp',
      { mediaType: 'audio', jitter: 0.003, discardedPackets: 0 },
      { 'rtc.kind': 'audio', 'rtc.jitter_us': 3000 },
    ],
    [
      'Firefox: candidates without isRemote',
      'remote-candidate',
      { address: '203.0.113.9', port: 10_000 },
      { 'rtc.is_remote': true, 'rtc.address': '203.0.113.0', 'rtc.port': 10_000 },
    ],
    [
      'older names: ip',
      'local-candidate',
      { ip: '2001:db8:1:2::3' },
      { 'rtc.is_remote': false, 'rtc.address': '2001:db8:1::' },
    ],
    ['Safari: no address at all', 'local-candidate', { address: '' }, { 'rtc.is_remote': false }],
    [
      'Safari: TURN over TLS',
      'local-candidate',
      { url: 'turns:198.51.100.7:443?transport=tcp' },
      { 'rtc.is_remote': false, 'rtc.url': 'turns:198.51.100.0:443?transport=tcp' },
    ],
    ['Safari: datachannelid', 'data-channel', { datachannelid: 3 }, { 'rtc.data_channel_identifier': 3 }],
    ['no limitation times', 'outbound-rtp', { qualityLimitationDurations: null }, {}],
  ])('%s', (_, type, members, wanted) => {
    const { 'rtc.stat_id': id, ...rest } = attributesOf(type, { id: 'x', type, ...members });
    expect(id).toBe('x');
    expect(rest).toEqual(wanted);
  });
});
