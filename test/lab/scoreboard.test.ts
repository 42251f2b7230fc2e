import { describe, expect, it } from 'vitest';
import { minutes, progressText } from '../../lab/progress.ts';
import { parseRows } from '../../lab/row.ts';
import { buildScoreboard, scoreboardText } from '../../lab/scoreboard.ts';
import { runLine, summaryLines } from '../../lab/summary.ts';
import { cleanRow, found, row } from './rows.ts';

const rows = [
  row([found('downlink_congestion', 2_000), found('freeze', 4_000)]),
  row([found('stuck_decoder', 2_000)], { seed: 2 }),
  row([], { severity: 'mild', family: 'uplink-loss' }),
  cleanRow([]),
];
const board = buildScoreboard(rows, ['cut-off severe 1']);

describe('the scoreboard', () => {
  it('keeps every run with what each incident counted as', () => {
    expect(board.runs).toHaveLength(4);
    expect(board.runs[0]).toMatchObject({
      missed: [],
      found: [{ verdict: 'hit' }, { kind: 'freeze', verdict: 'side_effect' }],
    });
    expect(board.runs[1]).toMatchObject({
      missed: ['downlink_congestion'],
      found: [{ verdict: 'false_alarm' }],
    });
    expect(board.result).toMatchObject({ precision: 0.5, recall: 0.5, runs: 3 });
  });

  it('is a page that tells losses, versions and what was not run', () => {
    const text = scoreboardText(board);
    expect(text).toContain('| precision | 50.0 % | at least 95.0 % | **missed** |');
    expect(text).toContain('| fault to detection, median | 2.0 s | at most 2.5 s | reached |');
    expect(text).toContain('| downlink-loss | 2 | 1 of 2 | 1 | 50.0 % | 50.0 % | 100.0 % | 2.0 s | 2.0 s |');
    expect(text).toContain('stuck_decoder 0/0/1');
    expect(text).toContain('- cut-off severe 1');
    expect(text).toContain('node v24');
    expect(text).not.toMatch(/undefined|NaN/);
  });

  it('leaves out what was played on a full machine, whatever was found', () => {
    const full = row([], { seed: 3, load: { before: 0.95, during: 0.5 } });
    expect(buildScoreboard([...rows, full], [])).toEqual({ ...board, notRun: [], crowded: 1 });
  });

  it('can be written of nothing', () => {
    const empty = buildScoreboard([], []);
    expect(scoreboardText(empty)).not.toMatch(/undefined|NaN/);
    expect(scoreboardText(empty)).toContain('not known');
  });
});

it('tells a run in one line', () => {
  expect(runLine(rows[0]!)).toBe('downlink-loss moderate 1: downlink_congestion at 2.0 s [50/50 % CPU]');
  expect(runLine(rows[1]!)).toBe(
    'downlink-loss moderate 2: missed downlink_congestion; false stuck_decoder (downlink) at 2.0 s [50/50 % CPU]',
  );
  expect(runLine(rows[3]!)).toContain('nothing to find, nothing found');
  expect(summaryLines(board).join('\n')).toContain('recall        50.0 %');
});

describe('results files', () => {
  it('reads back what was written', () => {
    const text = `${rows.map((one) => JSON.stringify(one)).join('\n')}\n`;
    expect(parseRows(text, 'runs.jsonl')).toEqual(rows);
  });
  it('names the line that is broken', () => {
    expect(() => parseRows(`${JSON.stringify(rows[0])}\n{"family":`, 'runs.jsonl')).toThrow(
      /runs\.jsonl, line 2/,
    );
  });
});

describe('progress', () => {
  const state = {
    runs: 4,
    doneRuns: 1,
    doneCostMs: 10_000,
    doneElapsedMs: 12_000,
    totalMs: 40_000,
    elapsedMs: 12_000,
    playing: 'cut-off mild 1',
    width: 80,
  };
  it('scales the time left by the pace so far', () => {
    expect(progressText(state)).toMatch(/^█{6}░{18} 1\/4 {2}0:36 left {2}cut-off mild 1$/);
  });
  it('goes down while a run is played', () => {
    expect(progressText({ ...state, elapsedMs: 22_000 })).toContain('0:26 left');
    expect(progressText({ ...state, elapsedMs: 90_000 })).toContain('0:00 left');
  });
  it('begins with what is expected and fits the terminal', () => {
    expect(progressText({ ...state, doneRuns: 0, doneCostMs: 0, doneElapsedMs: 0, elapsedMs: 0 })).toContain(
      '0:40 left',
    );
    expect(progressText({ ...state, width: 40 }).length).toBeLessThan(40);
    expect(minutes(3_661_000)).toBe('61:01');
  });
});
