import { describe, expect, it } from 'vitest';
import { help, readOptions, UsageError } from '../../../runtime/demo/options.ts';

describe('the command line', () => {
  it('has defaults as the help tells them', () => {
    expect(readOptions([])).toEqual({
      participants: 3,
      duration: 90,
      faultAfter: 20,
      faultFor: 30,
      data: '.callscope/demo',
    });
    for (const [name, value] of [
      ['participants', 3],
      ['duration', 90],
      ['fault-after', 20],
      ['fault-for', 30],
    ]) {
      expect(help).toMatch(new RegExp(`--${name} .*\\(${value}\\)`));
    }
  });

  it('takes every option', () => {
    const args =
      '--participants 4 --duration 60 --fault-after 8 --fault-for 15 --seed 9 --json r.json --data /tmp/d --exit'.split(
        ' ',
      );
    expect(readOptions(args)).toEqual({
      participants: 4,
      duration: 60,
      faultAfter: 8,
      faultFor: 15,
      seed: 9,
      json: 'r.json',
      data: '/tmp/d',
      exit: true,
    });
    expect(readOptions(['--no-exit'])).toMatchObject({ exit: false });
    expect(readOptions(['--help'])).toBe('help');
  });

  it.each([
    [['--participants', '1'], /--participants.*2 to 6|--participants: Too small/],
    [['--participants', 'x'], /--participants/],
    [['--duration', '50'], /leaves no time after the fault, which ends at 50 s/],
    [['--fault-for', '2'], /--fault-for/],
    [['--seed', '1.5'], /--seed/],
    [['--nonsense'], /nonsense/],
    [['stray'], /stray/],
  ])('refuses %j', (args, message) => {
    expect(() => readOptions(args)).toThrow(UsageError);
    expect(() => readOptions(args)).toThrow(message);
  });
});
