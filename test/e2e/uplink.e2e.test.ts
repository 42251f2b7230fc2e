/** A real Chromium on a narrow line: once the line is wide again, the page does not wait for the estimate to creep up. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, it } from 'vitest';
import { buildClient } from '../../client/build.ts';
import { type Network, startNetwork } from '../../lab/network/network.ts';
import { launchBrowser } from '../../lab/participants/browser.ts';
import type { LabPage } from '../../lab/participants/detour.ts';
import { joinCall, type Participant } from '../../lab/participants/participant.ts';
import { startTestNode, type TestNode } from '../sfu/support/node.ts';
import { inviteLink } from '../support/meeting.ts';
import { until } from '../support/waiting.ts';

let folder: string;
let node: TestNode;
let browser: Browser;
let network: Network;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callscope-uplink-'));
  const pageDir = join(folder, 'page');
  await buildClient(pageDir);
  node = await startTestNode({ CALLSCOPE_PAGE_DIR: pageDir });
  browser = await launchBrowser();
  network = await startNetwork();
});
afterAll(async () => {
  await browser?.close();
  await network?.close();
  await node?.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Uplink {
  readonly estimateBps: number;
  readonly limited: boolean;
  readonly limitedMs: number;
  readonly boundBps: number | null;
}

/** Runs in the page. */
async function readUplink(): Promise<Uplink> {
  const { connections } = (window as unknown as LabPage).callscopeLab;
  const pc = connections.find((one) => one.getSenders().some(({ track }) => track?.kind === 'video'));
  if (!pc) return { estimateBps: 0, limited: true, limitedMs: 0, boundBps: null };
  let [estimateBps, limited, limitedMs] = [0, false, 0];
  for (const stat of (await pc.getStats()).values()) {
    if (stat.type === 'candidate-pair')
      estimateBps = Math.max(estimateBps, stat.availableOutgoingBitrate ?? 0);
    if (stat.type !== 'outbound-rtp') continue;
    limited ||= stat.qualityLimitationReason === 'bandwidth';
    limitedMs = Math.max(limitedMs, 1000 * (stat.qualityLimitationDurations?.bandwidth ?? 0));
  }
  const bound = /^b=TIAS:(\d+)/m.exec(pc.remoteDescription?.sdp ?? '')?.[1];
  return { estimateBps, limited, limitedMs, boundBps: bound === undefined ? null : Number(bound) };
}

const uplinkOf = ({ page }: Participant): Promise<Uplink> => page.evaluate(readUplink);

it('probes at what it wants to send, and sends it', async () => {
  const media = { host: '127.0.0.1', port: node.mediaPort };
  const line = await network.open({
    listenHost: '127.1.0.1',
    listenPort: 0,
    targetHost: media.host,
    targetPort: media.port,
    seed: 1,
    up: { delayMs: 20 },
    down: { delayMs: 20 },
  });
  const ana = await joinCall({
    browser,
    link: await inviteLink(node.url, 'narrow'),
    name: 'Ana',
    via: { from: media, to: { host: line.host, port: line.port } },
  });
  await until('all layers', async () => {
    const { estimateBps, limited } = await uplinkOf(ana);
    return !limited && estimateBps > 400_000;
  });

  await line.change('up', { bandwidth: { bitrateBps: 150_000, queueMs: 300 } });
  // After a shorter one the browser still probes by itself.
  await until('a layer left out for long', async () => {
    const { estimateBps, limitedMs } = await uplinkOf(ana);
    return limitedMs > 8_000 && estimateBps < 200_000;
  });
  await line.change('up', { bandwidth: null });

  const before = (await uplinkOf(ana)).boundBps ?? 400_000;
  await until('a probe', async () => ((await uplinkOf(ana)).boundBps ?? 0) > before);
  await until('all layers again, and no bound', async () => {
    const { estimateBps, limited, boundBps } = await uplinkOf(ana);
    return !limited && estimateBps > 400_000 && boundBps === null;
  });
});
