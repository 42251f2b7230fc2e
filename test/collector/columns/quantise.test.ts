import { expect, test } from 'vitest';
import { TableColumns } from '../../../collector/columns/table.ts';

const stored = (rows: Record<string, unknown>[]) => {
  const table = new TableColumns('rtc_stats_inbound_rtp');
  for (const row of rows) table.add(row);
  table.encode();
  return rows.map((_, index) => table.row(index));
};

test('levels lose at most a thousandth, and whole numbers to 2047 nothing', () => {
  for (const level of [0.350_341_796_875, 1e-6, 0.999, 17.3, 1_023.7, -3.3]) {
    const [row] = stored([{ audio_level: level }]);
    const kept = row!.audio_level as number;
    expect(Math.abs(kept - level)).toBeLessThanOrEqual(Math.abs(level) / 1_000);
    expect(Math.abs(kept)).toBeLessThanOrEqual(Math.abs(level));
  }
  for (const fps of [0, 1, 15, 30, 2_047])
    expect(stored([{ frames_per_second: fps }])).toMatchObject([{ frames_per_second: fps }]);
});

test('totals that differences are taken of stay as they were', () => {
  const row = {
    total_audio_energy: 1.142_810_821_533_203_1,
    last_packet_received_timestamp: 1_795_586_492_222,
  };
  expect(stored([row])).toMatchObject([row]);
});

test('sums over audio samples go in steps that are nothing over 48,000 of them; those over frames of video stay', () => {
  const delay = 81_936_123_456;
  const [audio, video] = stored([
    { total_samples_received: 48_000, jitter_buffer_delay_us: delay, total_processing_delay_us: delay },
    { jitter_buffer_delay_us: delay, total_processing_delay_us: delay },
  ]);
  const lostUs = delay - Number(audio!.jitter_buffer_delay_us);
  expect(lostUs).toBeGreaterThanOrEqual(0);
  expect(lostUs / 48_000).toBeLessThan(90);
  expect(video).toMatchObject({
    jitter_buffer_delay_us: BigInt(delay),
    total_processing_delay_us: BigInt(delay),
  });
});

test('a block that is encoded again is the same block', () => {
  const table = new TableColumns('rtc_stats_inbound_rtp');
  table.add({
    call_id: 'c',
    total_samples_received: 1,
    jitter_buffer_delay_us: 2 ** 40 + 12_345,
    audio_level: 0.123_456,
  });
  const first = Buffer.from(table.encode());
  expect(table.encode().equals(first)).toBe(true);
});
