/** Settings of the inspector; the names are those of the environment. */
import { z } from 'zod';
import { ConfigError, setting } from '../telemetry/service/config.ts';
import { namePolicies } from './access/names.ts';
import type { OidcSettings } from './access/oidc.ts';

export const inspectorConfig = z.object({
  CALLSCOPE_INSPECTOR_HOST: setting.host().default('127.0.0.1'),
  CALLSCOPE_INSPECTOR_PORT: setting.port().default(4322),
  CALLSCOPE_CLICKHOUSE_URL: setting.httpUrl(),
  /** Signs sessions and sign-in links. */
  CALLSCOPE_TOKEN_SECRET: setting.secret(),
  CALLSCOPE_INSPECTOR_NAMES: z.enum(namePolicies).default('shown'),
  /** OpenID Connect; without an issuer one signs in with links. */
  CALLSCOPE_OIDC_ISSUER: setting.httpUrl().optional(),
  CALLSCOPE_OIDC_CLIENT_ID: setting.text().optional(),
  CALLSCOPE_OIDC_CLIENT_SECRET: setting.text().optional(),
  CALLSCOPE_OIDC_SCOPE: setting.text().default('openid profile email'),
  CALLSCOPE_OIDC_ROLE_CLAIM: setting.text().default('roles'),
  CALLSCOPE_OIDC_ADMIN: setting.text().default('callscope-admin'),
  CALLSCOPE_OIDC_SUPPORT: setting.text().default('callscope-support'),
  /** Without it all belong to CALLSCOPE_OIDC_TENANT. */
  CALLSCOPE_OIDC_TENANT_CLAIM: setting.text().optional(),
  CALLSCOPE_OIDC_TENANT: setting.text().default('default'),
  /** As people reach the inspector; the provider sends them back there. */
  CALLSCOPE_INSPECTOR_URL: setting.httpUrl().optional(),
  CALLSCOPE_TLS_CERT: setting.text().optional(),
  CALLSCOPE_TLS_KEY: setting.text().optional(),
  /** The built page; without it the API alone is served. */
  CALLSCOPE_INSPECTOR_PAGE_DIR: setting.text().optional(),
  /** Longest recording that is taken in, MiB. */
  CALLSCOPE_INSPECTOR_IMPORT_MB: setting.count().max(2_000).default(256),
});

export type InspectorConfig = z.infer<typeof inspectorConfig>;

export const isLoopback = (host: string): boolean => /^(127\.[\d.]+|::1|localhost)$/.test(host);

/** @returns undefined without a provider. @throws ConfigError naming what is missing */
export function oidcSettings(config: InspectorConfig): OidcSettings | undefined {
  const issuer = config.CALLSCOPE_OIDC_ISSUER;
  if (issuer === undefined) return undefined;
  const needed = (
    name: 'CALLSCOPE_OIDC_CLIENT_ID' | 'CALLSCOPE_OIDC_CLIENT_SECRET' | 'CALLSCOPE_INSPECTOR_URL',
  ) => {
    const value = config[name];
    if (value === undefined) throw new ConfigError(`${name} is not set: needed with CALLSCOPE_OIDC_ISSUER`);
    return value;
  };
  const { protocol, hostname } = new URL(issuer);
  if (protocol !== 'https:' && !isLoopback(hostname.replace(/^\[|\]$/g, ''))) {
    throw new ConfigError('CALLSCOPE_OIDC_ISSUER must be https: what it says decides who comes in');
  }
  return {
    issuer,
    clientId: needed('CALLSCOPE_OIDC_CLIENT_ID'),
    clientSecret: needed('CALLSCOPE_OIDC_CLIENT_SECRET'),
    baseUrl: needed('CALLSCOPE_INSPECTOR_URL').replace(/\/+$/, ''),
    scope: config.CALLSCOPE_OIDC_SCOPE,
    roleClaim: config.CALLSCOPE_OIDC_ROLE_CLAIM,
    adminValue: config.CALLSCOPE_OIDC_ADMIN,
    supportValue: config.CALLSCOPE_OIDC_SUPPORT,
    tenantClaim: config.CALLSCOPE_OIDC_TENANT_CLAIM,
    tenantId: config.CALLSCOPE_OIDC_TENANT,
  };
}
