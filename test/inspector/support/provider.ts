/** A real OpenID Connect provider (`oidc-provider`) on loopback, with its own sign-in form, and a browser of a few lines. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';

export const clientId = 'inspector';
export const clientSecret = 'a-client-secret-for-tests';

export interface TestProvider {
  readonly issuer: string;
  close(): void;
}

/** @param claims of whoever signs in, by the name typed into the form */
export async function startProvider(
  redirectUri: string,
  claims: Readonly<Record<string, object>>,
): Promise<TestProvider> {
  let handle: ReturnType<Provider['callback']> | undefined;
  const server = createServer((request, response) => handle!(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [redirectUri],
        post_logout_redirect_uris: [new URL('/', redirectUri).href],
      },
    ],
    claims: { openid: ['sub', 'roles', 'tenant', 'email'] },
    conformIdTokenClaims: false,
    ttl: { Session: 600, Grant: 600, Interaction: 600, AccessToken: 600, IdToken: 600 },
    findAccount: (_: unknown, sub: string) => ({
      accountId: sub,
      claims: () => ({ sub, ...claims[sub] }),
    }),
  });
  handle = provider.callback();
  return { issuer, close: () => server.close() };
}

/** Follows redirects, keeps cookies by host, and fills in the provider's forms. */
export class FormBrowser {
  readonly #cookies = new Map<string, Map<string, string>>();

  /** @returns the address at which it ended, which begins with `until` and answers no redirect */
  signIn(from: string, name: string, until: string): Promise<string> {
    return this.#throughForms(from, until, { login: name, password: 'any' });
  }

  /** The same after the provider has asked whether that is meant. */
  signOut(from: string, until: string): Promise<string> {
    return this.#throughForms(from, until, { logout: 'yes' });
  }

  async #throughForms(from: string, until: string, typed: Record<string, string>): Promise<string> {
    let { response, url } = await this.#go(from);
    for (let step = 0; step < 20 && !url.startsWith(until); step++) {
      const page = await response.text();
      const [, action] = /<form[^>]*action="([^"]+)"/.exec(page) ?? [];
      if (!action) throw new Error(`no form at ${url}: ${response.status} ${page.slice(0, 300)}`);
      const body = new URLSearchParams(typed);
      for (const [, name, value] of page.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)) {
        body.set(name!, value!);
      }
      ({ response, url } = await this.#go(new URL(action, url).href, body));
    }
    return url;
  }

  cookies(url: string): string {
    return [...(this.#cookies.get(new URL(url).host) ?? [])].map(([k, v]) => `${k}=${v}`).join('; ');
  }

  async #go(address: string, form?: URLSearchParams): Promise<{ response: Response; url: string }> {
    let url = address;
    let body = form;
    for (let hop = 0; hop < 20; hop++) {
      const response = await fetch(url, {
        method: body ? 'POST' : 'GET',
        headers: { cookie: this.cookies(url) },
        redirect: 'manual',
        ...(body && { body }),
      });
      this.#keep(url, response);
      const next = response.headers.get('location');
      if (!next) return { response, url };
      url = new URL(next, url).href;
      body = undefined;
    }
    throw new Error(`too many redirects from ${address}`);
  }

  #keep(url: string, response: Response): void {
    const jar = this.#cookies.get(new URL(url).host) ?? new Map<string, string>();
    this.#cookies.set(new URL(url).host, jar);
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
  }
}
