import { describe, expect, it } from 'vitest';
import { families } from '../../lab/families/list.ts';
import { readOptions, UsageError } from '../../lab/options.ts';
import { castOf, expectedMs } from '../../lab/play.ts';
import { interleaved, programme } from '../../lab/programme.ts';
import { keyOf } from '../../lab/row.ts';
import { purposeOf, seedsFor } from '../../lab/seeds.ts';

const options = (...args: string[]) => {
  const read = readOptions(args);
  if (read === 'help') throw new Error('options were wanted');
  return read;
};
const keys = (...args: string[]) =>
  programme(options(...args)).map(({ family, severity, seed }) =>
    keyOf({ family: family.name, severity, seed }),
  );

describe('the programme', () => {
  it('is every family at every severity, and clean calls twice', () => {
    const all = keys();
    expect(new Set(all).size).toBe(all.length);
    expect(all.length).toBe((families.length - 1) * 3 + 6);
  });

  it('never mixes seeds for fitting with those of the scoreboard', () => {
    for (const args of [[], ['--runs', '20', '--seed', '300'], ['--quick']]) {
      expect(programme(options(...args)).every(({ seed }) => purposeOf(seed) === 'scoreboard')).toBe(true);
      expect(programme(options(...args, '--tune')).every(({ seed }) => purposeOf(seed) === 'tune')).toBe(
        true,
      );
    }
  });

  it('plays what was asked for', () => {
    expect(keys('--family', 'cut-off', '--severity', 'severe', '--runs', '2', '--seed', '5')).toEqual([
      'cut-off severe 100005',
      'cut-off severe 100006',
    ]);
  });

  it('spreads clean calls between the others', () => {
    expect(interleaved(['a', 'b', 'c', 'd'], ['1', '2'])).toEqual(['a', 'b', '1', 'c', 'd', '2']);
    expect(interleaved([], ['1', '2'])).toEqual(['1', '2']);
    expect(interleaved(['a'], [])).toEqual(['a']);
  });

  const wallMs = (...args: string[]) =>
    programme(options(...args)).reduce(
      (sum, { family, ...spec }) => sum + expectedMs(family.plan(spec.severity, castOf({ family, ...spec }))),
      0,
    );
  it('takes about five minutes when quick, and less than an hour in full', () => {
    expect(wallMs('--quick') / 60_000).toBeLessThan(5);
    expect(wallMs() / 60_000).toBeLessThan(60);
  });
});

describe('seeds', () => {
  it.each([
    ['tune', 0, 1],
    ['tune', 99_998, 99_999],
    ['scoreboard', 0, 100_000],
  ] as const)('%s + %i is %i', (purpose, offset, seed) => {
    expect(seedsFor(purpose, offset, 1)).toEqual([seed]);
    expect(purposeOf(seed)).toBe(purpose);
  });
  it('refuses to leave the range', () => {
    expect(() => seedsFor('tune', 99_990, 20)).toThrow(/outside of the tune range/);
    expect(() => seedsFor('tune', -1, 1)).toThrow(/outside/);
    expect(purposeOf(0)).toBeUndefined();
  });
});

describe('the command line', () => {
  it.each([
    [['--family', 'gremlins'], /there is no family "gremlins"; there are clean, /],
    [['--severity', 'awful'], /--severity/],
    [['--runs', '0'], /--runs: .*1/],
    [['--no-play'], /needs --resume FILE/],
    [['--tune', '--publish'], /exclude each other/],
    [['--rejudge'], /needs --resume FILE/],
    [['--rejudge', '--resume', 'runs.jsonl', '--publish'], /does not go with --publish/],
    [['--loop', 'maybe'], /--loop/],
    [['--bogus'], /bogus/],
  ])('%j is refused with what to change', (args, message) => {
    expect(() => readOptions(args)).toThrow(UsageError);
    expect(() => readOptions(args)).toThrow(message);
  });
  it('has its defaults', () => {
    expect(options()).toMatchObject({
      runs: 1,
      seed: 0,
      tune: false,
      loop: 'shadow',
      play: true,
      publish: false,
    });
    expect(readOptions(['--help'])).toBe('help');
  });
});
