/** What is started once and serves many runs: the whole stack, the browser, the network, a way to read the results. */
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import type { Browser } from 'playwright-core';
import { type Stack, startStack } from '../runtime/stack.ts';
import type { LoopMode } from '../telemetry/loop.ts';
import { type Network, startNetwork } from './network/network.ts';
import { launchBrowser } from './participants/browser.ts';

export interface Session {
  readonly stack: Stack;
  readonly browser: Browser;
  readonly network: Network;
  readonly clickhouse: ClickHouseClient;
  readonly loop: LoopMode;
  readonly versions: Record<string, string>;
  close(): Promise<void>;
}

export interface SessionOptions {
  /** The calls' samples stay here, for a closer look afterwards. */
  readonly dataDir: string;
  readonly loop: LoopMode;
  /** Settings of the stack besides. */
  readonly env?: Readonly<Record<string, string>>;
  readonly log: (text: string) => void;
  readonly signal: AbortSignal;
}

/** @throws Error of the part that does not start; nothing is left running */
export async function startSession(options: SessionOptions): Promise<Session> {
  const { dataDir, loop, log, signal } = options;
  const parts = await Promise.allSettled([
    // One worker, one media port: the lines of the lab network lead there.
    startStack({
      dataDir,
      env: {
        CALLSCOPE_SFU_WORKERS: '1',
        CALLSCOPE_LOOP_MODE: loop,
        CALLSCOPE_RECORDING: 'off',
        ...options.env,
      },
      log,
      signal,
    }),
    launchBrowser({ givesWay: true }),
    startNetwork(),
  ]);
  const [stack, browser, network] = parts.map((part) =>
    part.status === 'fulfilled' ? part.value : undefined,
  ) as [Stack | undefined, Browser | undefined, Network | undefined];
  const clickhouse = stack && createClient({ url: stack.urls.clickhouse, log: { level: 127 } });
  const close = async () => {
    const closing = await Promise.allSettled([browser?.close(), network?.close(), clickhouse?.close()]);
    await stack?.stop();
    for (const { status } of closing) if (status === 'rejected') log('a part did not close cleanly');
  };
  const failed = parts.find((part) => part.status === 'rejected');
  if (failed || !stack || !browser || !network || !clickhouse) {
    await close();
    throw failed?.reason;
  }
  return { stack, browser, network, clickhouse, loop, versions: versionsOf(browser), close };
}

function versionsOf(browser: Browser): Record<string, string> {
  const file = path.join(import.meta.dirname, '..', 'node_modules', 'mediasoup', 'package.json');
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return {
    chromium: browser.version(),
    mediasoup: version,
    node: process.version,
    machine: `${os.availableParallelism()} x ${os.cpus()[0]?.model ?? 'unknown CPU'}, ${os.platform()} ${os.release()}`,
  };
}
