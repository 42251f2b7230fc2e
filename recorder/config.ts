/** Settings of recorder and finisher, which run on one host and share a folder. */
import { hostname } from 'node:os';
import { z } from 'zod';
import { readConfig, setting } from '../telemetry/service/config.ts';

const shared = z.object({
  /** Names this host in telemetry and in its queues. @default the host's name */
  CALLSCOPE_RECORDER_ID: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,64}$/, 'expected 1 to 64 letters, digits, "-", "_" or "."')
    .default(
      () =>
        hostname()
          .replace(/[^A-Za-z0-9_.-]/g, '-')
          .slice(0, 64) || 'recorder-1',
    ),
  /** Recordings until they are in the store. */
  CALLSCOPE_RECORDER_DIR: setting.text(),
  CALLSCOPE_REDIS_URL: setting.redisUrl(),
  CALLSCOPE_QUEUE_PREFIX: setting.text().optional(),
  CALLSCOPE_COLLECTOR_URL: setting.httpUrl().optional(),
  CALLSCOPE_SERVER_KEY: setting.secret().optional(),
});

const recorder = shared.extend({
  CALLSCOPE_RECORDER_SECRET: setting.secret(),
  /** Health, metrics. */
  CALLSCOPE_RECORDER_HOST: setting.host().default('127.0.0.1'),
  CALLSCOPE_RECORDER_PORT: setting.port().default(4324),
  /** Where RTP is taken, a free UDP port a stream. It is not encrypted: loopback or a private network. */
  CALLSCOPE_RECORDER_RTP_HOST: setting.host().default('127.0.0.1'),
  /** With less room on the disk no new recording is begun. */
  CALLSCOPE_RECORDER_MIN_FREE_MB: setting.count().default(1024),
  CALLSCOPE_RECORDER_MAX_CALLS: setting.count().default(50),
});

const finisher = shared.extend({
  CALLSCOPE_FINISHER_HOST: setting.host().default('127.0.0.1'),
  CALLSCOPE_FINISHER_PORT: setting.port().default(4325),
  /** `s3://bucket/prefix`, or a folder. */
  CALLSCOPE_RECORDING_STORE: setting
    .text()
    .refine(
      (text) => !text.includes('://') || /^s3:\/\/[a-z0-9][a-z0-9.-]{1,62}(\/[\w./-]*)?$/.test(text),
      'expected a folder, or s3://bucket/prefix',
    ),
  /** Another endpoint than Amazon's; buckets are then a part of the path. */
  CALLSCOPE_S3_ENDPOINT: setting.httpUrl().optional(),
  /** How long a recording is tried to be stored after its end. */
  CALLSCOPE_RECORDING_GIVE_UP_HOURS: setting.count().default(72),
  /** OpenAI's audio transcriptions API or one like it; without it, pocketsphinx. */
  CALLSCOPE_SPEECH_URL: setting.httpUrl().optional(),
  CALLSCOPE_SPEECH_KEY: setting.text().optional(),
  CALLSCOPE_SPEECH_MODEL: setting.text().default('whisper-1'),
});

export type SharedConfig = z.infer<typeof shared>;
export type RecorderConfig = z.infer<typeof recorder>;
export type FinisherConfig = z.infer<typeof finisher>;

/** @throws ConfigError */
export const readRecorderConfig = (env?: NodeJS.ProcessEnv): RecorderConfig => readConfig(recorder, env);
/** @throws ConfigError */
export const readFinisherConfig = (env?: NodeJS.ProcessEnv): FinisherConfig => readConfig(finisher, env);

export const collectorOf = (config: SharedConfig) =>
  config.CALLSCOPE_COLLECTOR_URL && config.CALLSCOPE_SERVER_KEY
    ? { url: config.CALLSCOPE_COLLECTOR_URL, serverKey: config.CALLSCOPE_SERVER_KEY }
    : null;
