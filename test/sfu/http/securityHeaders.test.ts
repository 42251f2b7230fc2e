import { expect, test } from 'vitest';
import { securityHeaders } from '../../../sfu/http/securityHeaders.ts';

test('the page may connect to this node and the collector, nowhere else', () => {
  const policy = securityHeaders({ collectorUrl: 'http://c.example:4318/base', entrances: [], tls: false })[
    'content-security-policy'
  ];
  expect(policy).toContain("connect-src 'self' http://c.example:4318;");
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('unsafe');
});

test('without a collector only this node', () => {
  expect(
    securityHeaders({ collectorUrl: '', entrances: [], tls: false })['content-security-policy'],
  ).toContain("connect-src 'self';");
});

test('strict transport only where there is TLS', () => {
  expect(
    securityHeaders({ collectorUrl: '', entrances: [], tls: false })['strict-transport-security'],
  ).toBeUndefined();
  expect(
    securityHeaders({ collectorUrl: '', entrances: [], tls: true })['strict-transport-security'],
  ).toBeDefined();
});

test('the page may go on at another entrance, over HTTP and signaling', () => {
  const entrances = ['https://b.example'];
  expect(securityHeaders({ collectorUrl: '', entrances, tls: true })['content-security-policy']).toContain(
    "connect-src 'self' https://b.example wss://b.example;",
  );
});
