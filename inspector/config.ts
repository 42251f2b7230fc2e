/** Settings of the inspector; the names are those of the environment. */
import { z } from 'zod';
import { setting } from '../telemetry/service/config.ts';
import { namePolicies } from './access/names.ts';

export const inspectorConfig = z.object({
  CALLSCOPE_INSPECTOR_HOST: setting.host().default('127.0.0.1'),
  CALLSCOPE_INSPECTOR_PORT: setting.port().default(4322),
  CALLSCOPE_CLICKHOUSE_URL: setting.httpUrl(),
  /** Signs sessions and sign-in links. */
  CALLSCOPE_TOKEN_SECRET: setting.secret(),
  CALLSCOPE_INSPECTOR_NAMES: z.enum(namePolicies).default('shown'),
  CALLSCOPE_TLS_CERT: setting.text().optional(),
  CALLSCOPE_TLS_KEY: setting.text().optional(),
  /** The built page; without it the API alone is served. */
  CALLSCOPE_INSPECTOR_PAGE_DIR: setting.text().optional(),
  /** Longest recording that is taken in, MiB. */
  CALLSCOPE_INSPECTOR_IMPORT_MB: setting.count().max(2_000).default(256),
});

export type InspectorConfig = z.infer<typeof inspectorConfig>;

export const isLoopback = (host: string): boolean => /^(127\.[\d.]+|::1|localhost)$/.test(host);
