import { describe, expect, it } from 'vitest';
import { type Action, type Plan, severities } from '../../../lab/families/family.ts';
import { families } from '../../../lab/families/list.ts';
import { changedLink, cleanLink } from '../../../lab/network/settings.ts';
import { castOf, moments } from '../../../lab/play.ts';

const cast = { guilty: 1, second: 2, third: 0 };
const plans = families.flatMap((family) =>
  severities.map((severity) => ({
    name: `${family.name} ${severity}`,
    family,
    plan: family.plan(severity, cast),
  })),
);

it('has names that are told apart', () => {
  expect(new Set(families.map(({ name }) => name)).size).toBe(families.length);
});

describe.each(plans)('$name', ({ family, plan }) => {
  it('says in words what is done', () => {
    expect(family.fault).not.toBe('');
    expect(new Set(Object.values(family.severities)).size).toBe(severities.length);
  });

  it('expects something, unless it is clean', () => {
    expect(plan.expected.length > 0).toBe(family.name !== 'clean');
    for (const { kinds, hops } of plan.expected) {
      expect(kinds.length).toBeGreaterThan(0);
      expect(new Set(kinds).size).toBe(kinds.length);
      expect(hops).not.toContain('unknown');
      expect(hops.length).toBeGreaterThan(0);
    }
  });

  it('makes the fault with the join or by steps', () => {
    if (plan.atJoin) expect(Object.keys(plan.seats ?? {})).toContain(String(cast.guilty));
    else if (family.name !== 'clean') expect(plan.steps.length).toBeGreaterThan(0);
    for (const { atMs = 0 } of plan.steps) expect(atMs).toBeLessThan(plan.faultMs);
  });

  it('asks of the network what it can do, and of hands only what they hold', () => {
    for (const { action } of plan.steps) check(action, plan);
  });
});

function check(action: Action, plan: Plan): void {
  if (action.kind === 'line' || action.kind === 'relay_line') {
    expect(changedLink(cleanLink, action.change)).not.toEqual(cleanLink);
  }
  if (action.kind === 'relay_line')
    expect(Object.values(plan.seats ?? {}).every(({ relay }) => relay === 'udp')).toBe(true);
  if (action.kind === 'camera') expect(plan.seats?.[action.seat]?.devices?.camera).toBe('handled');
  if (action.kind === 'microphone') expect(plan.seats?.[action.seat]?.devices?.microphone).toBe('handled');
}

describe('who is hit', () => {
  const run = (seed: number) => castOf({ family: { name: 'cut-off' }, severity: 'mild', seed });
  it('follows from the seed alone', () => {
    expect(run(7)).toEqual(run(7));
  });
  it('is everybody in turn', () => {
    const guilty = Array.from({ length: 600 }, (_, seed) => run(seed).guilty);
    for (const seat of [0, 1, 2]) {
      expect(guilty.filter((one) => one === seat).length).toBeGreaterThan(150);
    }
  });
  it('is never one person in two parts', () => {
    for (let seed = 0; seed < 50; seed++) {
      const { guilty, second, third } = run(seed);
      expect([guilty, second, third].sort()).toEqual([0, 1, 2]);
    }
  });
});

it('orders beginnings and the ends that come within the fault', () => {
  const press = { kind: 'press', seat: 0, button: 'camera' } as const;
  const plan = {
    steps: [
      { action: press, forMs: 6_000 },
      { atMs: 2_000, action: press, forMs: 60_000 },
      { action: press },
    ],
    faultMs: 10_000,
    expected: [],
    sideEffects: [],
    affected: [],
  };
  expect(moments(plan)).toEqual([
    { atMs: 0, what: 'begin', step: 0 },
    { atMs: 0, what: 'begin', step: 2 },
    { atMs: 2_000, what: 'begin', step: 1 },
    { atMs: 6_000, what: 'end', step: 0 },
  ]);
});
