/**
 * Photographs every page of the inspector for the docs: `npm run inspector-photographs`. Real Chromium, a real store, the
 * demo's call that the tests have; written to docs/inspector.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { buildInspector } from '../../inspector/build.ts';
import { launchBrowser } from '../../lab/participants/browser.ts';
import { startClickHouse } from '../../runtime/embedded/clickhouse.ts';
import { demoCallId, openInspector } from './support/inspector.ts';

const folder = path.join(import.meta.dirname, '../../docs/inspector');
const call = `/calls/${demoCallId}`;

interface Photograph {
  readonly name: string;
  readonly view: string;
  readonly dark?: boolean;
  /** From the page's opening to what is to be seen. */
  readonly ready: (page: Page) => Promise<unknown>;
  /** @default 760 */
  readonly height?: number;
}

const drawn = (page: Page) => page.locator('.plots[data-ready=true] .u-over').first().waitFor();

const photographs: readonly Photograph[] = [
  { name: 'find', view: '/?q=bad', ready: (page) => page.locator('table.calls tbody a').first().waitFor() },
  { name: 'call-dark', view: call, dark: true, ready: drawn },
  {
    name: 'charts-dark',
    view: call,
    dark: true,
    ready: async (page) => {
      await drawn(page);
      await page.getByRole('button', { name: 'Show in charts' }).first().click();
      await page.locator('.plots').scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'samples',
    view: call,
    ready: async (page) => {
      await drawn(page);
      await page.getByText('Raw samples').click();
      await page.locator('.samples-list').waitFor();
      await page.locator('.samples-list').scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'compare',
    view: `/compare?a=${demoCallId}&b=${demoCallId}`,
    height: 1100,
    ready: drawn,
  },
  { name: 'keys', view: '/keys', height: 420, ready: (page) => page.getByText('no keys yet').waitFor() },
  {
    name: 'webhooks',
    view: '/webhooks',
    height: 420,
    ready: (page) => page.getByText('no webhooks yet').waitFor(),
  },
  { name: 'audit', view: '/audit', height: 520, ready: (page) => page.locator('table.plain').waitFor() },
];

const dir = mkdtempSync(path.join(os.tmpdir(), 'callscope-photographs-'));
const closers: (() => Promise<unknown>)[] = [];
try {
  mkdirSync(folder, { recursive: true });
  const pageDir = path.join(dir, 'page');
  await buildInspector(pageDir);
  const clickhouse = await startClickHouse({ dataDir: path.join(dir, 'clickhouse') });
  closers.push(() => clickhouse.stop());
  const inspector = await openInspector(clickhouse.url, { pageDir });
  closers.push(() => inspector.close());
  await inspector.putDemoCall();
  const browser = await launchBrowser();
  closers.push(() => browser.close());
  for (const { name, view, dark = false, ready, height = 760 } of photographs) {
    const context = await browser.newContext({
      viewport: { width: 1280, height },
      colorScheme: dark ? 'dark' : 'light',
      reducedMotion: 'reduce',
      timezoneId: 'UTC',
    });
    const page = await context.newPage();
    await page.goto(`${inspector.url}${view}#sign-in=${await inspector.link()}`);
    await ready(page);
    await page.screenshot({ path: path.join(folder, `${name}.png`) });
    await context.close();
    console.log(`docs/inspector/${name}.png`);
  }
} finally {
  for (const close of closers.toReversed()) await close();
  rmSync(dir, { recursive: true, force: true });
}
