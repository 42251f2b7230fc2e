/** What people do and notice on the meeting page, for end-to-end tests. */
import { signToken } from '../../telemetry/tokens.ts';
import { tokenSecret } from '../sfu/support/node.ts';
import type { Person } from './browser.ts';
import { until } from './waiting.ts';

/** To the page of a test node, with an invitation of its own. @param query more of the address, beginning with & */
export async function inviteLink(
  origin: string,
  roomId: string,
  query = '',
  ttlSeconds = 600,
): Promise<string> {
  const claims = { tenantId: 'acme', roomId };
  const invite = await signToken('invite', claims, { secret: tokenSecret, ttlSeconds });
  return `${origin}/?invite=${invite}${query}`;
}

/** Opens that page, and is in. */
export async function joinAs(person: Person, name: string, origin: string, roomId: string): Promise<Person> {
  await person.page.goto(await inviteLink(origin, roomId, `&name=${name}&autojoin=1`));
  await person.page.locator('html[data-state="joined"]').waitFor();
  return person;
}

export const tileOf = (viewer: Person, name: string) =>
  viewer.page.locator('.people .tile', { has: viewer.page.locator('.name', { hasText: name }) });

/** New frames and sound, of whatever connections are open by now. */
export async function hearsAndSees(person: Person): Promise<void> {
  const before = await person.heard();
  await until('new frames and sound', async () => {
    const now = await person.heard();
    // Connections made anew begin to count anew.
    const base = now.framesDecoded < before.framesDecoded ? { framesDecoded: 0, audioEnergy: 0 } : before;
    return now.framesDecoded >= base.framesDecoded + 5 && now.audioEnergy > base.audioEnergy;
  });
}
