import { describe, expect, it } from 'vitest';
import { createLink, type Fate } from '../../../lab/network/link.ts';
import { headerBytes, type LinkChange } from '../../../lab/network/settings.ts';

const payloadBytes = 1000 - headerBytes;

/** Sends `count` packets of 1,000 bytes on the wire, `everyMs` apart, and returns what became of each. */
function send(change: LinkChange, { seed = 1, count = 20_000, everyMs = 1 } = {}): Fate[] {
  const link = createLink(seed, 'down', change);
  return Array.from({ length: count }, (_, i) => link.offer(payloadBytes, i * everyMs));
}

const lostRatio = (fates: Fate[]) => fates.filter((fate) => fate.dropped).length / fates.length;
const losses = (fates: Fate[]) => fates.map((fate) => (fate.dropped ? 'x' : '.')).join('');
const deliveries = (fates: Fate[]) => fates.flatMap((fate) => (fate.dropped ? [] : fate.deliverAtMs));
const delays = (fates: Fate[], everyMs = 1) =>
  fates.flatMap((fate, i) => (fate.dropped ? [] : [fate.deliverAtMs[0]! - i * everyMs]));

describe('a clean link', () => {
  it('delivers every packet at once', () => {
    expect(delays(send({}, { count: 100 })).every((delay) => delay === 0)).toBe(true);
  });
});

describe('random loss', () => {
  // Bounds: four standard deviations of a binomial over 20,000 packets.
  it.each([
    { lossRatio: 0, seed: 1 },
    { lossRatio: 0.01, seed: 2 },
    { lossRatio: 0.05, seed: 3 },
    { lossRatio: 0.3, seed: 4 },
    { lossRatio: 1, seed: 5 },
  ])('loses $lossRatio of the packets under seed $seed', ({ lossRatio, seed }) => {
    const bound = 4 * Math.sqrt((lossRatio * (1 - lossRatio)) / 20_000);
    expect(Math.abs(lostRatio(send({ lossRatio }, { seed })) - lossRatio)).toBeLessThanOrEqual(bound);
  });

  it('loses the same packets under the same seed and others under another', () => {
    const lossRatio = 0.05;
    const count = 500;
    expect(losses(send({ lossRatio }, { seed: 7, count }))).toBe(
      losses(send({ lossRatio }, { seed: 7, count })),
    );
    expect(losses(send({ lossRatio }, { seed: 7, count }))).not.toBe(
      losses(send({ lossRatio }, { seed: 8, count })),
    );
  });

  it('loses the same packets whatever the timing and the other effects', () => {
    const count = 500;
    const alone = losses(send({ lossRatio: 0.05 }, { count }));
    const together = { lossRatio: 0.05, delayMs: 30, jitterMs: 10, duplicateRatio: 0.2, reorderRatio: 0.1 };
    expect(losses(send(together, { count, everyMs: 3 }))).toBe(alone);
  });

  it('gives each direction its own losses under one seed', () => {
    const lossesOf = (label: string) => {
      const link = createLink(1, label, { lossRatio: 0.5 });
      return losses(Array.from({ length: 200 }, (_, i) => link.offer(100, i)));
    };
    expect(lossesOf('up')).not.toBe(lossesOf('down'));
  });
});

describe('burst loss (Gilbert-Elliott)', () => {
  it.each([
    { p: 0.01, r: 0.25, goodLoss: 0, badLoss: 1 },
    { p: 0.02, r: 0.5, goodLoss: 0, badLoss: 1 },
    { p: 0.005, r: 0.1, goodLoss: 0.01, badLoss: 0.6 },
  ])('p=$p r=$r loses what the model says on average', (burstLoss) => {
    const { p, r, goodLoss, badLoss } = burstLoss;
    const expected = (r * goodLoss + p * badLoss) / (p + r);
    const measured = lostRatio(send({ burstLoss }, { count: 200_000, seed: 11 }));
    expect(measured / expected).toBeGreaterThan(0.9);
    expect(measured / expected).toBeLessThan(1.1);
  });

  it.each([{ r: 0.5 }, { r: 0.25 }, { r: 0.1 }])(
    'with full loss, bursts last 1/$r packets on average',
    ({ r }) => {
      const runs =
        losses(send({ burstLoss: { p: 0.01, r } }, { count: 200_000, seed: 12 })).match(/x+/g) ?? [];
      const mean = runs.reduce((sum, run) => sum + run.length, 0) / runs.length;
      expect(mean * r).toBeGreaterThan(0.9);
      expect(mean * r).toBeLessThan(1.1);
    },
  );

  it('is named apart from random loss', () => {
    const reasons = new Set(send({ burstLoss: { p: 1, r: 0 } }, { count: 10 }).map((fate) => fate.dropped));
    expect([...reasons]).toEqual([null, 'burst_loss']);
  });
});

describe('bandwidth', () => {
  it.each([
    { bitrateBps: 250_000, everyMs: 10 },
    { bitrateBps: 1_000_000, everyMs: 4 },
    { bitrateBps: 5_000_000, everyMs: 1 },
  ])('passes $bitrateBps bit/s of an overload, headers included', ({ bitrateBps, everyMs }) => {
    const fates = send({ bandwidth: { bitrateBps } }, { count: 5000, everyMs });
    const times = deliveries(fates);
    const seconds = (times.at(-1)! - times[0]!) / 1000;
    const measured = ((times.length - 1) * 1000 * 8) / seconds;
    expect(measured / bitrateBps).toBeCloseTo(1, 2);
    expect(fates.some((fate) => fate.dropped === 'queue_full')).toBe(true);
  });

  it('leaves a flow below the rate alone but for the time on the line', () => {
    const fates = send({ bandwidth: { bitrateBps: 1_000_000 } }, { count: 100, everyMs: 10 });
    expect(delays(fates, 10).every((delay) => Math.abs(delay - 8) < 1e-6)).toBe(true);
  });

  it.each([{ queueMs: 50 }, { queueMs: 200 }, { queueMs: 1000 }])(
    'never makes a packet wait longer than a queue of $queueMs ms',
    ({ queueMs }) => {
      const fates = send({ bandwidth: { bitrateBps: 250_000, queueMs } }, { count: 2000, everyMs: 5 });
      const longest = Math.max(...delays(fates, 5));
      expect(longest).toBeLessThanOrEqual(queueMs);
      // One packet takes 32 ms: the queue must have been used up to the last that fits.
      expect(longest).toBeGreaterThan(queueMs - 32);
    },
  );

  it('bounds the queue in bytes too', () => {
    const fates = send(
      { bandwidth: { bitrateBps: 250_000, queueMs: 10_000, queueBytes: 5000 } },
      { count: 500, everyMs: 5 },
    );
    expect(Math.max(...delays(fates, 5))).toBeLessThanOrEqual((5000 * 8) / 250);
  });

  it('takes a packet larger than its queue when the line is idle', () => {
    const fates = send({ bandwidth: { bitrateBps: 100_000, queueMs: 10 } }, { count: 5, everyMs: 1000 });
    expect(lostRatio(fates)).toBe(0);
  });

  it('lets a burst pass at once after idling, and only as much as it holds', () => {
    const link = createLink(1, 'down', { bandwidth: { bitrateBps: 800_000, burstBytes: 3000 } });
    const fates = Array.from({ length: 5 }, () => link.offer(payloadBytes, 1000));
    expect(deliveries(fates)).toEqual([1000, 1000, 1000, 1010, 1020]);
  });

  it('drains what was queued before a change and serves the rest freely, in order', () => {
    const link = createLink(1, 'down', { bandwidth: { bitrateBps: 250_000, queueMs: 500 } });
    const before = Array.from({ length: 10 }, () => link.offer(payloadBytes, 0));
    expect(link.queueMs(0)).toBeCloseTo(320);
    link.change({ bandwidth: null });
    const after = link.offer(payloadBytes, 1);
    expect(deliveries([after])[0]).toBeGreaterThanOrEqual(deliveries(before).at(-1)!);
    expect(deliveries([link.offer(payloadBytes, 400)])).toEqual([400]);
  });
});

describe('delay and order', () => {
  it('delays every packet by as much', () => {
    expect(delays(send({ delayMs: 40 }, { count: 50 })).every((delay) => delay === 40)).toBe(true);
  });

  it('spreads jitter evenly about the delay', () => {
    const measured = delays(send({ delayMs: 40, jitterMs: 20, jitterReorders: true }));
    const mean = measured.reduce((sum, delay) => sum + delay, 0) / measured.length;
    expect(mean).toBeCloseTo(40, 0);
    expect(Math.min(...measured)).toBeGreaterThanOrEqual(20);
    expect(Math.max(...measured)).toBeLessThanOrEqual(60);
    expect(Math.max(...measured) - Math.min(...measured)).toBeGreaterThan(39);
  });

  it('never delivers before a packet came, however large the jitter', () => {
    expect(Math.min(...delays(send({ delayMs: 5, jitterMs: 50, jitterReorders: true })))).toBe(0);
  });

  const outOfOrder = (fates: Fate[]) => {
    const times = deliveries(fates);
    return times.filter((time, i) => i > 0 && time < times[i - 1]!).length;
  };

  it.each([
    { name: 'keeps order under jitter by default', change: { delayMs: 40, jitterMs: 20 }, some: false },
    { name: 'lets jitter reorder where asked', change: { jitterMs: 20, jitterReorders: true }, some: true },
    { name: 'holds packets back where asked', change: { reorderRatio: 0.02, reorderByMs: 15 }, some: true },
    { name: 'needs a time to hold packets back by', change: { reorderRatio: 0.5 }, some: false },
  ])('$name', ({ change, some }) => {
    expect(outOfOrder(send(change, { count: 2000 })) > 0).toBe(some);
  });

  it('holds back the share asked for', () => {
    const fates = send({ reorderRatio: 0.1, reorderByMs: 15 });
    const heldBack = fates.filter((fate) => !fate.dropped && fate.reordered).length / fates.length;
    expect(heldBack).toBeGreaterThan(0.09);
    expect(heldBack).toBeLessThan(0.11);
  });

  it('keeps order when the delay is shortened in mid-flight', () => {
    const link = createLink(1, 'down', { delayMs: 100 });
    const first = link.offer(100, 0);
    link.change({ delayMs: 0 });
    expect(deliveries([first, link.offer(100, 10)])).toEqual([100, 100]);
  });
});

describe('duplicates and cut-off', () => {
  it('delivers the share asked for twice', () => {
    const fates = send({ duplicateRatio: 0.1 });
    const twice = fates.filter((fate) => !fate.dropped && fate.deliverAtMs.length === 2).length;
    expect(twice / fates.length).toBeGreaterThan(0.09);
    expect(twice / fates.length).toBeLessThan(0.11);
  });

  it('passes nothing while cut off, and everything again afterwards', () => {
    const link = createLink(1, 'down');
    link.change({ cutOff: true });
    expect(link.offer(100, 0)).toEqual({ dropped: 'cut_off' });
    link.change({ cutOff: false });
    expect(link.offer(100, 1).dropped).toBeNull();
  });

  it.each([
    [{ lossRatio: 1.5 }, /lossRatio/],
    [{ delayMs: -1 }, /delayMs/],
    [{ bandwidth: { bitrateBps: 0 } }, /bitrateBps/],
    [{ latency: 3 } as LinkChange, /latency/],
  ])('refuses %j and keeps what was in force', (change, message) => {
    const link = createLink(1, 'down', { delayMs: 7 });
    expect(() => link.change(change)).toThrow(message);
    expect(link.settings.delayMs).toBe(7);
  });
});
