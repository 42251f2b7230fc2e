import { expect, test } from 'vitest';
import { suffered } from '../../../lab/loop/suffered.ts';
import type { CallSamples, Sample } from '../../../quality/samples.ts';
import { emptyCall, sample, startMs } from '../../quality/support/synthetic-call.ts';

const at = (second: number) => startMs + second * 1000;
/** The fault lasts from 10 to 20 s, the call until 40 s. */
const span = { onsetMs: at(10), faultEndMs: at(20), endMs: at(40) };

interface Second {
  frames?: number;
  height?: number;
  madeUp?: number;
}

/** One person who sees one picture and hears one sound, second by second. */
function call(of: (second: number) => Second): CallSamples {
  const rows: Sample<'inbound_rtp'>[] = [];
  const sums = { frames: 0, played: 0, madeUp: 0 };
  for (let second = 0; second <= 40; second++) {
    const { frames = 10, height = 360, madeUp = 0 } = of(second);
    sums.frames += frames;
    sums.played += 48_000;
    sums.madeUp += 48_000 * madeUp;
    const common = { participant_id: 'ann', transport_id: 't', time: at(second) };
    rows.push(
      sample('inbound_rtp', {
        ...common,
        stat_id: 'V',
        kind: 'video',
        frames_decoded: sums.frames,
        frame_height: height,
      }),
      sample('inbound_rtp', {
        ...common,
        stat_id: 'A',
        kind: 'audio',
        total_samples_received: sums.played,
        concealed_samples: sums.madeUp,
        silent_concealed_samples: 0,
      }),
    );
  }
  return { ...emptyCall(), inbound_rtp: rows };
}

const ann = new Set(['ann']);

test('a call that nothing happens to suffers nothing', () => {
  expect(
    suffered(
      call(() => ({})),
      ann,
      span,
    ),
  ).toEqual({
    frozenSeconds: 0,
    withheldSeconds: 0,
    badAudioSeconds: 0,
    recoverMs: 0,
  });
});

test('counts still pictures, torn sound and the way back to the height of before', () => {
  const found = suffered(
    call((s) => ({
      frames: s > 12 && s <= 16 ? 0 : 10,
      madeUp: s > 11 && s <= 14 ? 0.3 : 0.05,
      height: s > 12 && s <= 27 ? 90 : 360,
    })),
    ann,
    span,
  );
  expect(found.frozenSeconds).toBeCloseTo(4, 0);
  expect(found).toMatchObject({ badAudioSeconds: 3, recoverMs: 8_000 });
});

test('a picture that is held back by a decision is not frozen, and one that its sender took away is neither', () => {
  const still = call((s) => ({ frames: s > 12 && s <= 24 ? 0 : 10 }));
  const sent = (of: (second: number) => object) => ({
    ...still,
    inbound_rtp: still.inbound_rtp.map((row) => ({ ...row, consumer_id: row.kind })),
    sfu_consumer: Array.from({ length: 41 }, (_, second) =>
      sample('sfu_consumer', {
        consumer_id: 'video',
        participant_id: 'ann',
        time: at(second),
        ...of(second),
      }),
    ),
  });
  const held = suffered(
    sent((s) => ({ paused: s >= 14 && s < 20 })),
    ann,
    span,
  );
  expect(held.withheldSeconds).toBe(6);
  expect(held.frozenSeconds).toBeCloseTo(6, 0);
  const gone = sent(() => ({ paused: false, producer_paused: true }));
  expect(suffered(gone, ann, span)).toMatchObject({ frozenSeconds: 0, withheldSeconds: 0 });
});

test('what comes before the fault, and others, do not count', () => {
  const early = call((s) => ({ frames: s > 3 && s <= 8 ? 0 : 10, madeUp: s < 9 ? 0.5 : 0 }));
  expect(suffered(early, ann, span)).toMatchObject({ frozenSeconds: 0, badAudioSeconds: 0 });
  const bad = call(() => ({ frames: 0, madeUp: 1 }));
  expect(suffered(bad, new Set(['ben']), span)).toEqual({
    frozenSeconds: 0,
    withheldSeconds: 0,
    badAudioSeconds: 0,
    recoverMs: 0,
  });
});

test('a picture that stays small to the end has not recovered', () => {
  expect(
    suffered(
      call((s) => ({ height: s > 12 ? 180 : 360 })),
      ann,
      span,
    ).recoverMs,
  ).toBeNull();
});

test('a picture that stands is not back, whatever the height of its last frame', () => {
  const standing = (until: number) =>
    suffered(
      call((s) => ({ frames: s > 12 && s <= until ? 0 : 10 })),
      ann,
      span,
    ).recoverMs;
  expect(standing(24)).toBe(5_000);
  expect(standing(40)).toBeNull();
});
