import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTurnOptions } from '../../../lab/turn/main.ts';
import { type TurnRow, turnLine, turnReport, withTurnSection } from '../../../lab/turn/report.ts';

const date = '2026-01-01T00:00:00.000Z';
const kill = (run: number, recoverMs: number | null | undefined, stayed = true): TurnRow => ({
  part: 'kill',
  run,
  date,
  relayId: 'relay-1',
  people: [
    { name: 'Ana', onIt: true, recoverMs, stayed },
    { name: 'Bruno', onIt: false, recoverMs: undefined, stayed: true },
  ],
});
const relief = (run: number, reliefMs: number): TurnRow => ({
  part: 'relief',
  run,
  date,
  people: 3,
  full: true,
  secondMs: -200,
  reliefMs,
  newcomerOnIt: true,
  shrunkAfterMs: 30_000,
});
const drain = (gaps: number): TurnRow => ({
  part: 'drain',
  run: 1,
  date,
  relayId: 'relay-3',
  pathsOnIt: 2,
  newcomerOnIt: 0,
  keptWhileUsed: true,
  people: [
    {
      name: 'Ana',
      gaps: Array.from({ length: gaps }, () => ({ stream: 's', fromMs: 100, lastsMs: 1_200 })),
      stayed: true,
    },
  ],
  endedAfterMs: 9_000,
});

describe('the report', () => {
  it('counts everybody: who noticed nothing with half a second, who never recovered with all of the watch', () => {
    const rows = [kill(1, 2_000), kill(2, 3_000), kill(3, undefined), kill(4, null, false)];
    expect(turnReport(rows, {}).result).toMatchObject({
      relayKillRecoverMedianMs: 500,
      relayKillRecoverP95Ms: 15_000,
      relayKillLeft: 1,
      reliefP95Ms: null,
      drainCut: null,
    });
  });

  it('counts people who were cut by a drain, and has the slowest relief', () => {
    const { result } = turnReport([relief(1, 4_000), relief(2, 9_000), drain(0)], {});
    expect(result).toMatchObject({ reliefP95Ms: 9_000, drainCut: 0, drainNewcomers: 0 });
    expect(turnReport([drain(2)], {}).result.drainCut).toBe(1);
  });

  it('tells each run in a line', () => {
    expect(turnLine(kill(1, 2_000))).toBe(
      'kill 1: relay-1 killed; Ana* back after 2.0 s; Bruno nothing stood still (* was on it)',
    );
    expect(turnLine(relief(1, 4_000))).toMatch(
      /full with 2 people, another relay after -0.2 s, given after 4.0 s/,
    );
    expect(turnLine(drain(0))).toMatch(/relay-3 drained with 2 paths on it, 0 people cut/);
  });

  it('takes the place of the one before on the page, and says what was missed', () => {
    const page = readFileSync(path.join(import.meta.dirname, '../../../docs/scoreboard-turn.md'), 'utf8');
    const once = withTurnSection(page, turnReport([kill(1, 7_000), drain(0)], { chromium: '1' }));
    expect(once).toContain(
      '| relay killed until all media is back, p95 | 7.0 s (median 0.5 s) | under 6 s | **missed** |',
    );
    const twice = withTurnSection(once, turnReport([kill(1, 2_000)], { chromium: '1' }));
    expect(twice).toContain('| under 6 s | reached |');
    expect(twice).not.toContain('**missed** |\n| people who');
    expect(() => withTurnSection('no marks', turnReport([], {}))).toThrow(/lacks the marks/);
  });
});

describe('the command line', () => {
  it('plays all parts five times by default', () => {
    expect(readTurnOptions([])).toMatchObject({ part: ['relief', 'kill', 'drain'], runs: 5, play: true });
    expect(readTurnOptions(['--part', 'kill', '--runs', '2'])).toMatchObject({ part: ['kill'], runs: 2 });
  });

  it('refuses what cannot be', () => {
    expect(() => readTurnOptions(['--part', 'nap'])).toThrow(/--part/);
    expect(() => readTurnOptions(['--no-play'])).toThrow(/--resume/);
  });
});
