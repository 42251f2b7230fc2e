/** Settings of the media node. Every environment variable it reads stands here, with its default. */
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { type LoopMode, loopModeSetting } from '../telemetry/loop.ts';
import { readConfig, setting } from '../telemetry/service/config.ts';

const loopbackHosts = new Set(['127.0.0.1', '::1', 'localhost']);

export const isLoopback = (host: string): boolean => loopbackHosts.has(host) || host.startsWith('127.');

const schema = z.object({
  /** Where HTTP and signaling listen. Anything but loopback needs TLS: tokens and media keys pass here. */
  CALLSCOPE_SFU_HOST: setting.host().default('127.0.0.1'),
  CALLSCOPE_SFU_PORT: setting.port().default(4443),
  /** Names this node in telemetry and in its queue; letters, digits, `-`, `_`, `.`. */
  CALLSCOPE_SFU_NODE_ID: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,64}$/, 'expected 1 to 64 letters, digits, "-", "_" or "."')
    .default('sfu-1'),
  /**
   * Origins under which clients reach this node's service (`https://a.example.org`), best first. Pages of one may talk
   * to all, and clients that lose one go on over the next. Empty: the page's own origin only.
   */
  CALLSCOPE_SFU_ENTRANCES: setting.list().default([]),
  /** Origins of this node alone, where there are several: the one that has a call is where its clients go. */
  CALLSCOPE_SFU_NODE_ORIGINS: setting.list().default([]),
  /** So many of a call on a node, and whoever comes then sits on another; without it all sit where the call is. */
  CALLSCOPE_SFU_CALL_PARTICIPANTS_PER_NODE: setting.count().optional(),
  /** `on`: whoever asks in another region than the call's sits on a node of theirs. */
  CALLSCOPE_SFU_CALLS_ACROSS_REGIONS: z.enum(['on', 'off']).default('off'),
  CALLSCOPE_RTC_HOST: setting.host().default('127.0.0.1'),
  /** Worker i listens on this port + i, UDP and TCP. */
  CALLSCOPE_RTC_PORT: setting.port().min(1, 'expected a fixed port, 1 to 65535').default(44400),
  /** The address that clients are told, where it is not CALLSCOPE_RTC_HOST (NAT, load balancer). */
  CALLSCOPE_RTC_ANNOUNCED_ADDRESS: setting.host().optional(),
  CALLSCOPE_SFU_WORKERS: setting.count().default(availableParallelism()),
  /** OTLP base URL; without it the node sends no telemetry. */
  CALLSCOPE_COLLECTOR_URL: setting.httpUrl().optional(),
  /** What browsers are told, where it differs. @default CALLSCOPE_COLLECTOR_URL */
  CALLSCOPE_CLIENT_COLLECTOR_URL: setting.httpUrl().optional(),
  CALLSCOPE_SERVER_KEY: setting.secret().optional(),
  CALLSCOPE_TOKEN_SECRET: setting.secret(),
  /** What the node may decide by itself; the pipelines have the same setting. */
  CALLSCOPE_LOOP_MODE: loopModeSetting,
  /** Without it no decisions arrive; calls run as mediasoup alone would run them, and the node's own reflex. */
  CALLSCOPE_REDIS_URL: setting.redisUrl().optional(),
  /** Relays handed out while none is heard of in Redis. */
  CALLSCOPE_TURN_URLS: setting.list().default([]),
  /** With it, relays that tell of themselves in Redis are handed out. */
  CALLSCOPE_TURN_SECRET: setting.text().optional(),
  /** What recorders show; without it, or without Redis, nothing is recorded. */
  CALLSCOPE_RECORDER_SECRET: setting.secret().optional(),
  /** Where the RTP of recordings is sent from. It is not encrypted: loopback or a private network. */
  CALLSCOPE_RECORDING_HOST: setting.host().default('127.0.0.1'),
  /** Relays of the same region are handed out first. */
  CALLSCOPE_REGION: z.string().max(64).default(''),
  CALLSCOPE_PAGE_DIR: setting.text().optional(),
  CALLSCOPE_TLS_CERT: setting.text().optional(),
  CALLSCOPE_TLS_KEY: setting.text().optional(),
});

/** What one variable demands of another; zod reports each on the variable to change. */
const checked = schema.superRefine((env, context) => {
  const fault = (name: keyof typeof env, message: string) =>
    context.addIssue({ code: 'custom', path: [name], message });
  if (env.CALLSCOPE_RTC_PORT + env.CALLSCOPE_SFU_WORKERS - 1 > 65_535) {
    fault('CALLSCOPE_RTC_PORT', `leaves no room for ${env.CALLSCOPE_SFU_WORKERS} workers, one port each`);
  }
  if (env.CALLSCOPE_COLLECTOR_URL && !env.CALLSCOPE_SERVER_KEY) {
    fault('CALLSCOPE_SERVER_KEY', 'needed to write to CALLSCOPE_COLLECTOR_URL');
  }
  if (env.CALLSCOPE_TURN_URLS.length > 0 && !env.CALLSCOPE_TURN_SECRET) {
    fault('CALLSCOPE_TURN_SECRET', 'needed to make credentials for CALLSCOPE_TURN_URLS');
  }
  if (!env.CALLSCOPE_TURN_URLS.every((url) => /^turns?:[^\s]+$/.test(url))) {
    fault('CALLSCOPE_TURN_URLS', 'expected URLs like turn:host:3478?transport=udp, separated by commas');
  }
  for (const name of ['CALLSCOPE_SFU_ENTRANCES', 'CALLSCOPE_SFU_NODE_ORIGINS'] as const) {
    if (env[name].every((url) => URL.canParse(url) && new URL(url).origin === url)) continue;
    fault(name, 'expected origins like https://a.example.org, separated by commas');
  }
  if (env.CALLSCOPE_SFU_NODE_ORIGINS.length > 0 && !env.CALLSCOPE_REDIS_URL) {
    fault('CALLSCOPE_REDIS_URL', 'needed for media nodes to know each other (CALLSCOPE_SFU_NODE_ORIGINS)');
  }
  if (Boolean(env.CALLSCOPE_TLS_CERT) !== Boolean(env.CALLSCOPE_TLS_KEY)) {
    fault('CALLSCOPE_TLS_CERT', 'CALLSCOPE_TLS_CERT and CALLSCOPE_TLS_KEY go together');
  }
  if (!isLoopback(env.CALLSCOPE_SFU_HOST) && !env.CALLSCOPE_TLS_CERT) {
    fault('CALLSCOPE_SFU_HOST', 'is not loopback: set CALLSCOPE_TLS_CERT and CALLSCOPE_TLS_KEY');
  }
});

export interface SfuConfig {
  readonly nodeId: string;
  readonly http: { host: string; port: number; tls: { certFile: string; keyFile: string } | null };
  readonly entrances: readonly string[];
  /** Empty: this node is the only one. */
  readonly nodeOrigins: readonly string[];
  /** When a call goes on at other nodes too. */
  readonly seats: { participantsPerNode: number | null; byRegion: boolean };
  readonly rtc: { host: string; port: number; announcedAddress: string | null; workers: number };
  readonly collector: { url: string; serverKey: string } | null;
  /** What browsers are told; empty for none. */
  readonly clientCollectorUrl: string;
  readonly tokenSecret: string;
  readonly loopMode: LoopMode;
  readonly redisUrl: string | null;
  readonly region: string;
  readonly turn: { urls: string[]; secret: string } | null;
  /** null: nothing can be recorded. */
  readonly recording: { secret: string; host: string; redisUrl: string } | null;
  readonly pageDir: string | null;
}

/** @throws ConfigError with one line per faulty variable */
export function readSfuConfig(env: NodeJS.ProcessEnv = process.env): SfuConfig {
  const c = readConfig(checked, env);
  return {
    nodeId: c.CALLSCOPE_SFU_NODE_ID,
    http: {
      host: c.CALLSCOPE_SFU_HOST,
      port: c.CALLSCOPE_SFU_PORT,
      tls:
        c.CALLSCOPE_TLS_CERT && c.CALLSCOPE_TLS_KEY
          ? { certFile: c.CALLSCOPE_TLS_CERT, keyFile: c.CALLSCOPE_TLS_KEY }
          : null,
    },
    entrances: c.CALLSCOPE_SFU_ENTRANCES,
    nodeOrigins: c.CALLSCOPE_SFU_NODE_ORIGINS,
    seats: {
      participantsPerNode: c.CALLSCOPE_SFU_CALL_PARTICIPANTS_PER_NODE ?? null,
      byRegion: c.CALLSCOPE_SFU_CALLS_ACROSS_REGIONS === 'on',
    },
    rtc: {
      host: c.CALLSCOPE_RTC_HOST,
      port: c.CALLSCOPE_RTC_PORT,
      announcedAddress: c.CALLSCOPE_RTC_ANNOUNCED_ADDRESS ?? null,
      workers: c.CALLSCOPE_SFU_WORKERS,
    },
    collector:
      c.CALLSCOPE_COLLECTOR_URL && c.CALLSCOPE_SERVER_KEY
        ? { url: c.CALLSCOPE_COLLECTOR_URL, serverKey: c.CALLSCOPE_SERVER_KEY }
        : null,
    clientCollectorUrl: c.CALLSCOPE_CLIENT_COLLECTOR_URL ?? c.CALLSCOPE_COLLECTOR_URL ?? '',
    tokenSecret: c.CALLSCOPE_TOKEN_SECRET,
    loopMode: c.CALLSCOPE_LOOP_MODE,
    redisUrl: c.CALLSCOPE_REDIS_URL ?? null,
    recording:
      c.CALLSCOPE_RECORDER_SECRET && c.CALLSCOPE_REDIS_URL
        ? {
            secret: c.CALLSCOPE_RECORDER_SECRET,
            host: c.CALLSCOPE_RECORDING_HOST,
            redisUrl: c.CALLSCOPE_REDIS_URL,
          }
        : null,
    region: c.CALLSCOPE_REGION,
    turn: c.CALLSCOPE_TURN_SECRET ? { urls: c.CALLSCOPE_TURN_URLS, secret: c.CALLSCOPE_TURN_SECRET } : null,
    pageDir: c.CALLSCOPE_PAGE_DIR ?? null,
  };
}
