/** The demo as a person runs it, with an earlier and shorter fault. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../runtime/demo/report.ts';

const projectDir = path.join(import.meta.dirname, '..', '..');
const dir = mkdtempSync(path.join(os.tmpdir(), 'callscope-demo-'));
/** Marks the processes of this run, however deep they are started. */
const mark = `CALLSCOPE_E2E_MARK=${path.basename(dir)}`;

function startDemo(args: string[]) {
  const child = spawn(
    process.execPath,
    [path.join('runtime', 'demo', 'main.ts'), '--data', path.join(dir, 'data'), ...args],
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
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  return { child, output, exited };
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

describe('npm run demo', () => {
  let output = '';
  let code: number | null = null;
  let report: Report;

  beforeAll(async () => {
    const file = path.join(dir, 'report.json');
    const args = '--seed 1 --fault-after 10 --fault-for 20 --duration 44 --exit --json'.split(' ');
    const demo = startDemo([...args, file]);
    code = await demo.exited;
    output = demo.output.text;
    expect(code, output).toBeLessThan(2);
    report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  });

  it('scores what everybody hears and sees, on rows that stand in ClickHouse', () => {
    expect(report.clickhouse.rows).toBeGreaterThan(500);
    for (const { name, mos } of report.participants) {
      for (const kind of ['audio', 'video'] as const) {
        expect(mos[kind].score, `${name} ${kind}`).toBeGreaterThanOrEqual(1);
        expect(mos[kind].score, `${name} ${kind}`).toBeLessThanOrEqual(5);
      }
    }
    expect(new Set(report.participants.map(({ mos }) => mos.audio.scale)).size).toBe(1);
  });

  it('spoils the downlink of one participant and nothing else', () => {
    const dropped = report.network.map(({ participant, counters }) => ({
      participant,
      down: Object.values(counters.down.dropped).reduce((sum, count) => sum + count, 0),
      up: Object.values(counters.up.dropped).reduce((sum, count) => sum + count, 0),
    }));
    for (const { participant, up, down } of dropped) {
      expect(up).toBe(0);
      expect(down > 0, participant).toBe(participant === report.fault.target);
    }
  });

  it('notices it, names the right participant and the downlink, and acts', () => {
    expect(report.loop.faultToDetectionMs, output).not.toBeNull();
    expect(report.loop.faultToActionMs, output).not.toBeNull();
  });

  it('exits by its verdict and says it', () => {
    expect(code).toBe(report.passed ? 0 : 1);
    expect(output).toContain(report.passed ? 'The loop closed' : report.failures[0]!.slice(0, 40));
    expect(report.passed).toBe(report.failures.length === 0);
  });

  it('leaves no process behind', () => {
    expect(leftBehind()).toEqual([]);
  });
});

describe('ending it early', () => {
  it.each([
    ['while it starts', /Callscope demo/],
    ['while they join', /sfu is ready/],
    ['in mid-call', /ready: /],
  ])('Ctrl-C %s ends everything', async (_when, line) => {
    const { child, output, exited } = startDemo(['--exit']);
    await expect
      .poll(() => line.test(output.text) || child.exitCode !== null, { timeout: 60_000 })
      .toBe(true);
    child.kill('SIGINT');
    expect(await exited, output.text).toBe(130);
    expect(leftBehind()).toEqual([]);
  });

  it('refuses to run beside another demo on the same data', async () => {
    const first = startDemo(['--exit']);
    await expect.poll(() => /clickhouse is ready/.test(first.output.text), { timeout: 60_000 }).toBe(true);
    const second = startDemo(['--exit']);
    expect(await second.exited).toBe(3);
    expect(second.output.text).toMatch(/in use|another/i);
    first.child.kill('SIGINT');
    expect(await first.exited).toBe(130);
    expect(leftBehind()).toEqual([]);
  });
});
