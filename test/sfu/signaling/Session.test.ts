import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Participant } from '../../../sfu/Participant.ts';
import { graceMs, Session, type SessionSocket } from '../../../sfu/signaling/Session.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface FakeSocket extends SessionSocket {
  readonly told: string[];
  closedFor: string | null;
}

function socket(): FakeSocket {
  const one: FakeSocket = {
    told: [],
    closedFor: null,
    notify: (method) => void one.told.push(method),
    close: (reason) => {
      one.closedFor = reason;
    },
  };
  return one;
}

/** @param bytes what the media has brought so far; null: there is no media */
function begun(bytes: () => number | null) {
  const first = socket();
  const over: string[] = [];
  const session = new Session(first, (why) => over.push(why));
  session.begin({ bytesReceived: () => Promise.resolve(bytes()) } as unknown as Participant);
  return { session, first, over };
}

test('media that flows keeps the place for the whole grace time, and no longer', async () => {
  let bytes = 0;
  const { session, first, over } = begun(() => ++bytes);
  session.detach(first);
  await vi.advanceTimersByTimeAsync(graceMs - 500);
  expect(over).toEqual([]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(over).toEqual(['away']);
});

test('media that has fallen silent as well means that nobody is there', async () => {
  const { session, first, over } = begun(() => 7);
  session.detach(first);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(over).toEqual([]);
  await vi.advanceTimersByTimeAsync(4_000);
  expect(over).toEqual(['silent']);
});

test('who never had media cannot fall silent', async () => {
  const { session, first, over } = begun(() => null);
  session.detach(first);
  await vi.advanceTimersByTimeAsync(graceMs - 500);
  expect(over).toEqual([]);
});

test('what is told while the client is brought up to date comes after that, in order', () => {
  const { session, first } = begun(() => null);
  const second = socket();
  session.detach(first);
  session.notify('participantLeft', { participantId: 'x' });
  session.attach(second);
  session.notify('producerClosed', { producerId: 'y' });
  session.notify('producerResumed', { producerId: 'z' });
  expect(second.told).toEqual([]);
  session.release();
  expect(second.told).toEqual(['producerClosed', 'producerResumed']);
  expect(first.told).toEqual([]);
});

test('a socket that was replaced ends nothing, and one that is back stops the clock', async () => {
  const { session, first, over } = begun(() => 7);
  const second = socket();
  session.detach(first);
  await vi.advanceTimersByTimeAsync(3_000);
  session.attach(second);
  session.release();
  expect(session.detach(first)).toBe(false);
  await vi.advanceTimersByTimeAsync(graceMs * 2);
  expect(over).toEqual([]);
  session.attach(socket());
  expect(second.closedFor).toBe('replaced');
  expect(session.open).toBe(true);
});
