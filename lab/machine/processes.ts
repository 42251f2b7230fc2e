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

/** CPU seconds that make a renderer one that did something while a page was opened. */
const workedSeconds = 0.1;

/**
 * Those that worked while a page was opened, with their CPU seconds afterwards. More than one: the empty page that
 * comes first has a process of its own, and Chromium keeps an idle one in reserve.
 */
export function workedBetween(
  before: ReadonlyMap<number, number>,
  after: ReadonlyMap<number, number>,
): Map<number, number> {
  return new Map([...after].filter(([pid, cpu]) => cpu - (before.get(pid) ?? 0) >= workedSeconds));
}

/**
 * Which of these candidates carries the page: the one that has gone on working.
 * @throws Error when none is left
 */
export function busiestSince(
  candidates: ReadonlyMap<number, number>,
  now: ReadonlyMap<number, number>,
): number {
  const [first] = [...candidates]
    .flatMap(([pid, cpu]) => (now.has(pid) ? [{ pid, worked: now.get(pid)! - cpu }] : []))
    .sort((a, b) => b.worked - a.worked);
  if (!first) throw new Error('the renderer process of the page is gone');
  return first.pid;
}
