/** Settings of the collector. */
import { z } from 'zod';
import { setting } from '../telemetry/service/config.ts';
import { defaultRedactedNames } from './rows/redaction.ts';
import { type RetentionKind, type RetentionRule, retentionDays } from './schema/retention.ts';

/** @returns key to tenant */
const tenantKeys = () =>
  setting.list().transform((pairs, context) => {
    const keys = new Map<string, string>();
    for (const pair of pairs) {
      const [tenant = '', key = ''] = pair.split(/:(.*)/s);
      const fits = tenant !== '' && tenant.length <= 128 && /^[\x21-\x7e]{16,}$/.test(key);
      if (!fits || keys.has(key)) {
        context.addIssue({
          code: 'custom',
          message:
            'expected tenant:key pairs, each key of at least 16 visible ASCII characters and given once',
        });
      }
      keys.set(key, tenant);
    }
    return keys;
  });

const retentionPair = /^(\*|[\w.@-]{1,128}):(raw|scores|results):(\d{1,4})$/;

const retentionRules = () =>
  setting.list().transform((texts, context): RetentionRule[] => {
    const told = new Set<string>();
    return texts.map((text) => {
      const [, tenant = '', kind, days] = retentionPair.exec(text) ?? [];
      const once = told.size < told.add(`${tenant}:${kind}`).size;
      if (!kind || Number(days) === 0 || !once) {
        context.addIssue({
          code: 'custom',
          message: `expected tenant:kind:days, each tenant and kind once (kinds: ${Object.keys(retentionDays).join(', ')}; * for all other tenants)`,
        });
      }
      return { tenant, kind: kind as RetentionKind, days: Number(days) };
    });
  });

export const collectorConfig = z.object({
  CALLSCOPE_COLLECTOR_HOST: setting.host().default('127.0.0.1'),
  /** OTLP/HTTP's own port. */
  CALLSCOPE_COLLECTOR_PORT: setting.port().default(4318),
  /** OTLP/gRPC; its own port is 4317. Without it there is none. */
  CALLSCOPE_COLLECTOR_GRPC_PORT: setting.port().optional(),
  /** With user, password and database. */
  CALLSCOPE_CLICKHOUSE_URL: setting
    .httpUrl()
    .refine(
      (url) => !URL.canParse(url) || /^\/\w+$/.test(new URL(url).pathname),
      'expected http://user:password@host:port/database',
    ),
  /** The servers' name for themselves in `remote_servers`; the schema is then made for all of them. Needs a Keeper. */
  CALLSCOPE_CLICKHOUSE_CLUSTER: z
    .string()
    .regex(/^\w+$/, 'expected the name of a cluster: letters, digits, _')
    .optional(),
  /** How long rows are kept, in days: `acme:raw:7,acme:results:90,*:raw:14`. Unless said: raw 30, scores 90, results 400. */
  CALLSCOPE_RETENTION: retentionRules().default([]),
  /** Holds every request until ClickHouse has its rows; on a disk that survives a restart. */
  CALLSCOPE_SPOOL_DIR: z.string().min(1).default('.callscope/data/spool'),
  /** Beyond it requests are answered 503. Hours of a ClickHouse outage: requests are kept as they came, compressed. */
  CALLSCOPE_SPOOL_MAX_MB: z.coerce.number().int().min(64).default(4_096),
  CALLSCOPE_TOKEN_SECRET: setting.secret(),
  /** Sent in a header: visible ASCII without spaces. */
  CALLSCOPE_SERVER_KEY: setting.secret().regex(/^[\x21-\x7e]*$/, 'expected visible ASCII without spaces'),
  /** Keys of servers that write for one tenant only: `acme:its-key,globex:another-key`. */
  CALLSCOPE_TENANT_KEYS: tenantKeys().default(new Map()),
  /** Beyond it a participant is answered 429. */
  CALLSCOPE_PARTICIPANT_RECORDS_PER_SECOND: setting.count().optional(),
  /** Beyond it all of a tenant's participants and keys are answered 429. */
  CALLSCOPE_TENANT_RECORDS_PER_SECOND: setting.count().optional(),
  /** Attributes whose values are not stored; `*` stands for any characters. */
  CALLSCOPE_REDACTED_ATTRIBUTES: setting.list().default([...defaultRedactedNames]),
  /** Files in MaxMind's format: countries and network operators of participants. */
  CALLSCOPE_GEOIP_FILES: setting.list().default([]),
  /** Proxies before the collector that add to X-Forwarded-For. */
  CALLSCOPE_TRUSTED_PROXIES: z.coerce.number().int().min(0).max(10).default(0),
  /** Pages that may send from a browser, e.g. `https://meet.example.org`; `*` for any. */
  CALLSCOPE_ALLOWED_ORIGINS: setting.list().default([]),
});

export type CollectorConfig = z.infer<typeof collectorConfig>;
