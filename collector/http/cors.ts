/** Which pages may send to the collector from a browser. Tokens, not cookies, say who writes; so no credentials. */

export interface Cors {
  /** Headers of every answer to this origin; empty for origins that may not read it. */
  headers(origin: string | undefined): Record<string, string>;
  allows(origin: string | undefined): boolean;
}

/** Browsers keep a preflight at most this long (Chromium 2 h, Firefox 24 h), seconds. */
const maxAgeSeconds = 86_400;

export const preflightHeaders = {
  'access-control-allow-methods': 'POST',
  'access-control-allow-headers': 'authorization, content-type, content-encoding',
  'access-control-max-age': String(maxAgeSeconds),
};

export function cors(allowedOrigins: readonly string[]): Cors {
  const any = allowedOrigins.includes('*');
  const allowed = new Set(allowedOrigins.map((origin) => origin.replace(/\/$/, '')));
  const allows = (origin: string | undefined) => origin !== undefined && (any || allowed.has(origin));
  return {
    allows,
    headers(origin): Record<string, string> {
      if (origin === undefined || !allows(origin)) return { vary: 'origin' };
      return {
        vary: 'origin',
        'access-control-allow-origin': origin,
        'access-control-expose-headers': 'retry-after',
      };
    },
  };
}
