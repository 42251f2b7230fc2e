import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { runMos } from '../../../quality/mos/cli.ts';

const printed = (request: object) => JSON.parse(runMos([JSON.stringify(request)]).stdout);

describe('npm run mos', () => {
  it('prints every parameter, every intermediate term, r and mos', () => {
    const output = printed({ model: 'g107', ta: 150, t: 150, tr: 300 });
    const names =
      'slr rlr stmr lstr ds dr telr wepl t tr ta qdu ie bpl ppl burstr nc nfor ps pr a st mt ' +
      'olr nos pre nor nfo no ro xolr iolr stmro ist q g y z iq is terv roe re idte rle idle x idd id ieEff r mos';
    for (const name of names.split(' ')) expect(output[name], name).toEqual(expect.any(Number));
    expect(output).toMatchObject({
      model: 'g107',
      version: 'g107@2015-06',
      scale: 'narrowband',
      warnings: [],
    });
    expect(output.r).toBeCloseTo(89.54, 2);
    expect(output.mos).toBeCloseTo(4.328, 3);
  });

  it.each([
    { request: { model: 'g107.1', ie: 13 }, scale: 'wideband', mos: 4.3371 },
    { request: { model: 'g107.2', ie: 10.67, bpl: 9.79, ppl: 2 }, scale: 'fullband', mos: 3.9811 },
    { request: { model: 'opus', bitrateBps: 40_000, ppl: 10 }, scale: 'fullband', mos: 2.6468 },
    { request: { model: 'video', framesPerSecond: 0 }, scale: 'video', mos: 1 },
  ])('computes $request', ({ request, scale, mos }) => {
    const output = printed(request);
    expect(output.scale).toBe(scale);
    expect(output.mos).toBeCloseTo(mos, 4);
  });

  it('computes beyond the Recommendation, with a warning', () => {
    const output = printed({ model: 'g107', ta: 900 });
    expect(output.warnings).toEqual(['ta = 900 is outside of 0 to 500, for which the model answers']);
    expect(output.mos).toBeLessThan(3);
  });

  it.each([
    { args: ['nope'], says: 'not JSON' },
    { args: ['[1]'], says: 'a JSON object is expected' },
    { args: ['{"ta":1}'], says: 'one of g107, g107.1, g107.2, opus, video' },
    { args: ['{"model":"constructor"}'], says: 'one of g107, g107.1, g107.2, opus, video' },
    { args: ['{"model":"g107","ppl":101}'], says: 'ppl = 101 is no number from 0 to 100 %' },
    { args: ['{"model":"g107","ta":-1}'], says: 'ta = -1 is no number from 0 to 10000 ms' },
    { args: ['{"model":"g107","ta":"150"}'], says: 'ta = "150" is no number from 0 to 10000 ms' },
    { args: ['{"model":"g107","BurstR":2}'], says: 'unknown parameter BurstR; did you mean burstr?' },
    { args: ['{"model":"g107.1","ps":50}'], says: 'unknown parameter ps (known: rlr' },
    { args: ['{"model":"video","codec":"mpeg2"}'], says: 'codec = "mpeg2" is none of vp8' },
    { args: ['{"model":"g107"}', 'more'], says: 'one JSON object expected, got 2 arguments' },
    { args: [], says: 'no model given' },
  ])('refuses $args and says why', ({ args, says }) => {
    const result = runMos(args);
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(result.stderr).toContain(says);
  });

  it('explains itself', () => {
    const result = runMos(['--help']);
    expect(result.exitCode).toBe(0);
    for (const word of ['g107.2', 'burstr', 'bitrateBps', 'framesPerSecond'])
      expect(result.stdout).toContain(word);
  });

  it('is a program: JSON on stdout, or an error on stderr and exit code 2', () => {
    const run = (argument: string) =>
      spawnSync(process.execPath, ['quality/mos/cli.ts', argument], { encoding: 'utf8' });
    const good = run('{"model":"g107"}');
    expect(good.status).toBe(0);
    expect(JSON.parse(good.stdout).r).toBeCloseTo(93.2062, 4);
    const bad = run('{"model":"g107","ppl":500}');
    expect(bad).toMatchObject({ status: 2, stdout: '' });
    expect(bad.stderr).toContain('ppl = 500');
  });
});
