/** `kill -9` of the one media worker under a call. */
import { createClient } from '@clickhouse/client';
import { startStack } from '../../runtime/stack.ts';
import { workerPid } from '../machine/processes.ts';
import { launchBrowser } from '../participants/browser.ts';
import { openWatchedCall } from './call.ts';
import { incidentsSince } from './incidents.ts';
import type { FailureScenario } from './scenario.ts';

const recoverLimitMs = 30_000;
const detectLimitMs = 20_000;

export const workerKill: FailureScenario = {
  name: 'worker-kill',
  fault: 'kill -9 of the media worker that carries the call, the only one of its node',
  detection: 'the media node (the worker’s process ends), the detector `sfu_death` from its word',
  mitigation:
    'the node starts another worker, opens the room there and tells the clients over the sockets they have; they make their media anew',
  lossOf: 'people without sound and picture of everybody at the end',
  async open({ dataDir, screen, signal }) {
    const stack = await startStack({
      dataDir,
      env: { CALLSCOPE_SFU_WORKERS: '1', CALLSCOPE_LOOP_MODE: 'shadow', CALLSCOPE_RECORDING: 'off' },
      log: (line) => screen.print(`  ${line}`, 'dim'),
      signal,
    });
    const browser = await launchBrowser({ givesWay: true }).catch(async (error: unknown) => {
      await stack.stop();
      throw error;
    });
    const clickhouse = createClient({ url: stack.urls.clickhouse, log: { level: 127 } });
    return {
      async play(run) {
        const link = await stack.invite(`worker-kill-${run}-${Date.now().toString(36)}`);
        const call = await openWatchedCall(browser, link, signal);
        try {
          const faultAtMs = Date.now();
          process.kill(workerPid(stack.pid('sfu')), 'SIGKILL');
          const interruptions = await call.afterFault(faultAtMs, recoverLimitMs);
          const kinds = ['sfu_death'];
          const found = await incidentsSince(
            clickhouse,
            [call.callId],
            kinds,
            faultAtMs,
            detectLimitMs,
            signal,
          );
          const death = found.find(({ kind }) => kinds.includes(kind));
          const back = interruptions.map(({ backMs }) => backMs);
          return {
            detectMs: death ? death.detected_at - faultAtMs : null,
            mitigateMs: null,
            recoverMs: back.includes(null) ? null : Math.max(...back.map(Number)),
            lost: back.filter((one) => one === null).length,
            alerts: found.map(({ kind }) => kind),
            also: { affected: death?.affected.length ?? 0 },
          };
        } finally {
          await call.close();
        }
      },
      async close() {
        await Promise.allSettled([browser.close(), clickhouse.close()]);
        await stack.stop();
      },
    };
  },
};
