import { expect, test } from 'vitest';
import { newCallId } from '../../sfu/Rooms.ts';

test.each([
  ['weekly', /^weekly-[0-9a-z]+-[0-9a-f]{12}$/],
  ['Team Sync / EU?', /^team-sync-eu-[0-9a-z]+-[0-9a-f]{12}$/],
  ['会議', /^room-[0-9a-z]+-[0-9a-f]{12}$/],
  ['---', /^room-[0-9a-z]+-[0-9a-f]{12}$/],
])('the call id of room %j is readable and fit for a URL', (roomId, form) => {
  expect(newCallId(roomId, Date.now())).toMatch(form);
});

test('is bounded whatever the room is called', () => {
  expect(newCallId('x'.repeat(128), Date.now()).length).toBeLessThanOrEqual(80);
});

test('two occupancies of a room in the same millisecond differ', () => {
  expect(newCallId('a', 1)).not.toBe(newCallId('a', 1));
});
