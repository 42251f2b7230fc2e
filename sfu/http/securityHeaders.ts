/** Headers on every answer: the page may run its own scripts, talk to this node and the collector, no more. */

export interface SecurityHeadersOptions {
  /** Where the page sends telemetry; empty for none. */
  readonly collectorUrl: string;
  /** Origins of other ways to this service. */
  readonly entrances: readonly string[];
  readonly tls: boolean;
}

export function securityHeaders({
  collectorUrl,
  entrances,
  tls,
}: SecurityHeadersOptions): Record<string, string> {
  const collector = collectorUrl ? ` ${new URL(collectorUrl).origin}` : '';
  const others = entrances.map((origin) => ` ${origin} ${origin.replace(/^http/, 'ws')}`).join('');
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "media-src 'self' blob: mediastream:",
    "worker-src 'self' blob:",
    "manifest-src 'self'",
    // 'self' covers the signaling socket too (CSP Level 3, section 6.7.2.8).
    `connect-src 'self'${collector}${others}`,
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ];
  return {
    'content-security-policy': policy.join('; '),
    'x-content-type-options': 'nosniff',
    // Invitations stand in the address of the page.
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(self), microphone=(self), display-capture=(self), geolocation=()',
    ...(tls && { 'strict-transport-security': 'max-age=31536000' }),
  };
}
