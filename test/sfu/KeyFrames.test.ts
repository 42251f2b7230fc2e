import { EventEmitter } from 'node:events';
import type { types as mediasoup } from 'mediasoup';
import { beforeEach, expect, test } from 'vitest';
import { KeyFrames, keyFramesOf } from '../../sfu/KeyFrames.ts';

class FakeProducer extends EventEmitter {
  traced: readonly string[] = [];
  async enableTraceEvent(types: readonly string[] = []): Promise<void> {
    this.traced = types;
  }
}

let nowMs = 0;
let producer: FakeProducer;
let keyFrames: KeyFrames;

beforeEach(() => {
  nowMs = 10_000;
  producer = new FakeProducer();
  keyFrames = new KeyFrames(producer as unknown as mediasoup.Producer, () => nowMs);
});

test('nobody waits where none was asked for lately', () => {
  expect(producer.traced).toEqual(['keyframe', 'pli', 'fir']);
  expect(keyFrames.waitMs).toBe(0);
  producer.emit('trace', { type: 'pli' });
  producer.emit('trace', { type: 'keyframe' });
  nowMs += 400;
  expect(keyFrames.waitMs).toBe(0);
});

test('whoever comes before the key frame has it with the others; whoever comes after waits until it is heard', () => {
  producer.emit('trace', { type: 'pli' });
  nowMs += 50;
  expect(keyFrames.waitMs).toBe(0);
  producer.emit('trace', { type: 'keyframe' });
  nowMs += 50;
  expect(keyFrames.waitMs).toBe(250);
  producer.emit('trace', { type: 'fir' });
  expect(keyFrames.waitMs).toBe(0);
});

test('whoever comes after two in quick succession waits until the encoder can afford another', () => {
  const keyFrame = () => {
    producer.emit('trace', { type: 'keyframe' });
    nowMs += 20;
    // The next layer's.
    producer.emit('trace', { type: 'keyframe' });
    nowMs += 180;
  };
  keyFrame();
  expect(keyFrames.waitMs).toBe(0);
  keyFrame();
  expect(keyFrames.waitMs).toBeCloseTo(600);
  nowMs += 400;
  expect(keyFrames.waitMs).toBeCloseTo(200);
  nowMs += 1_500;
  keyFrame();
  expect(keyFrames.waitMs).toBe(0);
});

test('one producer has one of them', () => {
  const same = producer as unknown as mediasoup.Producer;
  expect(keyFramesOf(same)).toBe(keyFramesOf(same));
});
