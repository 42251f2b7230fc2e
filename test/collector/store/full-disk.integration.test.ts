/** The disk under the spool is full: nothing is taken that could not be kept, and what was taken gets out. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, inject, test } from 'vitest';
import { encodeLogRecords, encodeRequest } from '../../../client/sdk/otlp.ts';
import { flakyLink } from '../flaky-link.ts';
import { serverKey, startCollector, testDatabase } from '../support.ts';

/** A file system of its own; undefined where that is not allowed. */
function smallDisk(megabytes: number): (Disposable & { path: string }) | undefined {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'callscope-small-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', directory], {
      stdio: 'ignore',
    });
  } catch {
    rmSync(directory, { recursive: true });
    return undefined;
  }
  return {
    path: directory,
    [Symbol.dispose]() {
      execFileSync('umount', [directory]);
      rmSync(directory, { recursive: true });
    },
  };
}

const padding = 'x'.repeat(4_000);

function requestOf(number: number): Uint8Array<ArrayBuffer> {
  const attributes = [
    ['rtc.packets_sent', number],
    ['padding', padding],
  ] as const;
  const records = [{ eventName: 'rtc.stats.outbound_rtp', timeMs: Date.now(), attributes }];
  const resource = [['rtc.call_id', 'full']] as const;
  return new Uint8Array(encodeRequest('t', [{ resource, chunks: [encodeLogRecords(records)] }]));
}

test.for([
  ['in many segments', 256 * 1_024],
  ['in one', 16 * 2 ** 20],
] as const)(
  'a disk filled by requests %s: 503, nothing acknowledged is lost, and once they are out all goes on',
  async ([, segmentBytes], context) => {
    using disk = smallDisk(3);
    if (!disk) return context.skip('a small file system cannot be mounted here: needs root on Linux');
    await using db = await testDatabase(inject('clickhouseUrl'), { create: true });
    await using link = await flakyLink(db.url);
    await using collector = await startCollector(link.url, {
      spoolDirectory: disk.path,
      spool: { segmentBytes, reserveBytes: 256 * 1_024 },
    });
    const send = async (number: number) => {
      const answer = await fetch(`${collector.url}/v1/logs`, {
        method: 'POST',
        headers: { authorization: `Bearer ${serverKey}`, 'content-type': 'application/x-protobuf' },
        body: requestOf(number),
      });
      await answer.arrayBuffer();
      return answer;
    };
    const ready = async () => (await fetch(`${collector.url}/readyz`)).status;
    const stored = async () =>
      (
        await db.rows<{ n: number }>(
          `SELECT toUInt32(packets_sent) AS n FROM rtc_stats_outbound_rtp WHERE call_id = 'full' ORDER BY n`,
        )
      ).map(({ n }) => n);

    link.set('down');
    const acknowledged: number[] = [];
    let last = await send(0);
    for (let n = 1; last.status === 200; n++) {
      acknowledged.push(n - 1);
      last = await send(n);
    }
    expect([last.status, last.headers.get('retry-after')]).toEqual([503, '2']);
    expect(await ready()).toBe(503);
    const used = readdirSync(disk.path).reduce(
      (sum, name) => sum + statSync(path.join(disk.path, name)).size,
      0,
    );
    expect(used).toBeGreaterThan(2.5 * 2 ** 20);
    expect(acknowledged.length).toBeGreaterThan(400);

    link.set('up');
    await expect.poll(stored, { timeout: 20_000 }).toEqual(acknowledged);
    await expect.poll(ready, { timeout: 10_000 }).toBe(200);
    const next = acknowledged.length;
    await expect.poll(async () => (await send(next)).status, { timeout: 10_000 }).toBe(200);
    await expect.poll(stored, { timeout: 10_000 }).toEqual([...acknowledged, next]);
  },
);
