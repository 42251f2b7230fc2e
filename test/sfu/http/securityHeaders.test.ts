import { expect, test } from 'vitest';
import { securityHeaders } from '../../../sfu/http/securityHeaders.ts';

test('the page may connect to this node and the collector, nowhere else', () => {
  const policy = securityHeaders({ collectorUrl: 'http://c.example:4318/base', tls: false })[
    'content-security-policy'
  ];
  expect(policy).toContain("connect-src 'self' http://c.example:4318;");
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('unsafe');
});

test('without a collector only this node', () => {
  expect(securityHeaders({ collectorUrl: '', tls: false })['content-security-policy']).toContain(
    "connect-src 'self';",
  );
});

test('strict transport only where there is TLS', () => {
  expect(securityHeaders({ collectorUrl: '', tls: false })['strict-transport-security']).toBeUndefined();
  expect(securityHeaders({ collectorUrl: '', tls: true })['strict-transport-security']).toBeDefined();
});
