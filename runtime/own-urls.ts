/** Addresses of Callscope's own services, as somebody on this machine writes them. */
import { probeHost } from './embedded/ports.ts';
import type { Settings } from './settings.ts';

export function httpUrl(host: string, port: number): string {
  const reachable = probeHost(host);
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

/** The same over TLS, where there is a certificate. */
export const secured = (url: string, settings: Settings): string =>
  settings.CALLSCOPE_TLS_CERT ? url.replace('http:', 'https:') : url;
