/** Settings of the pipelines; the names are those of the environment. */
import { z } from 'zod';
import { alertSettings } from '../alerts/settings.ts';
import { loopModeSetting } from '../telemetry/loop.ts';
import { setting } from '../telemetry/service/config.ts';
import { fleetSettings } from './fleet/settings.ts';

export const pipelinesConfig = z.object({
  CALLSCOPE_PIPELINES_HOST: setting.host().default('127.0.0.1'),
  CALLSCOPE_PIPELINES_PORT: setting.port().default(4320),
  CALLSCOPE_CLICKHOUSE_URL: setting.httpUrl(),
  CALLSCOPE_REDIS_URL: setting.redisUrl(),
  /** Into how many parts calls are divided; all processes of a deployment must have the same. */
  CALLSCOPE_SHARDS: setting.count().max(1024).default(4),
  /** Where own metrics go as OTLP; nowhere without. */
  CALLSCOPE_COLLECTOR_URL: setting.httpUrl().optional(),
  CALLSCOPE_SERVER_KEY: setting.secret().optional(),
  CALLSCOPE_LOOP_MODE: loopModeSetting,
  /** Prefix of the queues' keys, to share one Redis between deployments; the SFU must have the same. */
  CALLSCOPE_QUEUE_PREFIX: setting.text().optional(),
  /** Of the deployment: what signs to tenants' webhooks is made of it. Without it none is told. */
  CALLSCOPE_TOKEN_SECRET: setting.secret().optional(),
  /** Whether tenants' webhooks may be plain http and lead to addresses that are not public. */
  CALLSCOPE_WEBHOOK_PRIVATE: z.enum(['on', 'off']).default('off'),
  ...alertSettings,
  ...fleetSettings,
});
