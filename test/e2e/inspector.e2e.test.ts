/**
 * The inspector as a support agent uses it: real Chromium, real ClickHouse, a real call of the demo. From a name to the
 * verdict, to the proof, to a file that opens elsewhere.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildInspector } from '../../inspector/build.ts';
import { type EmbeddedClickHouse, startClickHouse } from '../../runtime/embedded/clickhouse.ts';
import { demoCallId, demoFile, openInspector, type TestInspector } from '../inspector/support/inspector.ts';
import { dumpsFolder, whySkipped } from '../quality/recordings/support/shared.ts';
import { openBrowser, type Person, type TestBrowser } from '../support/browser.ts';
import { until } from '../support/waiting.ts';

const dir = mkdtempSync(path.join(os.tmpdir(), 'callscope-inspector-'));
const axe = readFileSync(path.join(import.meta.dirname, '../../node_modules/axe-core/axe.min.js'), 'utf8');

let clickhouse: EmbeddedClickHouse;
let inspector: TestInspector;
let browser: TestBrowser;
let agent: Person;
let page: Page;

beforeAll(async () => {
  const pageDir = path.join(dir, 'page');
  [clickhouse, browser] = await Promise.all([
    startClickHouse({ dataDir: path.join(dir, 'clickhouse') }),
    openBrowser(),
    buildInspector(pageDir),
  ]);
  inspector = await openInspector(clickhouse.url, { pageDir });
  await inspector.putDemoCall();
  agent = await browser.person();
  page = agent.page;
  // What is scrolled to is there at once.
  await page.emulateMedia({ reducedMotion: 'reduce' });
});
afterAll(async () => {
  await browser?.close();
  await inspector?.close();
  await clickhouse?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const open = async (view: string, role: 'admin' | 'support' = 'admin', on = page) => {
  await on.goto(`${inspector.url}${view}#sign-in=${await inspector.link(role)}`);
};
const ready = (on = page) => on.locator('.plots[data-ready=true]').waitFor();

/** Everything that axe finds wrong, in words. */
async function faultsOfAccess(on: Page): Promise<string[]> {
  // By the debugger, not as a script of the page: its policy lets none but its own run.
  await on.evaluate(axe);
  return on.evaluate(async () => {
    const { violations } = await (
      window as unknown as {
        axe: {
          run(): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>;
        };
      }
    ).axe.run();
    return violations.map(
      ({ id, nodes }) => `${id}: ${nodes[0]!.html.slice(0, 120)} ${nodes[0]!.failureSummary}`,
    );
  });
}

describe('from a name to the proof', () => {
  it('finds the bad call by a name', async () => {
    await open('/');
    await page.getByRole('searchbox', { name: 'Find a call' }).fill('chiara');
    await page.keyboard.press('Enter');
    // The list without a question stands there until the answer comes.
    await page.waitForURL(/q=chiara/);
    await until('one call', async () => (await page.locator('table.calls tbody tr').count()) === 1);
    await page.locator('table.calls').getByRole('link', { name: 'Chiara' }).waitFor();
    expect(page.url()).not.toContain('sign-in');
    expect(await faultsOfAccess(page)).toEqual([]);
  });

  it('reads the verdict: who, what, where, what was done', async () => {
    await page.locator('table.calls').getByRole('link', { name: 'Chiara' }).click();
    const verdict = page.getByRole('region', { name: 'Verdict' });
    await verdict.waitFor();
    const text = await verdict.innerText();
    expect(text).toMatch(/Chiara heard Ana and Bruno break up and saw them freeze from \d\d:\d\d:\d\d to/);
    expect(text).toContain("Chiara's own downlink lost 24 % of packets; others in the call were fine.");
    expect(text).toContain('We lowered the video sent to Chiara to the lowest layer');
    expect(await page.locator('.hop.guilty').innerText()).toContain('Downlink');
  });

  it('opens the evidence', async () => {
    await page.getByText('Evidence', { exact: true }).first().click();
    const facts = await page.locator('.evidence[open]').first().innerText();
    expect(facts).toContain('downlink_congestion@5');
    expect(facts).toMatch(/round trip/);
  });

  it('looks closer, and all charts follow', async () => {
    await page.getByRole('button', { name: 'Show in charts' }).first().click();
    await ready();
    expect(await page.locator('.plot').count()).toBe(12);
    const told = page.locator('.span-told');
    const before = await told.innerText();
    // Pull over one chart.
    const box = (await page.locator('.plot[data-chart=loss] .u-over').boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.3, box.y + 30);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + 30, { steps: 5 });
    await page.mouse.up();
    await expect.poll(() => told.innerText()).not.toBe(before);
    expect(page.url()).toMatch(/from=\d+&to=\d+/);
    // By keyboard too.
    const pulled = await told.innerText();
    await page.getByRole('button', { name: 'Zoom out' }).focus();
    await page.keyboard.press('+');
    await expect.poll(() => told.innerText()).not.toBe(pulled);
    await page.keyboard.press('0');
    await expect.poll(() => told.innerText()).toContain('94 s');
  });

  it('switches to another participant, and to one sender', async () => {
    await page.getByRole('button', { name: 'Bruno', exact: true }).first().click();
    await expect.poll(() => page.locator('.charts select').first().inputValue()).toMatch(/^p-/);
    await expect
      .poll(() => page.locator('.plot[data-chart=loss] .plot-host').getAttribute('aria-label'))
      .toContain('of Bruno');
    await page.getByRole('button', { name: /^Chiara heard Ana: 3\.1/ }).click();
    await expect.poll(() => page.url()).toContain('sender=');
    await page.getByLabel('beside').selectOption({ label: 'Bruno' });
    await ready();
  });

  it('shows the same again by the link', async () => {
    const address = page.url();
    const shared = await agent.context.newPage();
    await shared.goto(address);
    await ready(shared);
    expect(await shared.locator('.charts select').nth(1).inputValue()).not.toBe('');
    await shared.close();
  });

  it('holds for those who see and point otherwise: nothing for axe to find, in light and in dark', async () => {
    expect(await faultsOfAccess(page)).toEqual([]);
    await page.getByRole('button', { name: 'Switch to dark colours' }).click();
    expect(await faultsOfAccess(page)).toEqual([]);
    await page.getByRole('button', { name: 'Switch to light colours' }).click();
  });

  it('reads the raw events', async () => {
    await page.getByText('Raw events').click();
    await page.locator('.events-list').waitFor();
    expect(await page.locator('.events-list').innerText()).toContain('participant.joined');
  });

  it('reads the raw samples, of each kind', async () => {
    await page.getByText('Raw samples').click();
    const samples = page.locator('.samples-list');
    await samples.waitFor();
    expect(await samples.innerText()).toContain('jitter_buffer_delay_us');
    await page.getByLabel('in the span of the charts').selectOption('candidate_pair');
    await expect.poll(() => samples.innerText()).toContain('current_round_trip_time_us');
  });
});

describe('comparing', () => {
  it('two participants of one call, with what differs and their charts', async () => {
    await open(`/calls/${demoCallId}`);
    await page.getByRole('link', { name: 'Compare' }).click();
    const second = page.getByRole('region', { name: 'Second' });
    await second.getByRole('button', { name: 'The same call' }).click();
    await page.getByRole('table').waitFor();
    const who = await page.locator('table.compared thead').innerText();
    expect(who).toContain('Chiara');
    expect(await page.locator('table.compared tr.differs').count()).toBeGreaterThan(2);
    expect(await page.locator('tr', { hasText: 'Browser' }).getAttribute('class')).toBe('');
    await ready();
    await page.locator('.plot .u-over').first().waitFor();
    expect(page.url()).toMatch(/a=.*&b=/);
    expect(await faultsOfAccess(page)).toEqual([]);
  });

  it('two calls, the second found by words', async () => {
    await inspector.putDemoCall({ callId: 'to-compare', startMs: Date.now() - 3_600_000 });
    await page.goto(`${inspector.url}/compare?a=${demoCallId}`);
    const second = page.getByRole('region', { name: 'Second' });
    await second.getByRole('searchbox').fill('to-compare');
    await second.getByRole('listitem').first().getByRole('button').click();
    await page.locator('table.compared').waitFor();
    await second.getByRole('combobox').selectOption({ label: 'Ana' });
    await expect.poll(() => page.locator('table.compared thead').innerText()).toContain('Ana');
    await ready();
    await expect.poll(() => page.url()).toContain('pb=');
    await page.goto(page.url());
    await page.locator('table.compared').waitFor();
    expect(await second.getByRole('combobox').locator('option:checked').innerText()).toBe('Ana');
    await inspector.client.command({
      query: "DELETE FROM call_summary WHERE call_id = 'to-compare'",
      clickhouse_settings: { mutations_sync: '2' },
    });
  });
});

describe('webhooks', () => {
  it('are made, shown with how telling them goes, and removed', async () => {
    await open('/webhooks');
    await page.getByLabel('Address').fill('https://tickets.example.org/hook');
    await page.getByRole('button', { name: 'Make a webhook' }).click();
    await page.locator('code.secret').waitFor();
    expect(await page.locator('code.secret').innerText()).toMatch(/^whs_/);
    expect(await page.locator('table.plain').innerText()).toContain('https://tickets.example.org/hook');
    expect(await faultsOfAccess(page)).toEqual([]);
    await page.getByRole('button', { name: /^Remove/ }).click();
    await page.getByText('There are no webhooks yet.').waitFor();
  });
});

describe('recordings', () => {
  const drop = async (files: string | { name: string; mimeType: string; buffer: Buffer }) => {
    await page.locator('input[type=file]').setInputFiles(files);
  };

  it('an export opens as the same page', async () => {
    await open(`/calls/${demoCallId}`);
    await ready();
    const stored = await page.locator('.findings').first().innerText();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Export' }).click(),
    ]);
    const file = path.join(dir, 'export.jsonl.gz');
    await download.saveAs(file);
    await drop(file);
    await page.waitForURL(/recording-/);
    await ready();
    expect(await page.locator('.findings').first().innerText()).toBe(stored);
    expect(await page.locator('.call-head').innerText()).toContain('not stored');
    expect(await page.locator('.plot[data-chart=loss] .plot-empty').count()).toBe(0);
  });

  it('tells what is wrong with a file, and runs nothing of it', async () => {
    await open('/');
    await drop({
      name: 'holiday.jpg',
      mimeType: 'image/jpeg',
      buffer: Buffer.from([0xff, 0xd8, 0xff, 0xe0]),
    });
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.innerText()).toMatch(/cannot be read.*begins/s);
    await page.getByRole('button', { name: 'Close' }).click();

    const evil = `<img src=x onerror="window.pwned=1">`;
    const lines = gunzipSync(readFileSync(demoFile))
      .toString('utf8')
      .replaceAll('"Chiara"', JSON.stringify(evil))
      .replaceAll("Chiara's", evil.replaceAll('"', '\\"'));
    await drop({ name: 'evil.jsonl.gz', mimeType: 'application/gzip', buffer: gzipSync(lines) });
    await page.waitForURL(/recording-/);
    await ready();
    expect(await page.locator('h1').innerText()).toContain(evil);
    expect(await page.evaluate(() => (window as unknown as { pwned?: number }).pwned)).toBeUndefined();
    expect(await page.locator('main img').count()).toBe(0);
  });

  it.each(dumpsFolder ? readdirSync(dumpsFolder).filter((name) => name.endsWith('.jsonl')) : [])(
    'opens %s',
    async (name) => {
      await open('/');
      await drop(path.join(dumpsFolder!, name));
      await page.waitForURL(/recording-/);
      await page.getByRole('region', { name: 'Verdict' }).waitFor();
      await ready();
      expect(await page.locator('.call-head').innerText()).toContain('an rtcstats dump');
      if (name.includes('failed'))
        expect(await page.locator('.verdict').innerText()).toMatch(/connect|network path/i);
    },
  );
  if (!dumpsFolder) it.skip(whySkipped, () => {});
});

describe('a call that goes on', () => {
  it('is renewed as it is written, and what is looked at stays', async () => {
    await inspector.putDemoCall({ callId: 'live-call', startMs: Date.now() - 80_000 });
    await inspector.client.command({
      query: "ALTER TABLE rtc_event DELETE WHERE call_id = 'live-call' AND name = 'rtc.participant.left'",
      clickhouse_settings: { mutations_sync: '2' },
    });
    await open('/calls/live-call');
    await page.locator('.call-head .live').waitFor();
    await page.getByRole('button', { name: 'Bruno', exact: true }).first().click();
    const sentence = "Bruno's uplink lost 12 % of packets, so Ana received Bruno badly.";
    await expect
      .poll(
        async () => {
          // Until the page follows, a row may come before its first look.
          await inspector.client.command({
            query: `INSERT INTO incident SELECT * REPLACE ('new' AS incident_id, 'uplink_congestion' AS kind, 'uplink' AS hop,
              participant_id || 'x' AS participant_id, {sentence:String} AS sentence, revision + {n:UInt64} AS revision)
              FROM incident AS i WHERE i.call_id = 'live-call' AND i.incident_id != 'new'`,
            query_params: { sentence, n: Date.now() },
          });
          return page.locator('.verdict').innerText();
        },
        { timeout: 20_000, interval: 1_000 },
      )
      .toContain(sentence);
    expect(await page.locator('.strip-row.chosen').innerText()).toContain('Bruno');
  });
});

describe('roles', () => {
  it('support sees no button that would be refused', async () => {
    const support = await browser.person();
    await open(`/calls/${demoCallId}`, 'support', support.page);
    await ready(support.page);
    expect(await support.page.getByRole('button', { name: /^Erase/ }).count()).toBe(0);
    expect(await support.page.getByRole('link', { name: 'Audit log' }).count()).toBe(0);
    await support.page.goto(`${inspector.url}/audit`);
    await support.page.getByRole('alert').waitFor();
    expect(await support.page.getByRole('alert').innerText()).toContain('Not allowed');
    await support.context.close();
  });

  it('without a session one is told how to get one; a used link says that it was used', async () => {
    const stranger = await browser.person();
    await stranger.page.goto(`${inspector.url}/calls/${demoCallId}`);
    await stranger.page.getByRole('heading', { name: 'You are not signed in' }).waitFor();
    const link = `${inspector.url}/#sign-in=${await inspector.link()}`;
    await page.goto(`${inspector.url}/keys`);
    await page.goto(link);
    await page.locator('table.calls').waitFor();
    await stranger.page.goto('about:blank');
    await stranger.page.goto(link);
    await stranger.page.getByRole('alert').waitFor();
    expect(await stranger.page.getByRole('alert').innerText()).toContain('was used before');
    expect(await faultsOfAccess(stranger.page)).toEqual([]);
    await stranger.context.close();
  });

  it('an admin erases one participant: nothing of them is left, and the rest of the call stays', async () => {
    await inspector.putDemoCall({ callId: 'without-bruno' });
    await open('/calls/without-bruno');
    await page.getByRole('button', { name: 'Bruno', exact: true }).first().click();
    page.once('dialog', (dialog) => void dialog.accept());
    await page.getByRole('button', { name: 'Erase Bruno' }).click();
    await expect.poll(() => page.locator('h1').innerText(), { timeout: 60_000 }).not.toContain('Bruno');
    expect(await page.locator('h1').innerText()).toMatch(/Ana.*Chiara|Chiara.*Ana/);
    expect(await page.locator('main').innerText()).not.toContain('Bruno');
    expect(await page.locator('.verdict').innerText()).toContain("Chiara's own downlink");
  });

  it('an admin erases a call, and it is gone', async () => {
    await open(`/calls/${demoCallId}`);
    page.once('dialog', (dialog) => void dialog.accept());
    await page.getByRole('button', { name: 'Erase', exact: true }).click();
    await page.waitForURL(`${inspector.url}/`, { timeout: 60_000 });
    await page.goto(`${inspector.url}/calls/${demoCallId}`);
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').innerText()).toContain('There is no such thing');
  });
});

it('the page had no fault of its own in all of this', () => {
  expect(agent.faults).toEqual([]);
});
