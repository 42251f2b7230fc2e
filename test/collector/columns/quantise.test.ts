import { expect, test } from 'vitest';
import { TableColumns } from '../../../collector/columns/table.ts';

const stored = (rows: Record<string, unknown>[], name = 'rtc_stats_inbound_rtp') => {
  const table = new TableColumns(name);
  for (const row of rows) table.add(row);
  table.encode();
  return rows.map((_, index) => table.row(index));
};

test('levels are moved by a five-hundredth at most, and whole numbers to 511 not at all', () => {
  for (const level of [0.350_341_796_875, 1e-6, 0.999, 17.3, 1_023.7, -3.3, 255.99]) {
    const [row] = stored([{ audio_level: level }]);
    expect(Math.abs((row!.audio_level as number) - level)).toBeLessThanOrEqual(Math.abs(level) / 500);
  }
  for (const fps of [0, 1, 15, 30, 511])
    expect(stored([{ frames_per_second: fps }])).toMatchObject([{ frames_per_second: fps }]);
});

test('levels that RTCP tells are rounded alike, whatever their size', () => {
  for (const us of [0, 1, 511, 513, 41_977, 999_999, 2 ** 31 - 1, 2 ** 33 + 77]) {
    const [row] = stored([{ round_trip_time_us: us, jitter_us: us }], 'rtc_stats_remote_inbound_rtp');
    for (const kept of [row!.round_trip_time_us, row!.jitter_us])
      expect(Math.abs(Number(kept) - us)).toBeLessThanOrEqual(us / 500);
  }
});

test('energy, durations that streams tell of themselves and what is counted one by one stay as they were', () => {
  const row = {
    total_audio_energy: 1.142_810_821_533_203_1,
    packets_received: 123_456_789n,
    frames_decoded: 1_237n,
    jitter_us: 41_977n,
  };
  expect(stored([row])).toMatchObject([row]);
});

test('bytes lose less than 16, however many there were', () => {
  const rows = [15, 16, 123_456_789, 2 ** 40 + 31].map((bytes) => ({ bytes_received: bytes }));
  for (const [at, row] of stored(rows).entries()) {
    const lost = rows[at]!.bytes_received - Number(row.bytes_received);
    expect(lost).toBeGreaterThanOrEqual(0);
    expect(lost).toBeLessThan(16);
  }
});

test('moments of packets are kept to a packet', () => {
  const at = 1_795_586_492_222.4;
  const [row] = stored([{ last_packet_received_timestamp: at }]);
  expect(at - (row!.last_packet_received_timestamp as number)).toBeLessThan(16);
});

test('sums over samples or frames lose less than 0.4 ms of the mean delay of a second', () => {
  const delay = 81_936_123_456;
  const [audio, video] = stored([
    { total_samples_received: 48_000, jitter_buffer_delay_us: delay, total_processing_delay_us: delay },
    { jitter_buffer_delay_us: delay, total_processing_delay_us: delay },
  ]);
  for (const [row, each] of [[audio, 48_000] as const, [video, 15] as const]) {
    for (const kept of [row!.jitter_buffer_delay_us, row!.total_processing_delay_us]) {
      const lostUs = delay - Number(kept);
      expect(lostUs).toBeGreaterThanOrEqual(0);
      expect(lostUs / each).toBeLessThan(400);
    }
  }
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
