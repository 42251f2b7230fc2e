/** What serves all runs of a scenario: the whole stack, a browser, a way to read the results. */
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import type { Browser } from 'playwright-core';
import { type Stack, startStack } from '../../runtime/stack.ts';
import { launchBrowser } from '../participants/browser.ts';
import type { FailureContext } from './scenario.ts';

export interface Stand {
  readonly stack: Stack;
  readonly browser: Browser;
  readonly clickhouse: ClickHouseClient;
  close(): Promise<void>;
}

/** Decisions are recorded, not carried out: a busy machine is a real impairment, and not the one that is played. */
const quiet = { CALLSCOPE_SFU_WORKERS: '1', CALLSCOPE_LOOP_MODE: 'shadow', CALLSCOPE_RECORDING: 'off' };

/** @throws Error of the part that does not start; nothing is left running */
export async function openStand(
  { dataDir, screen, signal }: FailureContext,
  options: Pick<Parameters<typeof startStack>[0] & object, 'env' | 'ports'> = {},
): Promise<Stand> {
  const stack = await startStack({
    ...options,
    dataDir,
    env: { ...quiet, ...options.env },
    log: (line) => screen.print(`  ${line}`, 'dim'),
    signal,
  });
  const browser = await launchBrowser({ givesWay: true }).catch(async (error: unknown) => {
    await stack.stop();
    throw error;
  });
  const clickhouse = createClient({ url: stack.urls.clickhouse, log: { level: 127 } });
  return {
    stack,
    browser,
    clickhouse,
    async close() {
      await Promise.allSettled([browser.close(), clickhouse.close()]);
      await stack.stop();
    },
  };
}
