/**
 * `node turn/drain.ts`: drains the relay beside it and returns once no allocation is left, or after the given limit.
 * For a container's preStop hook: whoever ends relays then cuts no call.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { readConfig, setting } from '../telemetry/service/config.ts';

const config = readConfig(
  z.object({
    CALLSCOPE_RELAY_HTTP_HOST: setting.host().default('127.0.0.1'),
    CALLSCOPE_RELAY_HTTP_PORT: setting.port().default(4324),
    CALLSCOPE_SERVER_KEY: setting.secret(),
    CALLSCOPE_DRAIN_LIMIT_SECONDS: setting.count().default(3_600),
  }),
);
const answerSchema = z.object({ allocations: z.number().nullable() });
/** Those who were given the relay just before may still come. */
const lateMs = 60_000;
const pollMs = 2_000;

const beganMs = Date.now();
for (;;) {
  const left = await drained().catch((error: unknown) => {
    console.error(`drain: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  });
  const passedMs = Date.now() - beganMs;
  if (left === 0 && passedMs >= lateMs) break;
  if (passedMs > config.CALLSCOPE_DRAIN_LIMIT_SECONDS * 1000) {
    console.error(`drain: ${left ?? 'an unknown number of'} allocations are left after the limit`);
    process.exitCode = 1;
    break;
  }
  await delay(pollMs);
}

async function drained(): Promise<number | null> {
  const { CALLSCOPE_RELAY_HTTP_HOST: host, CALLSCOPE_RELAY_HTTP_PORT: port } = config;
  const response = await fetch(`http://${host.includes(':') ? `[${host}]` : host}:${port}/drain`, {
    method: 'POST',
    headers: { authorization: `Bearer ${config.CALLSCOPE_SERVER_KEY}` },
    signal: AbortSignal.timeout(5_000),
  });
  if (!response.ok) throw new Error(`answered ${response.status}`);
  return answerSchema.parse(await response.json()).allocations;
}
