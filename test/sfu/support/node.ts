/** A media node of its own for a test: real workers, free ports, telemetry kept in memory. */
import { type ChildProcess, spawn } from 'node:child_process';
import { InMemoryLogRecordExporter, type ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace';
import pino from 'pino';
import { freePortRange } from '../../../runtime/embedded/ports.ts';
import { readSfuConfig } from '../../../sfu/config.ts';
import { SfuError } from '../../../sfu/errors.ts';
import { type RunningSfu, startSfu } from '../../../sfu/main.ts';
import { freePorts } from '../../../telemetry/service/ports.ts';
import type { JoinAnswer } from '../../../telemetry/signaling.ts';
import { signToken } from '../../../telemetry/tokens.ts';
import { TestClient } from './TestClient.ts';

export const tokenSecret = 'the token secret of the tests';

export interface TestNode extends RunningSfu {
  /** Where its worker takes media, on the loopback. */
  readonly mediaPort: number;
  readonly spans: InMemorySpanExporter;
  /** Records written so far, oldest first; those of the last quarter of a second may be missing. */
  records(eventName: string): Record<string, unknown>[];
  admit(roomId: string, displayName: string): Promise<JoinAnswer>;
  /** The same, asked of another node of the same secret. */
  admitAt(origin: string, roomId: string, displayName: string): Promise<JoinAnswer>;
  connect(): Promise<TestClient>;
  /** Admitted and joined. */
  join(roomId: string, displayName: string): Promise<TestClient>;
}

export async function startTestNode(env: Record<string, string> = {}): Promise<TestNode> {
  const logs = new InMemoryLogRecordExporter();
  const spans = new InMemorySpanExporter();
  let mediaPort = 0;
  const sfu = await onFreePort((port) => {
    mediaPort = port;
    return startSfu(
      readSfuConfig({
        CALLSCOPE_SFU_PORT: '0',
        CALLSCOPE_RTC_PORT: String(port),
        CALLSCOPE_SFU_WORKERS: '1',
        CALLSCOPE_TOKEN_SECRET: tokenSecret,
        ...env,
      }),
      pino({ level: process.env.CALLSCOPE_LOG_LEVEL || 'silent' }),
      { logs, spans },
    );
  });
  const admitAt = async (origin: string, roomId: string, displayName: string) => {
    const invite = await signToken(
      'invite',
      { tenantId: 'acme', roomId },
      { secret: tokenSecret, ttlSeconds: 60 },
    );
    const answer = await post(`${origin}/api/v1/join`, { invite, displayName });
    if (answer.status !== 200) throw new Error(`not admitted: ${JSON.stringify(answer.body)}`);
    return answer.body as JoinAnswer;
  };
  const admit = (roomId: string, displayName: string) => admitAt(sfu.url, roomId, displayName);
  const connect = () => TestClient.connect(sfu.url);
  return {
    ...sfu,
    mediaPort,
    spans,
    records: (eventName) =>
      logs
        .getFinishedLogRecords()
        .filter((r) => r.eventName === eventName)
        .map(attributesOf),
    admit,
    admitAt,
    connect,
    join: async (roomId, displayName) => {
      const { joinToken } = await admit(roomId, displayName);
      const client = await connect();
      await client.join(joinToken);
      return client;
    },
  };
}

export async function post(url: string, body: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

/** Repeats a look until it finds something; fails with what it waited for. */
export async function until<T>(
  what: string,
  look: () => T | undefined | null | false | Promise<T | undefined | null | false>,
  limitMs = 10_000,
): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited ${limitMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A port that is free now may be taken a moment later by another test: then the next one is tried. */
async function onFreePort(start: (port: number) => Promise<RunningSfu>): Promise<RunningSfu> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await freePort());
    } catch (error) {
      if (!(error instanceof SfuError && error.code === 'rtc_port_busy') || attempt === 5) throw error;
    }
  }
}

export const freePort = freePorts();

/** A node as a process of its own, which can be killed. */
export async function nodeProcess(env: Record<string, string>): Promise<ChildProcess> {
  return spawn(process.execPath, ['sfu/main.ts'], {
    env: {
      PATH: process.env.PATH,
      MEDIASOUP_WORKER_BIN: process.env.MEDIASOUP_WORKER_BIN,
      CALLSCOPE_TOKEN_SECRET: tokenSecret,
      CALLSCOPE_SFU_WORKERS: '1',
      CALLSCOPE_RTC_PORT: String(await freePortRange(1)),
      ...env,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

const attributesOf = ({ attributes }: ReadableLogRecord): Record<string, unknown> =>
  Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name.replace(/^rtc\./, ''), value]));
