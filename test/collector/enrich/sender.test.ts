import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { browserFacts } from '../../../collector/enrich/browser.ts';
import { clientAddress, enricher, httpSender } from '../../../collector/enrich/sender.ts';
import type { Writer } from '../../../collector/rows/identity.ts';

const chrome =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0';

const request = (address: string, headers: Record<string, string> = {}) =>
  httpSender({ socket: { remoteAddress: address }, headers } as unknown as IncomingMessage);
const participant = (tenantId: string): Writer => ({
  kind: 'participant',
  claims: { tenantId, roomId: 'r', callId: 'c', participantId: 'ann' },
});
const about = (writer: Writer) => (writer.kind === 'participant' ? (writer.about ?? {}) : {});

test.each([
  ['the user agent alone', { userAgent: firefox, brands: '', platform: '' }, ['Firefox', '142.0', 'Linux']],
  [
    'brands, of which the browser’s own counts',
    {
      userAgent: chrome,
      brands: '"Not=A?Brand";v="24", "Chromium";v="140", "Microsoft Edge";v="140"',
      platform: '"Windows"',
    },
    ['Microsoft Edge', '140', 'Windows'],
  ],
  [
    'Chromium itself',
    { userAgent: chrome, brands: '"Chromium";v="140", "Not)A;Brand";v="8"', platform: '"Linux"' },
    ['Chromium', '140', 'Linux'],
  ],
  ['no browser', { userAgent: 'curl/8', brands: '', platform: '' }, [undefined, undefined, undefined]],
  ['none at all', { userAgent: '', brands: '', platform: '' }, [undefined, undefined, undefined]],
  [
    'one without end',
    { userAgent: `Mozilla/${'x'.repeat(600)}`, brands: '', platform: '' },
    [undefined, undefined, undefined],
  ],
])('browser and system from %s', (_, headers, expected) => {
  const facts = browserFacts(headers);
  expect([facts['user_agent.name'], facts['user_agent.version'], facts['browser.platform']]).toEqual(
    expected,
  );
});

test.each([
  ['the connection’s', 0, '203.0.113.77', '', '203.0.113.77'],
  ['the connection’s, whatever the sender says', 0, '203.0.113.77', '198.51.100.1', '203.0.113.77'],
  ['mapped into IPv6', 0, '::ffff:203.0.113.77', '', '203.0.113.77'],
  ['as the only proxy tells it', 1, '10.0.0.1', '198.51.100.9, 203.0.113.77', '203.0.113.77'],
  ['as the first of two proxies tells it', 2, '10.0.0.1', '6.6.6.6, 203.0.113.77, 10.0.0.2', '203.0.113.77'],
  ['unknown where the proxy told none', 1, '10.0.0.1', '', ''],
  ['unknown where it is none', 1, '10.0.0.1', 'unknown', ''],
])('the address is %s', (_, proxies, nearest, forwarded, expected) => {
  const headers: Record<string, string> = forwarded === '' ? {} : { 'x-forwarded-for': forwarded };
  expect(clientAddress(request(nearest, headers), proxies)).toBe(expected);
});

test('a network is told by its shortened address and by a hash that is the tenant’s own', () => {
  const enrich = enricher({ networkFacts: () => ({}), secret: 'of the deployment', trustedProxies: 0 });
  const of = (tenant: string, address: string) => about(enrich(participant(tenant), request(address)));
  const ann = of('acme', '203.0.113.77');
  expect(ann['client.address']).toBe('203.0.113.0');
  expect(ann['client.address.hash']).toMatch(/^[0-9a-f]{16}$/);
  expect(of('acme', '203.0.113.77')).toEqual(ann);
  expect(of('acme', '203.0.113.78')['client.address.hash']).not.toBe(ann['client.address.hash']);
  expect(of('globex', '203.0.113.77')['client.address.hash']).not.toBe(ann['client.address.hash']);
});

test('servers are left as they are, and a participant is looked up once for its connection', () => {
  let lookups = 0;
  const networkFacts = () => {
    lookups++;
    return { 'geo.country.iso_code': 'CH', 'network.carrier.name': 'Example Telecom' };
  };
  const enrich = enricher({ networkFacts, secret: 's', trustedProxies: 0 });
  const server: Writer = { kind: 'server' };
  expect(enrich(server, request('203.0.113.77'))).toBe(server);
  const ann = participant('acme');
  expect(about(enrich(ann, request('203.0.113.77')))).toMatchObject({ 'geo.country.iso_code': 'CH' });
  enrich(ann, request('203.0.113.77'));
  expect(lookups).toBe(1);
  enrich(ann, request('198.51.100.7'));
  expect(lookups).toBe(2);
});
