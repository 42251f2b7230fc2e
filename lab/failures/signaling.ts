/** The way between browsers and the media service's first entrance is spoilt; a second entrance is well. Media takes another way. */
import { freePort } from '../../runtime/embedded/ports.ts';
import { events } from '../../telemetry/events.ts';
import { clearStore } from '../clear.ts';
import { alertsRaised } from './alerts.ts';
import { openWatchedCall } from './call.ts';
import { eventsSince, incidentsSince } from './records.ts';
import type { FailureContext, FailureRun, FailureScenario } from './scenario.ts';
import { openStand, type Stand } from './stand.ts';
import { openWay, type Way } from './way.ts';

const faultMs = 15_000;
const detectLimitMs = 25_000;
/** Longer than this between two frames or packets of somebody is an interruption: machines hiccup. */
const interruptedMs = 1_000;

interface Spoiling {
  readonly name: string;
  readonly fault: string;
  readonly spoil: (way: Way) => void;
}

const spoilings: readonly Spoiling[] = [
  { name: 'signaling-cut', fault: 'every signaling socket is reset once', spoil: (way) => way.cut() },
  {
    name: 'signaling-refused',
    fault: 'every signaling socket is reset, and the entrance refuses new ones for 15 s',
    spoil: (way) => {
      way.set('refuse');
      way.cut();
    },
  },
  {
    name: 'signaling-black-hole',
    fault: 'the entrance swallows everything for 15 s, without a word',
    spoil: (way) => way.set('swallow'),
  },
  {
    name: 'signaling-slow',
    fault: 'everything by the entrance comes 3 s later for 15 s, each way',
    spoil: (way) => way.set({ delayMs: 3_000 }),
  },
];

export const signalingScenarios: readonly FailureScenario[] = spoilings.map(({ name, fault, spoil }) => ({
  name,
  fault,
  detection: 'the clients: the socket ends, or a heartbeat is not answered in time',
  raises: [],
  mitigation:
    'they try again after random waits that double, over all entrances, and go on with their session over the first that takes it up; the media node keeps participant and media meanwhile',
  lossOf:
    'people whose sound or picture stopped for more than 1 s, or who are without a connection at the end',
  async open(context) {
    const page = await freePort();
    const ways = await Promise.all([1, 2].map(() => openWay(`http://127.0.0.1:${page}`)));
    const stand = await openStand(context, {
      ports: { page },
      env: {
        CALLSCOPE_SFU_ENTRANCES: ways.map(({ origin }) => origin).join(','),
        CALLSCOPE_ALLOWED_ORIGINS: ways.map(({ origin }) => origin).join(','),
      },
    }).catch(async (error: unknown) => {
      await Promise.all(ways.map((way) => way.close()));
      throw error;
    });
    return {
      play: () => playSignaling(stand, ways[0]!, spoil, context),
      async close() {
        await stand.close();
        await Promise.all(ways.map((way) => way.close()));
      },
    };
  },
}));

async function playSignaling(
  { stack, browser, clickhouse }: Stand,
  way: Way,
  spoil: (way: Way) => void,
  { signal }: FailureContext,
): Promise<FailureRun> {
  await clearStore(clickhouse);
  const link = new URL(await stack.invite(`signaling-${Date.now().toString(36)}`));
  const call = await openWatchedCall(browser, `${way.origin}${link.pathname}${link.search}`, signal);
  try {
    const faultAtMs = Date.now();
    spoil(way);
    const interruptions = await call.watch(faultAtMs, faultMs);
    const connected = await call.connected();
    way.set('open');
    const asked = { clickhouse, faultAtMs, limitMs: detectLimitMs, signal };
    const lost = await eventsSince([events.signalingState, events.signalingLost], asked);
    const incidents = await incidentsSince(call.callIds(), [], { ...asked, limitMs: 0 });
    const resumed = await eventsSince([events.signalingResumed], asked);
    const lastBack = resumed[call.people.length - 1];
    const gaps = interruptions.map(({ gapMs }) => gapMs);
    return {
      detectMs: lost[0]?.afterMs ?? null,
      mitigateMs: resumed[0]?.afterMs ?? null,
      recoverMs: connected.every(Boolean) && lastBack ? lastBack.afterMs : null,
      lost: gaps.filter((gapMs, seat) => gapMs > interruptedMs || !connected[seat]).length,
      incidents: incidents.map(({ kind }) => kind),
      alerts: await alertsRaised({ clickhouseUrl: stack.urls.clickhouse, signal }),
      also: { mediaGapMs: Math.max(...gaps) },
    };
  } finally {
    way.set('open');
    await call.close();
  }
}
