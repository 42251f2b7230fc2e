import { EventEmitter } from 'node:events';
import type { types as mediasoup } from 'mediasoup';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { noLimit } from '../../sfu/media/layers.ts';
import { ReceivedStream } from '../../sfu/ReceivedStream.ts';

/** What a consumer of mediasoup remembers of the layers that it was asked for. */
function fakeConsumer(type: 'simulcast' | 'simple') {
  const consumer = {
    type,
    kind: type === 'simulcast' ? 'video' : 'audio',
    closed: false,
    score: { score: 10, producerScore: 0, producerScores: [] as number[] },
    currentLayers: undefined,
    preferredLayers: { spatialLayer: 2, temporalLayer: 2 },
    observer: new EventEmitter(),
    pause: vi.fn(async () => {}),
    resume: vi.fn(async () => {}),
    setPreferredLayers: vi.fn(async (layers: { spatialLayer: number; temporalLayer: number }) => {
      consumer.preferredLayers = layers;
    }),
  };
  return consumer;
}

const openStream = (consumer: ReturnType<typeof fakeConsumer>, waitMs = 0) =>
  new ReceivedStream({
    consumer: consumer as unknown as mediasoup.Consumer,
    source: 'camera',
    transportId: 't',
    limit: noLimit,
    keyFrames: { waitMs },
    onHold: () => {},
  });

/** One that has been resumed for long, and of which nothing has been asked since. */
async function openResumed() {
  const consumer = fakeConsumer('simulcast');
  const stream = openStream(consumer);
  await stream.resume();
  await vi.advanceTimersByTimeAsync(10_000);
  consumer.setPreferredLayers.mockClear();
  return { consumer, stream };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test('bandwidth is shared out again soon after a stream began, until it has the layers it wishes', async () => {
  const consumer = fakeConsumer('simulcast');
  const stream = openStream(consumer);
  await stream.wish({ spatialLayer: 1, temporalLayer: 2 });
  await stream.resume();
  consumer.setPreferredLayers.mockClear();

  await vi.advanceTimersByTimeAsync(200);
  expect(consumer.setPreferredLayers.mock.calls).toEqual([
    [{ spatialLayer: 1, temporalLayer: 1 }],
    [{ spatialLayer: 1, temporalLayer: 2 }],
  ]);
  consumer.observer.emit('layerschange', { spatialLayer: 1, temporalLayer: 0 });
  await vi.advanceTimersByTimeAsync(200);
  expect(consumer.setPreferredLayers).toHaveBeenCalledTimes(4);
  consumer.observer.emit('layerschange', { spatialLayer: 1, temporalLayer: 2 });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(consumer.setPreferredLayers).toHaveBeenCalledTimes(4);
  expect(stream.preferredLayers).toEqual({ spatialLayer: 1, temporalLayer: 2 });
});

test('so it is when the sender begins after its receiver', async () => {
  const { consumer, stream } = await openResumed();
  consumer.observer.emit('score', { score: 10, producerScore: 10, producerScores: [10] });
  consumer.observer.emit('score', { score: 9, producerScore: 9, producerScores: [9] });
  await vi.advanceTimersByTimeAsync(200);
  expect(consumer.setPreferredLayers).toHaveBeenCalledTimes(2);
  expect(stream.producerScore).toBe(9);
});

test('so it is once mediasoup changes to a layer that the sender has begun anew', async () => {
  const { consumer } = await openResumed();
  consumer.observer.emit('score', { score: 10, producerScore: 10, producerScores: [10, 0] });
  consumer.observer.emit('layerschange', { spatialLayer: 0, temporalLayer: 2 });
  await vi.advanceTimersByTimeAsync(10_000);
  consumer.setPreferredLayers.mockClear();
  consumer.observer.emit('score', { score: 10, producerScore: 10, producerScores: [10, 7] });
  await vi.advanceTimersByTimeAsync(2_000);
  expect(consumer.setPreferredLayers).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(100);
  expect(consumer.setPreferredLayers).toHaveBeenCalledTimes(2);
});

test('a layer that begins a little after the lowest puts nothing off', async () => {
  const { consumer } = await openResumed();
  consumer.observer.emit('score', { score: 10, producerScore: 10, producerScores: [10, 0] });
  consumer.observer.emit('score', { score: 10, producerScore: 10, producerScores: [10, 10] });
  await vi.advanceTimersByTimeAsync(200);
  expect(consumer.setPreferredLayers).toHaveBeenCalledTimes(2);
});

test('not while a decision withholds it, nor beyond the lowest temporal layer, nor once it is closed', async () => {
  const held = fakeConsumer('simulcast');
  const withheld = openStream(held);
  await withheld.resume();
  await withheld.limit({ ...noLimit, paused: true, reason: 'r' });
  const lowest = fakeConsumer('simulcast');
  const capped = openStream(lowest);
  await capped.limit({ ...noLimit, cap: { spatialLayer: 0, temporalLayer: 0 }, reason: 'r' });
  await capped.resume();
  const gone = fakeConsumer('simulcast');
  await openStream(gone).resume();
  gone.observer.emit('close');
  for (const { setPreferredLayers } of [held, lowest, gone]) setPreferredLayers.mockClear();

  await vi.advanceTimersByTimeAsync(10_000);
  for (const { setPreferredLayers } of [held, lowest, gone])
    expect(setPreferredLayers).not.toHaveBeenCalled();
});

test('what has no layers is left alone', async () => {
  const consumer = fakeConsumer('simple');
  await openStream(consumer).resume();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(consumer.setPreferredLayers).not.toHaveBeenCalled();
});

test('a stream begins when its sender can be asked for a key frame; what was decided meanwhile holds', async () => {
  vi.useRealTimers();
  const consumer = fakeConsumer('simulcast');
  const stream = openStream(consumer, 20);
  const resumed = stream.resume();
  await new Promise((resolve) => setImmediate(resolve));
  const held = stream.limit({ ...noLimit, paused: true, reason: 'r' });
  expect(consumer.resume).not.toHaveBeenCalled();
  await resumed;
  expect(consumer.resume).toHaveBeenCalledOnce();
  await held;
  expect(consumer.pause).toHaveBeenCalledOnce();
});
