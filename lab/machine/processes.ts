/** Which processes are meant: the media worker of a node, the renderer of a participant's page. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';

/** @throws Error when the node has no worker at this moment */
export function workerPid(sfuPid: number): number {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      // The name stands in brackets and may hold anything; state and parent follow it.
      const [program, after] = [
        stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')),
        stat.slice(stat.lastIndexOf(')') + 2),
      ];
      if (Number(after.split(' ')[1]) === sfuPid && program.startsWith('mediasoup-work')) return Number(name);
    } catch {
      // Ended while it was looked at.
    }
  }
  throw new Error(`the SFU (process ${sfuPid}) has no mediasoup worker at this moment`);
}

/** CPU seconds so far by process id. */
export async function rendererCpu(browser: Browser): Promise<Map<number, number>> {
  const session = await browser.newBrowserCDPSession();
  try {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    return new Map(
      processInfo.filter(({ type }) => type === 'renderer').map(({ id, cpuTime }) => [id, cpuTime]),
    );
  } finally {
    await session.detach();
  }
}

/**
 * The renderer that has worked most among those that were not there before: that of the page just opened. Chromium
 * keeps an idle one in reserve, and one left over from a page before may have been taken.
 */
export function busiestNew(before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>): number {
  const worked = [...after].map(([pid, cpu]) => ({ pid, cpu: cpu - (before.get(pid) ?? 0) }));
  const [first] = worked.sort((a, b) => b.cpu - a.cpu);
  if (!first) throw new Error('the browser has no renderer process');
  return first.pid;
}
