import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { OrderGate, type RelayOrder, signOrder } from '../../telemetry/relays.ts';

const secret = 'a-secret-for-the-test';
const nowMs = 1_700_000_000_000;
const order: RelayOrder = {
  orderId: 'o-12345678',
  decisionId: 'f-1',
  region: '',
  start: 1,
  resume: [],
  drain: ['relay-2'],
  remove: [],
  reason: 'Starts 1.',
  sentAtMs: nowMs,
  ttlMs: 60_000,
};

test('an order that is signed, in time and new passes once', () => {
  const gate = new OrderGate(secret);
  const signed = signOrder(order, secret);
  expect(gate.check(signed, nowMs + 100)).toEqual(order);
  expect(gate.check(signed, nowMs + 200)).toBe('replayed');
  expect(gate.check(signed, nowMs + 70_000)).toBe('expired');
});

test.each([
  ['forged', 'by another secret', () => signOrder(order, 'another-secret-of-someone')],
  [
    'forged',
    'changed after signing',
    () => ({ ...signOrder(order, secret), order: JSON.stringify({ ...order, start: 1_000 }) }),
  ],
  ['forged', 'with another signature', () => ({ ...signOrder(order, secret), signature: '0'.repeat(64) })],
  ['expired', 'too old', () => signOrder({ ...order, sentAtMs: nowMs - 80_000 }, secret)],
  ['expired', 'from the future', () => signOrder({ ...order, sentAtMs: nowMs + 80_000 }, secret)],
  ['malformed', 'no order', () => ({ hello: 'world' })],
  ['malformed', 'nothing', () => null],
  ['malformed', 'not JSON', () => signText('{')],
  [
    'malformed',
    'a relay id that reaches into Redis',
    () => signText(JSON.stringify({ ...order, drain: ['*'] })),
  ],
])('refuses as %s one that is %s', (reason, _what, made) => {
  expect(new OrderGate(secret).check(made(), nowMs)).toBe(reason);
});

/** Signed by the right secret, whatever it says. */
function signText(order: string) {
  const signature = createHmac('sha256', secret).update(`callscope-relay-order.${order}`).digest('hex');
  return { order, signature };
}
