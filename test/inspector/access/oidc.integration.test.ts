/** Signing in by OpenID Connect, against a real provider and a real store. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  callbackPath,
  identityOf,
  type OidcSettings,
  openOidc,
  ownView,
} from '../../../inspector/access/oidc.ts';
import type { SessionAnswer, SignedOut } from '../../../inspector/contract.ts';
import { freePort } from '../../../runtime/embedded/ports.ts';
import { openInspector, secret, type TestInspector } from '../support/inspector.ts';
import {
  clientId,
  clientSecret,
  FormBrowser,
  startProvider,
  type TestProvider,
} from '../support/provider.ts';

let inspector: TestInspector;
let provider: TestProvider;
let settings: OidcSettings;

beforeAll(async () => {
  const port = await freePort();
  const baseUrl = `http://127.0.0.1:${port}`;
  provider = await startProvider(`${baseUrl}${callbackPath}`, {
    ana: { roles: ['callscope-admin', 'other'], tenant: 'acme', email: 'ana@acme.example' },
    ben: { roles: 'callscope-support', tenant: 'acme' },
    eve: { roles: ['other'], tenant: 'acme' },
  });
  settings = {
    issuer: provider.issuer,
    clientId,
    clientSecret,
    baseUrl,
    scope: 'openid',
    roleClaim: 'roles',
    adminValue: 'callscope-admin',
    supportValue: 'callscope-support',
    tenantClaim: 'tenant',
    tenantId: 'default',
  };
  inspector = await openInspector(inject('clickhouseUrl'), { oidc: openOidc(settings, secret), port });
});
afterAll(async () => {
  provider?.close();
  await inspector?.close();
});

const begin = (to = '/calls/x?from=1') => `${inspector.url}/api/v1/session/oidc?to=${encodeURIComponent(to)}`;
const session = async (browser: FormBrowser) => {
  const answer = await fetch(`${inspector.url}/api/v1/session`, {
    headers: { cookie: browser.cookies(inspector.url) },
  });
  return { status: answer.status, body: (await answer.json()) as SessionAnswer };
};

describe('signing in', () => {
  it('tells that it may be done', async () => {
    const answer = await fetch(`${inspector.url}/api/v1/session/ways`);
    expect(await answer.json()).toEqual({ link: true, oidc: true });
  });

  it.each([
    ['ana', 'admin', 'oidc:ana@acme.example'],
    ['ben', 'support', 'oidc:ben'],
  ])(
    '%s comes in as %s of the tenant in the claims, to the view that was asked for',
    async (who, role, actor) => {
      const browser = new FormBrowser();
      const ended = await browser.signIn(begin(), who, `${inspector.url}/calls/x`);
      expect(ended).toBe(`${inspector.url}/calls/x?from=1`);
      expect(await session(browser)).toMatchObject({ status: 200, body: { tenantId: 'acme', role, actor } });
      const entries = await (
        await inspector.client.query({
          query: `SELECT action, role FROM inspector_audit WHERE tenant_id = 'acme' AND actor = '${actor}'`,
          format: 'JSONEachRow',
        })
      ).json();
      expect(entries).toEqual([{ action: 'sign_in', role }]);
    },
  );

  it('without a role nobody comes in, and the page can say why', async () => {
    const browser = new FormBrowser();
    const ended = await browser.signIn(begin(), 'eve', `${inspector.url}/#sign-in-failed`);
    expect(ended).toBe(`${inspector.url}/#sign-in-failed=no_role`);
    expect((await session(browser)).status).toBe(401);
  });

  it('cannot be finished by another browser, with another state, or twice', async () => {
    const begun = await fetch(begin(), { redirect: 'manual' });
    const state = new URL(begun.headers.get('location')!).searchParams.get('state')!;
    const cookie = begun.headers.getSetCookie()[0]!.split(';')[0]!;
    const finish = async (search: string, with_: string) =>
      (
        await fetch(`${inspector.url}${callbackPath}${search}`, {
          headers: { cookie: with_ },
          redirect: 'manual',
        })
      ).headers.get('location');
    const failed = '/#sign-in-failed=login_invalid';
    expect(await finish(`?code=abc&state=${state}&iss=${provider.issuer}`, '')).toBe(failed);
    expect(await finish(`?code=abc&state=other&iss=${provider.issuer}`, cookie)).toBe(failed);
    expect(await finish(`?code=abc&state=${state}&iss=${provider.issuer}`, cookie)).toBe(failed);
    expect(await finish(`?error=access_denied&state=${state}&iss=${provider.issuer}`, cookie)).toBe(failed);
  });

  it('signing out leads to the provider, after which one must show who one is again', async () => {
    const browser = new FormBrowser();
    await browser.signIn(begin(), 'ana', `${inspector.url}/calls/x`);
    const signOut = () =>
      fetch(`${inspector.url}/api/v1/session`, {
        method: 'DELETE',
        headers: { cookie: browser.cookies(inspector.url), origin: inspector.url },
      });
    const { endSessionUrl } = (await (await signOut()).json()) as SignedOut;
    expect(endSessionUrl).toContain(provider.issuer);
    expect(await browser.signOut(endSessionUrl!, `${inspector.url}/`)).toBe(`${inspector.url}/`);
    // Signed in as somebody else: the provider has asked.
    await browser.signIn(begin(), 'ben', `${inspector.url}/calls/x`);
    expect((await session(browser)).body.actor).toBe('oidc:ben');
  });

  it('says so when the provider is away', async () => {
    const away = openOidc({ ...settings, issuer: `http://127.0.0.1:${await freePort()}` }, secret);
    await expect(away.begin('/')).rejects.toMatchObject({ code: 'provider_unavailable' });
    expect(await away.end()).toBeNull();
  });
});

describe('claims', () => {
  const of = (claims: Record<string, unknown>, more: Partial<OidcSettings> = {}) =>
    identityOf({ sub: 's', ...claims }, { ...settings, ...more });
  it('an address that was not verified names nobody', () => {
    expect(of({ roles: 'callscope-admin', tenant: 't', email: 'x@y', email_verified: false }).name).toBe(
      'oidc:s',
    );
  });
  it('the higher role counts', () => {
    expect(of({ roles: ['callscope-support', 'callscope-admin'], tenant: 't' }).role).toBe('admin');
  });
  it('without a claim for tenants all belong to one', () => {
    expect(of({ roles: 'callscope-support' }, { tenantClaim: undefined }).tenantId).toBe('default');
  });
  it.each([{}, { tenant: '' }, { tenant: ['a', 'b'] }, { tenant: "'; DROP" }])(
    '%j is no tenant',
    (claims) => {
      expect(() => of({ roles: 'callscope-admin', ...claims })).toThrow('names no tenant');
    },
  );
});

it.each(['https://evil.example/', '//evil.example', '/\\evil.example', '/a b', 'javascript:alert(1)', ''])(
  'after signing in nobody is led to %j',
  (to) => {
    expect(ownView(to)).toBe('/');
  },
);
