/**
 * Requests as a call's clients send them: inbound-rtp samples with 45 attributes (identity and stream), counters that
 * go on from sample to sample, a stream of audio or video for each sender that a participant receives.
 */
import { gzipSync } from 'node:zlib';
import { encodeLogRecords, encodeRequest, type LogRecord } from '../../client/sdk/otlp.ts';
import { clientStats, type Member } from '../../telemetry/stats.ts';

export const attributesPerRecord = 45;
const identityOnRecord = 4;

/** Small and seeded: the same requests in every run. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const { members } = clientStats['inbound-rtp'];
const chosen: readonly Member[] = members
  .filter(({ column }) => !['remote_id', 'pause_count', 'total_pauses_duration_us'].includes(column))
  .slice(0, attributesPerRecord - identityOnRecord);

const id = (next: () => number): string =>
  Array.from({ length: 4 }, () =>
    Math.floor(next() * 2 ** 32)
      .toString(16)
      .padStart(8, '0'),
  ).join('-');

/**
 * @param seed one participant of one call
 * @returns the request, gzipped as the SDK does
 */
export function requestBody(seed: number, records: number, timeMs: number): Buffer {
  const next = random(seed);
  const streams = Array.from({ length: 8 }, (_, n) => {
    const video = n % 2 === 1;
    const values = new Map(chosen.map(({ column }) => [column, Math.floor(next() * 1e6)]));
    return { video, n, values, ids: [id(next), id(next)], codec: video ? 'CIT01_96' : 'CIT01_111' };
  });
  const list: LogRecord[] = [];
  for (let i = 0; i < records; i++) {
    const { video, n, values, ids, codec } = streams[i % streams.length]!;
    const attributes: [string, string | number | boolean][] = [
      ['rtc.transport_id', 'b9c4e1f2-7d1a-4a3f-8f6e-2c5d8e9f0a1b'],
      ['rtc.producer_id', ids[0]!],
      ['rtc.consumer_id', ids[1]!],
      ['rtc.stat_id', `IT01${video ? 'V' : 'A'}${n}00${n}`],
    ];
    for (const { column, type } of chosen) {
      const value = values.get(column)!;
      if (type === 'word') {
        const word =
          column === 'kind' ? (video ? 'video' : 'audio') : column === 'mid' ? String(n) : 'libvpx';
        attributes.push([`rtc.${column}`, word]);
      } else if (type === 'id') attributes.push([`rtc.${column}`, column === 'codec_id' ? codec : ids[0]!]);
      else if (type === 'flag') attributes.push([`rtc.${column}`, false]);
      else {
        if (type !== 'signed' && column !== 'ssrc') values.set(column, value + Math.floor(next() * 3_000));
        attributes.push([`rtc.${column}`, type === 'gauge' ? Math.floor(next() * 4_096) / 4_096 : value]);
      }
    }
    const sampledMs = timeMs - Math.floor((records - i) / streams.length) * 1_000;
    list.push({ eventName: 'rtc.stats.inbound_rtp', timeMs: sampledMs, attributes });
  }
  const resource = [
    ['service.name', 'callscope-client'],
    ['rtc.session_id', id(next)],
    ['rtc.sfu_node_id', 'sfu-1'],
    ['rtc.clock_offset_ms', -3.5],
  ] as const;
  return gzipSync(encodeRequest('callscope', [{ resource, chunks: [encodeLogRecords(list)] }]));
}

/**
 * The same body with other bytes: the collector takes equal bytes of one writer for one request. The time in a gzip
 * header is nobody's business.
 */
export function renumbered(body: Buffer, number: number): Buffer {
  const copy = Buffer.from(body);
  copy.writeUInt32LE(number >>> 0, 4);
  return copy;
}
