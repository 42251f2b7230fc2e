/** The lab as a person runs it: one real call with a fault, its row, its scores. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseRows, type RunRow } from '../../lab/row.ts';
import type { Scoreboard } from '../../lab/scoreboard.ts';

const projectDir = path.join(import.meta.dirname, '..', '..');
const dir = mkdtempSync(path.join(os.tmpdir(), 'callscope-lab-'));
/** Marks the processes of this test, however deep they are started. */
const mark = `CALLSCOPE_E2E_MARK=${path.basename(dir)}`;
const results = path.join(dir, 'runs.jsonl');
const json = path.join(dir, 'scores.json');

function startLab(args: string[]) {
  const child = spawn(
    process.execPath,
    [path.join('lab', 'main.ts'), '--tune', '--data', path.join(dir, 'data'), '--resume', results, ...args],
    {
      cwd: projectDir,
      env: { ...process.env, CALLSCOPE_E2E_MARK: path.basename(dir) },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const output = { text: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output.text += chunk.toString();
    });
  }
  return { child, output, exited: once(child, 'exit').then(([code]) => code as number | null) };
}

/** Processes that carry the mark in their environment, by id. */
function leftBehind(): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(mark);
    } catch {
      return false;
    }
  });
}

afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('npm run lab', () => {
  const args = ['--family', 'downlink-bandwidth', '--severity', 'severe', '--json', json];
  let row: RunRow;

  beforeAll(async () => {
    const lab = startLab(args);
    expect(await lab.exited, lab.output.text).toBe(0);
    row = parseRows(readFileSync(results, 'utf8'), results)[0]!;
  });

  it('makes the fault it says, at the one it says, for as long', () => {
    const [expected] = row.truth.expected;
    expect(row.family).toBe('downlink-bandwidth');
    row.dropped.forEach(({ up, down }, seat) => {
      expect(up).toBe(0);
      expect(down > 0, `seat ${seat}`).toBe(seat === expected!.guilty);
    });
    expect(row.readyMs).toBeLessThanOrEqual(-11_000);
    expect(row.faultEndMs).toBeGreaterThanOrEqual(15_000);
    expect(row.endMs).toBeGreaterThan(row.faultEndMs);
  });

  it('scores it', () => {
    const { result, runs } = JSON.parse(readFileSync(json, 'utf8')) as Scoreboard;
    expect(result.runs).toBe(1);
    expect(result.byFamily['downlink-bandwidth']!.expected).toBe(1);
    expect(runs).toHaveLength(1);
  });

  it('does not play again what the file holds', async () => {
    const lab = startLab(args);
    expect(await lab.exited, lab.output.text).toBe(0);
    expect(lab.output.text).toContain('1 runs, 1 of them in');
    expect(parseRows(readFileSync(results, 'utf8'), results)).toHaveLength(1);
  });

  it('ends with Ctrl-C and keeps what is done', async () => {
    const lab = startLab(['--family', 'clean', '--severity', 'mild', '--json', json]);
    await expect
      .poll(() => /pipelines is ready/.test(lab.output.text) || lab.child.exitCode !== null, {
        timeout: 60_000,
      })
      .toBe(true);
    lab.child.kill('SIGINT');
    expect(await lab.exited, lab.output.text).toBe(130);
    expect(existsSync(json)).toBe(true);
    expect(parseRows(readFileSync(results, 'utf8'), results)).toHaveLength(1);
  });

  it('leaves no process behind', () => {
    expect(leftBehind()).toEqual([]);
  });
});
