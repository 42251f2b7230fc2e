/** Settings of the collector. */
import { z } from 'zod';
import { setting } from '../telemetry/service/config.ts';

export const collectorConfig = z.object({
  CALLSCOPE_COLLECTOR_HOST: setting.host().default('127.0.0.1'),
  /** OTLP/HTTP's own port. */
  CALLSCOPE_COLLECTOR_PORT: setting.port().default(4318),
  /** With user, password and database. */
  CALLSCOPE_CLICKHOUSE_URL: setting
    .httpUrl()
    .refine(
      (url) => !URL.canParse(url) || /^\/\w+$/.test(new URL(url).pathname),
      'expected http://user:password@host:port/database',
    ),
  CALLSCOPE_TOKEN_SECRET: setting.secret(),
  /** Sent in a header: visible ASCII without spaces. */
  CALLSCOPE_SERVER_KEY: setting.secret().regex(/^[\x21-\x7e]*$/, 'expected visible ASCII without spaces'),
  /** Pages that may send from a browser, e.g. `https://meet.example.org`; `*` for any. */
  CALLSCOPE_ALLOWED_ORIGINS: setting.list().default([]),
});

export type CollectorConfig = z.infer<typeof collectorConfig>;
