import { expect, test } from 'vitest';
import { DecisionBook, type Presence, type Step } from '../../../sfu/decisions/DecisionBook.ts';
import type { Action, DecisionMessage } from '../../../telemetry/queues.ts';

const low = {
  kind: 'cap_layers',
  spatialLayer: 0,
  temporalLayer: 1,
  drainMs: 0,
  minOutgoingBitrateBps: 200_000,
  audioMaxBitrateBps: 0,
} satisfies Action;
const drained: Action = { ...low, drainMs: 3500 };
const audioOnly: Action = { kind: 'audio_only', audioDrainMs: 0, audioMaxBitrateBps: 0 };
const lift: Action = { kind: 'lift' };

function decision(decisionId: string, action: Action, sentAtMs: number, ttlMs = 10_000): DecisionMessage {
  return {
    type: 'decision',
    decisionId,
    tenantId: 't',
    callId: 'c',
    participantId: 'p',
    action,
    reason: `because ${decisionId}`,
    sentAtMs,
    ttlMs,
  };
}

const told = (steps: Step[]) =>
  steps.map(
    (step) => `${step.decision.decisionId} ${step.result}${'reason' in step ? ` ${step.reason}` : ''}`,
  );

/** What the receiver may hear and see: `open`, `silent`, `paused`, or the layers. */
function seen(book: DecisionBook, nowMs: number): string {
  const { paused, silent, cap, minOutgoingBitrateBps } = book.limit('c', 'p', nowMs);
  expect(minOutgoingBitrateBps).toBe(cap ? low.minOutgoingBitrateBps : 0);
  if (silent) return 'silent';
  if (paused) return 'paused';
  return cap ? `${cap.spatialLayer}/${cap.temporalLayer}` : 'open';
}

test('a raise lets the estimate fall no lower than a floor that grows by half every half second, until it ends', () => {
  const book = new DecisionBook();
  const raise: Action = { kind: 'raise_estimate', fromBps: 200_000, toBps: 600_000 };
  expect(told(book.take(decision('r', raise, 1_000, 4_000), 'here', 1_100))).toEqual(['r applied']);
  const floorAt = (ms: number) => book.limit('c', 'p', ms).minOutgoingBitrateBps;
  expect([1_100, 1_599, 1_600, 2_100, 4_999, 5_000].map(floorAt)).toEqual([
    300_000, 300_000, 450_000, 600_000, 600_000, 0,
  ]);
  expect([1_100, 1_600, 2_100].map((ms) => book.nextChangeMs(ms))).toEqual([1_600, 2_100, 5_000]);
  expect(book.limit('c', 'p', 1_100)).toMatchObject({ paused: false, cap: null });
  // The reflex may act meanwhile.
  expect(book.holds('c', 'p', 1_200)).toBe(false);
  expect(told(book.take(decision('a', low, 2_000), 'here', 2_050))).toEqual([
    'r lifted replaced',
    'a applied',
  ]);
  expect(book.holds('c', 'p', 2_100)).toBe(true);
});

type Input = { at: number; take?: DecisionMessage; presence?: Presence; expire?: true; forget?: true };
interface Row {
  name: string;
  inputs: Input[];
  steps: string[];
  /** What is seen at some time afterwards. */
  shown: [atMs: number, seen: string][];
}

const rows: Row[] = [
  {
    name: 'a cap holds until its time to live ends',
    inputs: [{ at: 1000, take: decision('a', low, 900) }],
    steps: ['a applied'],
    shown: [
      [1000, '0/1'],
      [10_899, '0/1'],
      [10_900, 'open'],
    ],
  },
  {
    name: 'a cap with a drain pauses first, then caps',
    inputs: [{ at: 1000, take: decision('a', drained, 900) }],
    steps: ['a applied'],
    shown: [
      [1000, 'paused'],
      [4499, 'paused'],
      [4500, '0/1'],
    ],
  },
  {
    name: 'audio only pauses video to the end',
    inputs: [{ at: 1000, take: decision('a', audioOnly, 1000) }],
    steps: ['a applied'],
    shown: [
      [1000, 'paused'],
      [10_999, 'paused'],
      [11_000, 'open'],
    ],
  },
  {
    name: 'audio only may pause the audio too, for a moment',
    inputs: [
      {
        at: 1000,
        take: decision('a', { kind: 'audio_only', audioDrainMs: 400, audioMaxBitrateBps: 0 }, 1000),
      },
    ],
    steps: ['a applied'],
    shown: [
      [1399, 'silent'],
      [1400, 'paused'],
    ],
  },
  {
    name: 'one that comes after its time to live is refused',
    inputs: [{ at: 11_000, take: decision('a', low, 1000) }],
    steps: ['a refused stale'],
    shown: [[11_000, 'open']],
  },
  {
    name: 'a newer one replaces, and drains anew if it says so',
    inputs: [
      { at: 1000, take: decision('a', audioOnly, 1000) },
      { at: 3000, take: decision('b', drained, 3000) },
    ],
    steps: ['a applied', 'a lifted replaced', 'b applied'],
    shown: [
      [6499, 'paused'],
      [6500, '0/1'],
      [12_999, '0/1'],
      [13_000, 'open'],
    ],
  },
  {
    name: 'a newer one does not end the pause of the one before',
    inputs: [
      { at: 1000, take: decision('a', drained, 1000) },
      { at: 2000, take: decision('b', low, 2000) },
    ],
    steps: ['a applied', 'a lifted replaced', 'b applied'],
    shown: [
      [4499, 'paused'],
      [4500, '0/1'],
    ],
  },
  {
    name: 'a renewal keeps the end of the pause',
    inputs: [
      { at: 1000, take: decision('a', drained, 1000) },
      { at: 2000, take: decision('a', drained, 2000) },
    ],
    steps: ['a applied', 'a renewed'],
    shown: [
      [4499, 'paused'],
      [4500, '0/1'],
    ],
  },
  {
    name: 'the same decision sent again later is a renewal',
    inputs: [
      { at: 1000, take: decision('a', low, 1000) },
      { at: 9000, take: decision('a', low, 9000) },
    ],
    steps: ['a applied', 'a renewed'],
    shown: [
      [18_999, '0/1'],
      [19_000, 'open'],
    ],
  },
  {
    name: 'the same message delivered twice changes nothing',
    inputs: [
      { at: 1000, take: decision('a', low, 1000) },
      { at: 1500, take: decision('a', low, 1000) },
    ],
    steps: ['a applied'],
    shown: [[1500, '0/1']],
  },
  {
    name: 'an older one that comes late does not replace',
    inputs: [
      { at: 3000, take: decision('b', audioOnly, 3000) },
      { at: 3100, take: decision('a', low, 2000) },
    ],
    steps: ['b applied', 'a refused superseded'],
    shown: [[3100, 'paused']],
  },
  {
    name: 'a lift lets go',
    inputs: [
      { at: 1000, take: decision('a', low, 1000) },
      { at: 2000, take: decision('b', lift, 2000) },
    ],
    steps: ['a applied', 'a lifted recovered', 'b applied'],
    shown: [[2000, 'open']],
  },
  {
    name: 'a lift under the id of the decision it lifts is one step',
    inputs: [
      { at: 1000, take: decision('a', low, 1000) },
      { at: 2000, take: decision('a', lift, 2000) },
    ],
    steps: ['a applied', 'a lifted recovered'],
    shown: [[2000, 'open']],
  },
  {
    name: 'a lift without a decision is refused',
    inputs: [{ at: 2000, take: decision('b', lift, 2000) }],
    steps: ['b refused nothing_in_force'],
    shown: [[2000, 'open']],
  },
  ...(['unknown_call', 'unknown_participant', 'tenant_mismatch'] as const).map((presence) => ({
    name: `${presence}: refused, and nothing else touched`,
    inputs: [
      { at: 1000, take: decision('a', low, 1000) },
      { at: 1100, take: decision('b', audioOnly, 1100), presence },
    ],
    steps: ['a applied', `b refused ${presence}`],
    shown: [[1100, '0/1']] as [number, string][],
  })),
  {
    name: 'expiry is told once',
    inputs: [
      { at: 1000, take: decision('a', low, 1000) },
      { at: 10_999, expire: true },
      { at: 11_000, expire: true },
      { at: 11_001, expire: true },
    ],
    steps: ['a applied', 'a lifted expired'],
    shown: [[11_001, 'open']],
  },
  {
    name: 'who leaves takes the decision along',
    inputs: [
      { at: 1000, take: decision('a', low, 1000) },
      { at: 2000, forget: true },
      { at: 2000, forget: true },
    ],
    steps: ['a applied', 'a lifted participant_left'],
    shown: [[2000, 'open']],
  },
];

test.each(rows)('$name', ({ inputs, steps, shown }) => {
  const book = new DecisionBook();
  const done: string[] = [];
  for (const { at, take, presence = 'here', expire, forget } of inputs) {
    if (take) done.push(...told(book.take(take, presence, at)));
    if (expire) done.push(...told(book.expire(at)));
    if (forget) done.push(...told(book.forget('c', 'p')));
  }
  expect(done).toEqual(steps);
  for (const [at, what] of shown) expect(`${at}: ${seen(book, at)}`).toBe(`${at}: ${what}`);
});

test('the next change is the end of the pause, then the end of the decision, then none', () => {
  const book = new DecisionBook();
  expect(book.nextChangeMs(0)).toBeNull();
  book.take(decision('a', drained, 1000), 'here', 1000);
  expect(book.nextChangeMs(1000)).toBe(4500);
  expect(book.nextChangeMs(4500)).toBe(11_000);
  book.expire(11_000);
  expect(book.nextChangeMs(11_000)).toBeNull();
});

test('a pause longer than the time to live ends with it', () => {
  const book = new DecisionBook();
  book.take(decision('a', { ...low, drainMs: 10_000 }, 1000, 2000), 'here', 1000);
  expect(book.nextChangeMs(1000)).toBe(3000);
  expect(seen(book, 3000)).toBe('open');
});
