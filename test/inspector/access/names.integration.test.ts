/** The policy on names over a real store: where they are hidden, they stand nowhere in what is answered. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { NamePolicy } from '../../../inspector/access/names.ts';
import type { CallPage, FoundCalls } from '../../../inspector/contract.ts';
import { plainText } from '../../../quality/verdict/parts.ts';
import { demoCallId, openInspector, type TestInspector } from '../support/inspector.ts';

const people = /Ana|Bruno|Chiara/;
let inspectors: Record<'admins' | 'hidden', TestInspector>;

beforeAll(async () => {
  const opened = async (names: NamePolicy) => {
    const inspector = await openInspector(inject('clickhouseUrl'), { names });
    await inspector.putDemoCall();
    return inspector;
  };
  const [admins, hidden] = await Promise.all([opened('admins'), opened('hidden')]);
  inspectors = { admins, hidden };
});
afterAll(() => Promise.all(Object.values(inspectors ?? {}).map((inspector) => inspector.close())));

const views = [
  `/calls/${demoCallId}`,
  `/calls/${demoCallId}/events?limit=1000`,
  '/calls?q=bad',
  `/calls/${demoCallId}/verdict`,
];

async function asked(policy: 'admins' | 'hidden', role: 'admin' | 'support', view: string) {
  const { url, signedIn } = inspectors[policy];
  const answer = await fetch(`${url}/api/v1${view}`, { headers: await signedIn(role) });
  return { status: answer.status, text: await answer.text() };
}

describe.each([
  ['admins', 'support'],
  ['hidden', 'admin'],
] as const)('policy %s, role %s', (policy, role) => {
  it.each(views)('no name stands in %s', async (view) => {
    const { status, text } = await asked(policy, role, view);
    expect(status).toBe(200);
    expect(people.exec(text)).toBeNull();
  });

  it('sentences name participants by number, and the same ones as the rest of the page', async () => {
    const { text } = await asked(policy, role, `/calls/${demoCallId}`);
    const page = JSON.parse(text) as CallPage;
    const guilty = page.people.find((p) => p.participantId === page.verdict.findings[0]!.participantId)!;
    expect(plainText(page.verdict.headline)).toMatch(
      new RegExp(`^${guilty.name} heard Participant \\d and Participant \\d`),
    );
    expect(plainText(page.verdict.findings[0]!.why)).toContain(`${guilty.name}'s own downlink`);
  });

  it('no call is found by a name, all the same by everything else', async () => {
    const total = async (q: string) =>
      (JSON.parse((await asked(policy, role, `/calls?q=${q}`)).text) as FoundCalls).total;
    expect(await total('chiara')).toBe(0);
    expect(await total('congestion')).toBe(1);
  });

  it('there is no export', async () => {
    expect((await asked(policy, role, `/calls/${demoCallId}/export`)).status).toBe(403);
  });
});

it('who may see them does', async () => {
  for (const view of views) expect((await asked('admins', 'admin', view)).text).toMatch(people);
  expect((await asked('admins', 'admin', '/calls?q=chiara')).text).toContain('Chiara');
});
