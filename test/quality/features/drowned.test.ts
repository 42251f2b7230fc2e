import { expect, test } from 'vitest';
import { videoDrowned } from '../../../quality/features/drowned.ts';
import type { MediaPath } from '../../../quality/paths.ts';
import { sample } from '../support/synthetic-call.ts';

interface Second {
  readonly packets: number;
  readonly nacked: number;
}

const path = (kind: 'audio' | 'video', missedAbove = 0): MediaPath => {
  const row = (time: number, missed: number) =>
    sample('sfu_producer', { kind, time, packet_count: time / 20, packets_lost: missed });
  return { uplink: { kind, layers: [{ sfu: [row(0, 0), row(1_000, missedAbove)], outbound: [] }] } } as never;
};
const sent = (kind: 'audio' | 'video', { packets, nacked }: Second, missedAbove = 0) => ({
  path: path(kind, missedAbove),
  rows: [0, 1].map((second) =>
    sample('sfu_consumer', {
      kind,
      time: second * 1_000,
      packet_count: second * packets,
      nack_packet_count: second * nacked,
    }),
  ),
});
const losses = (...values: (number | null)[]) =>
  values.map((rtp_packet_loss_sent, i) =>
    sample('sfu_transport', { time: i * 1_000, direction: 'recv', rtp_packet_loss_sent }),
  );
const judge = (audio: Second, video: Second, loss: (number | null)[] = [0.02, 0.02], missedAbove = 0) =>
  videoDrowned(losses(...loss), [sent('audio', audio, missedAbove), sent('video', video)], 1_050);

test('audio with holes, video of which nothing is even missed, and no word of feedback', () => {
  expect(judge({ packets: 50, nacked: 6 }, { packets: 60, nacked: 0 })).toBe(true);
  expect(judge({ packets: 50, nacked: 6 }, { packets: 60, nacked: 0 }, [0, 0])).toBe(true);
});

test.each([
  ['audio that is whole', { packets: 50, nacked: 1 }, { packets: 60, nacked: 0 }],
  ['video that is missed too', { packets: 50, nacked: 6 }, { packets: 60, nacked: 5 }],
])('not so: %s', (_, audio, video) => {
  expect(judge(audio, video)).toBe(false);
});

test('not so where feedback comes, or the client gives none at all', () => {
  expect(judge({ packets: 50, nacked: 6 }, { packets: 60, nacked: 0 }, [0.02, 0.021])).toBe(false);
  expect(judge({ packets: 50, nacked: 6 }, { packets: 60, nacked: 0 }, [null, null])).toBe(false);
});

test('says nothing where hardly any video is sent, or the audio reached the SFU with its holes', () => {
  expect(judge({ packets: 50, nacked: 6 }, { packets: 8, nacked: 0 })).toBeUndefined();
  expect(judge({ packets: 50, nacked: 6 }, { packets: 60, nacked: 0 }, [0.02, 0.02], 6)).toBeUndefined();
});
