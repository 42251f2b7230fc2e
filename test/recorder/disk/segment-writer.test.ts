import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readSegment, type StreamInfo } from '../../../recorder/disk/segment.ts';
import { Backlog, SegmentWriter, segmentFile } from '../../../recorder/disk/segment-writer.ts';

const info = { streamId: 's', payloadType: 111 } as StreamInfo;
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'callscope-segments-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const packet = (i: number) => ({ atMs: i, rtp: Buffer.alloc(100, i) });
const read = (segment: number) => readSegment(readFileSync(segmentFile(dir, segment))).packets;

test('a full disk loses nothing: half a write is written over once there is room', async () => {
  let room = 350;
  const faults: string[] = [];
  const backlog = new Backlog(1_000_000);
  const writer = new SegmentWriter({
    dir,
    info,
    backlog,
    onFault: ({ message }) => faults.push(message),
    openFile: async (file) => {
      const handle = await open(file, 'w');
      return {
        datasync: () => handle.datasync(),
        close: () => handle.close(),
        // Takes what there is room for, as a disk does, and refuses the rest.
        write: (async (bytes: Buffer, offset: number, length: number, position: number) => {
          const taken = Math.min(length, room);
          if (taken === 0)
            throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
          room -= taken;
          return handle.write(bytes, offset, taken, position);
        }) as never,
      };
    },
  });
  for (let i = 0; i < 10; i++) writer.add(packet(i));
  const rotated = writer.rotate();
  for (let i = 10; i < 20; i++) writer.add(packet(i));
  await expect.poll(() => backlog.fault).toMatch(/ENOSPC/);
  expect(backlog.heldBytes).toBeGreaterThan(2_000);
  expect(backlog.hasRefused()).toBe(true);
  room = Number.POSITIVE_INFINITY;
  expect(await rotated).toBe(1);
  expect(await writer.close(5_000)).toBe(2);
  expect(read(1)).toEqual(Array.from({ length: 10 }, (_, i) => packet(i)));
  expect(read(2)).toEqual(Array.from({ length: 10 }, (_, i) => packet(10 + i)));
  expect(backlog).toMatchObject({ heldBytes: 0, droppedPackets: 0, fault: '' });
  expect(faults).toHaveLength(1);
  backlog.hasRefused();
  expect(backlog.hasRefused()).toBe(false);
});

test('beyond the bound of memory packets are dropped and counted', async () => {
  const backlog = new Backlog(1_000);
  const writer = new SegmentWriter({
    dir,
    info,
    backlog,
    onFault: () => {},
    openFile: () => Promise.reject(new Error('ENOSPC')),
  });
  for (let i = 0; i < 20; i++) writer.add(packet(i));
  expect(backlog.droppedPackets).toBeGreaterThan(10);
  expect(backlog.heldBytes).toBeLessThanOrEqual(1_000);
  await writer.close(0);
  expect(backlog.heldBytes).toBe(0);
});
