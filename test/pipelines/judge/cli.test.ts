import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runJudge } from '../../../pipelines/judge/cli.ts';
import { exportLines } from '../../../quality/recordings/export.ts';
import {
  clientSide,
  format3Dump,
  happenings,
  internalsDump,
  jitsiDump,
  reportsOf,
} from '../../quality/recordings/support/dumps.ts';
import { type Script, startMs, syntheticCall } from '../../quality/support/synthetic-call.ts';

const script: Script = (id, s) => (id === 'ann' && s >= 20 && s < 32 ? { decoderDead: true } : {});
const call = syntheticCall(['ann', 'ben'], 45, script);
const own = clientSide(call, 'ann');
const reports = reportsOf(own);
const events = happenings(['ann-send', 'ann-recv'], startMs);

let folder: string;
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'callscope-judge-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('npm run judge', () => {
  it.each([
    ['rtcstats dump', () => jitsiDump(reports, events)],
    ['rtcstats dump', () => format3Dump(reports, events)],
    ['webrtc-internals dump', () => internalsDump(reports, events)],
    ['Callscope export', () => [...exportLines(call)].join('\n')],
  ])('reads an unnamed %s, packed or not, to the same end', async (kind, write) => {
    const text = write();
    const bare = await runJudge([file('a', text)]);
    const packed = await runJudge([file('b', gzipSync(text))]);
    expect(bare).toMatchObject({ exitCode: 0, stderr: '' });
    expect(packed.stdout).toBe(bare.stdout);
    for (const word of [
      kind,
      'Connections',
      'Scores',
      'Issues',
      'severe freeze',
      'stood still',
      'Timeline (UTC)',
    ]) {
      expect(bare.stdout).toContain(word);
    }
  });

  it('prints all of it as JSON, windows where they are asked for', async () => {
    const path = file('c', jitsiDump(reports, events));
    const printed = JSON.parse((await runJudge([path, '--json'])).stdout);
    expect(Object.keys(printed)).toEqual([
      'recording',
      'connections',
      'scores',
      'incidents',
      'timeline',
      'unclassified',
    ]);
    expect(printed.incidents[0]).toMatchObject({
      kind: 'freeze',
      hop: 'receiver_device',
      affected: ['local'],
    });
    const full = JSON.parse((await runJudge([path, '--json', '--windows'])).stdout);
    expect(full.windows.length).toBeGreaterThan(20);
  });

  it('says why there is nothing to score', async () => {
    const text = `["onconnectionstatechange","PC_0","failed",${startMs}]`;
    expect((await runJudge([file('d', text)])).stdout).toContain(
      'unclassified: no statistics in the recording',
    );
  });

  it('lets nothing through that a terminal would obey', async () => {
    const evil = '\u001b]0;owned\u0007\u001b[2J\u202e\u009b31m\r\nroot# ';
    const text = [
      ['create', evil, {}, startMs],
      ['connectionInfo', null, { userAgent: evil }, startMs],
      ['navigator.mediaDevices.getUserMediaOnFailure', null, evil, startMs],
      ['setLocalDescriptionOnFailure', evil, evil, startMs],
      ['getstats', evil, { [evil]: { type: 'inbound-rtp', ssrc: 1, kind: evil, timestamp: 0 } }, startMs],
    ];
    const path = file('e', text.map((line) => JSON.stringify(line)).join('\n'));
    for (const { stdout, stderr } of [
      await runJudge([path]),
      await runJudge([path, '--json']),
      await runJudge([file('f', `${evil}[]`)]),
    ]) {
      expect(stdout + stderr).not.toMatch(/(?!\n)[\p{Cc}\u202e]/u);
      expect(stdout).not.toMatch(/^root#/m);
    }
  });

  it.each([
    { args: [], says: 'no recording given' },
    { args: ['a', 'b'], says: 'one recording expected, got 2' },
    { args: ['a', '--max-samples', 'many'], says: '--max-samples many is no whole number above 0' },
    { args: ['a', '--max-mb', '0'], says: '--max-mb 0 is no whole number from 1 to 500' },
    { args: ['--nope'], says: "Unknown option '--nope'" },
    { args: ['/nowhere/at/all'], says: 'cannot be read: ENOENT' },
    { args: ['/tmp'], says: 'cannot be read: EISDIR' },
  ])('refuses $args and says why', async ({ args, says }) => {
    const result = await runJudge(args);
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(result.stderr).toContain(says);
  });

  it('names the place where a recording breaks off', async () => {
    const text = jitsiDump(reports, events);
    const lines = text.trimEnd().split('\n');
    const cut = file('g', text.trimEnd().slice(0, -5));
    expect((await runJudge([cut])).stderr).toMatch(
      new RegExp(`g: line ${lines.length}, column ${lines.at(-1)!.length - 4}: it ends`),
    );
    const packed = gzipSync(text);
    expect((await runJudge([file('h', packed.subarray(0, packed.length >> 1))])).stderr).toMatch(
      /h: byte \d+: the gzip data is cut off/,
    );
    const broken = Buffer.from(packed);
    broken.fill(0xff, 200, 260);
    expect((await runJudge([file('i', broken)])).stderr).toMatch(/i: byte \d+: the gzip data is broken/);
  });

  it('bounds what it takes in', async () => {
    const path = file('j', jitsiDump(reports, events));
    expect((await runJudge([path, '--max-samples', '50'])).stderr).toMatch(
      /j: line \d+: more than 50 samples/,
    );
    const long = file('k', gzipSync(`["x",null,"${'a'.repeat(17 * 2 ** 20)}",1]`));
    expect((await runJudge([long])).stderr).toMatch(/k: line 1, column \d+: a line longer than 16 MiB/);
    const wide = file('l', gzipSync(`{"PeerConnections":{},"x":"${'a'.repeat(2 ** 20)}"}`));
    expect((await runJudge([wide, '--max-mb', '1'])).stderr).toContain('longer than 1 MiB');
  });

  it('explains itself', async () => {
    const { exitCode, stdout } = await runJudge(['--help']);
    expect(exitCode).toBe(0);
    for (const word of ['webrtc-internals', 'rtcstats', '--json', '--max-mb']) expect(stdout).toContain(word);
  });

  it('is a program: a verdict on stdout, or an error on stderr and exit code 2', () => {
    const run = (path: string) =>
      spawnSync(process.execPath, ['pipelines/judge/cli.ts', path], { encoding: 'utf8' });
    expect(run(file('m', jitsiDump(reports, events)))).toMatchObject({ status: 0, stderr: '' });
    const bad = run(file('n', 'nonsense'));
    expect(bad).toMatchObject({ status: 2, stdout: '' });
    expect(bad.stderr).toMatch(/^judge: .*n: line 1, column 1: /);
  });

  it('ends with an error, not with the process, where a file takes more memory than it may', () => {
    const lists = '[],'.repeat(8 * 2 ** 20);
    const path = file('lists.json', `{"PeerConnections":{"1-1":{"updateLog":[${lists}0],"stats":{}}}}`);
    const told = spawnSync(process.execPath, ['pipelines/judge/cli.ts', path, '--max-memory-mb', '64'], {
      encoding: 'utf8',
    });
    expect(told.stderr).toContain(
      'it takes more than 64 MiB of memory to read; raise it with --max-memory-mb',
    );
    expect(told.stderr).toContain(path);
    expect(told.status).toBe(2);
  });
});
