/** A media node that has a call is stopped in order, as for an update, while another one lives. */

import { events } from '../../telemetry/events.ts';
import { clearStore } from '../clear.ts';
import { alertsRaised } from './alerts.ts';
import { openWatchedCall } from './call.ts';
import { allReady } from './media-death.ts';
import { eventsSince, incidentsSince } from './records.ts';
import type { FailureScenario } from './scenario.ts';
import { openStand } from './stand.ts';

const watchedMs = 14_000;
const gapLimitMs = 1_000;

export const nodeDrain: FailureScenario = {
  name: 'node-drain',
  fault: 'SIGTERM to the media node that has the call, as in a rolling restart; another node lives',
  detection: 'nobody needs to: the node says so',
  raises: [],
  mitigation:
    'the node gives its calls to the other and tells the clients; they enter there, change over once everybody is heard and seen, and leave the old one last. "Recovered" is the longest time without something new of somebody',
  lossOf: 'people whose sound or picture stopped for more than 1 s',
  async open(context) {
    const stand = await openStand(context, { env: { CALLSCOPE_SFU_NODES: '2' } });
    const { stack, browser, clickhouse } = stand;
    const { signal } = context;
    return {
      async play() {
        await allReady(stack, signal);
        await clearStore(clickhouse);
        const link = await stack.invite(`node-drain-${Date.now().toString(36)}`);
        const call = await openWatchedCall(browser, link, signal);
        try {
          const faultAtMs = Date.now();
          stack.children.get('sfu')!.kill('SIGTERM');
          const gaps = (await call.watch(faultAtMs, watchedMs)).map(({ gapMs }) => gapMs);
          const asked = { clickhouse, faultAtMs, limitMs: watchedMs, signal };
          const joined = await eventsSince([events.participantJoined], asked);
          const incidents = await incidentsSince(call.callIds(), [], asked);
          return {
            detectMs: null,
            mitigateMs: joined[0]?.afterMs ?? null,
            recoverMs: Math.max(...gaps),
            lost: gaps.filter((gapMs) => gapMs > gapLimitMs).length,
            incidents: incidents.map(({ kind }) => kind),
            alerts: await alertsRaised({ clickhouseUrl: stack.urls.clickhouse, signal }),
          };
        } finally {
          await call.close();
        }
      },
      close: stand.close,
    };
  },
};
