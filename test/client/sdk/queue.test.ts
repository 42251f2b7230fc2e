import { describe, expect, it } from 'vitest';
import { type Chunk, Queue } from '../../../client/sdk/queue.ts';

const chunk = (size: number, signal: Chunk['signal'] = 'logs', records = 1): Chunk => ({
  signal,
  transportId: '',
  bytes: new Uint8Array(size),
  records,
});

function queueOf(limit: number) {
  const dropped: number[] = [];
  return { dropped, queue: new Queue(limit, (records) => dropped.push(records)) };
}

describe('the bounded queue', () => {
  it('never holds more than its limit and drops the oldest whole', () => {
    const { queue, dropped } = queueOf(100);
    const [first, second, third] = [chunk(40, 'logs', 3), chunk(40, 'logs', 5), chunk(40, 'logs', 7)];
    for (const one of [first, second, third]) queue.push(one);
    expect(queue.bytes).toBe(80);
    expect(dropped).toEqual([3]);
    expect(queue.takeChunks('logs', 1000)).toEqual([second, third]);
    expect(queue.empty).toBe(true);
    expect(queue.bytes).toBe(0);
  });

  it('drops sealed batches before what is newer', () => {
    const { queue, dropped } = queueOf(100);
    const batch = { signal: 'logs', body: new Uint8Array(60), gzip: true, records: 20 } as const;
    queue.addBatch(batch);
    queue.push(chunk(50));
    expect(dropped).toEqual([20]);
    expect(queue.firstBatch).toBeUndefined();
    // The answer to a batch that was dropped while in flight changes nothing.
    expect(queue.removeBatch(batch)).toBe(false);
    expect(queue.bytes).toBe(50);
  });

  it('drops even the newest when it alone is too big', () => {
    const { queue, dropped } = queueOf(100);
    queue.push(chunk(101));
    expect([queue.bytes, dropped]).toEqual([0, [1]]);
  });

  it('hands out chunks of one signal, oldest first, and not past the first that does not fit', () => {
    const { queue } = queueOf(1000);
    const logs = [chunk(30), chunk(60), chunk(10)];
    queue.push(logs[0]!);
    queue.push(chunk(10, 'traces'));
    queue.push(logs[1]!);
    queue.push(logs[2]!);
    expect(queue.takeChunks('logs', 50)).toEqual([logs[0]]);
    expect(queue.takeChunks('logs', 1)).toEqual([logs[1]]);
    expect(queue.takeChunks('traces', 50)).toHaveLength(1);
    expect(queue.bytes).toBe(10);
  });
});
