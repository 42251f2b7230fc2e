/** Settings of a relay and of the local fleet. Every environment variable that they read stands here. */
import { z } from 'zod';
import { relayIdSchema } from '../telemetry/relays.ts';
import { setting } from '../telemetry/service/config.ts';

const shared = {
  CALLSCOPE_REDIS_URL: setting.redisUrl(),
  /** coturn's `static-auth-secret`; orders to the fleet are signed with it too. */
  CALLSCOPE_TURN_SECRET: setting.secret(),
  /** Where own metrics go as OTLP; nowhere without. */
  CALLSCOPE_COLLECTOR_URL: setting.httpUrl().optional(),
  CALLSCOPE_SERVER_KEY: setting.secret().optional(),
  CALLSCOPE_REGION: z.string().max(64).default(''),
  /** Where coturn listens and relays. */
  CALLSCOPE_TURN_HOST: setting.host().default('127.0.0.1'),
  /** The address that clients are told, where it is another. */
  CALLSCOPE_TURN_ANNOUNCED_HOST: setting.host().optional(),
  CALLSCOPE_TURN_PORT: setting.port().default(3478),
  /** Certificate and key for `turns:`; without them there is none. */
  CALLSCOPE_TURN_TLS_CERT: setting.text().optional(),
  CALLSCOPE_TURN_TLS_KEY: setting.text().optional(),
  CALLSCOPE_TURN_DATA_DIR: setting.text(),
  /** What one relay may carry, up and down together. */
  CALLSCOPE_TURN_CAPACITY_MBPS: z.coerce.number().positive().default(200),
  CALLSCOPE_TURN_MAX_ALLOCATIONS: setting.count().default(2_000),
};

export const relayConfig = z.object({
  ...shared,
  CALLSCOPE_RELAY_ID: relayIdSchema,
  CALLSCOPE_TURN_TLS_PORT: setting.port().default(5349),
  /** Health, and the order to drain; beyond loopback the order needs CALLSCOPE_SERVER_KEY. */
  CALLSCOPE_RELAY_HTTP_HOST: setting.host().default('127.0.0.1'),
  CALLSCOPE_RELAY_HTTP_PORT: setting.port().default(4324),
});

export const fleetConfig = z.object({
  ...shared,
  /** How many relays are started at once; the scaler asks for more. */
  CALLSCOPE_TURN_RELAYS: setting.count().max(32).default(2),
  /** Prefix of the queues' keys, as the pipelines have it. */
  CALLSCOPE_QUEUE_PREFIX: setting.text().optional(),
  CALLSCOPE_TURN_FLEET_PORT: setting.port().default(4325),
});

type Shared = z.infer<z.ZodObject<typeof shared>>;

/** What every relay of this process has in common. */
export function relaySettings(config: Shared) {
  const { CALLSCOPE_COLLECTOR_URL: url, CALLSCOPE_SERVER_KEY: serverKey } = config;
  const certFile = config.CALLSCOPE_TURN_TLS_CERT;
  const keyFile = config.CALLSCOPE_TURN_TLS_KEY;
  return {
    region: config.CALLSCOPE_REGION,
    host: config.CALLSCOPE_TURN_HOST,
    announcedHost: config.CALLSCOPE_TURN_ANNOUNCED_HOST,
    certificate: certFile && keyFile ? { certFile, keyFile } : null,
    secret: config.CALLSCOPE_TURN_SECRET,
    redisUrl: config.CALLSCOPE_REDIS_URL,
    capacityBps: config.CALLSCOPE_TURN_CAPACITY_MBPS * 1e6,
    maxAllocations: config.CALLSCOPE_TURN_MAX_ALLOCATIONS,
    // Only a relay that nobody but this machine reaches may reach this machine.
    loopbackPeers: config.CALLSCOPE_TURN_HOST.startsWith('127.'),
    collector: url && serverKey ? { url, serverKey } : null,
  };
}
export type SharedRelaySettings = ReturnType<typeof relaySettings>;
