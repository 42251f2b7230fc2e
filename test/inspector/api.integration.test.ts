/** The API over a real ClickHouse and a real call: find, read, look closer, export and import, refuse, erase. */
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { CallPage, FoundCalls, Problem, SampleList, SeriesAnswer } from '../../inspector/contract.ts';
import { plainText } from '../../quality/verdict/parts.ts';
import { demoCallId, demoFile, demoLines, openInspector, type TestInspector } from './support/inspector.ts';

let inspector: TestInspector;
let admin: Record<string, string>;
let startMs: number;

const ask = async <T>(
  path: string,
  options: RequestInit = {},
): Promise<{ status: number; body: T; headers: Headers }> => {
  const answer = await fetch(`${inspector.url}/api/v1${path}`, {
    ...options,
    headers: { ...admin, ...(options.headers as Record<string, string>) },
  });
  const text = await answer.text();
  return {
    status: answer.status,
    headers: answer.headers,
    body: (text.startsWith('{') ? JSON.parse(text) : text) as T,
  };
};

beforeAll(async () => {
  inspector = await openInspector(inject('clickhouseUrl'), { maxImportBytes: 4 * 2 ** 20 });
  startMs = await inspector.putDemoCall();
  await inspector.putDemoCall({ callId: 'of-another', tenantId: 'another' });
  admin = await inspector.signedIn('admin');
});
afterAll(() => inspector?.close());

describe('finding', () => {
  it.each([
    '',
    'chiara',
    'CHIARA bruno',
    'demo-mwvq3rd2',
    demoCallId,
    'downlink',
    'congestion',
    'bad',
    'chromium',
    'linux',
    '1h',
  ])('finds the bad call by %j', async (typed) => {
    const { body } = await ask<FoundCalls>(`/calls?q=${encodeURIComponent(typed)}`);
    expect(body.calls.map((c) => c.callId)).toEqual([demoCallId]);
  });
  it('tells who, how bad and why', async () => {
    const { body } = await ask<FoundCalls>('/calls?q=chiara');
    expect(body).toMatchObject({ total: 1, next: null, understood: ['“chiara”'] });
    expect(body.calls[0]).toMatchObject({
      participants: 3,
      live: false,
      issues: [{ kind: 'downlink_congestion', severity: 'severe', count: 1 }],
    });
    expect([...body.calls[0]!.names].sort()).toEqual(['Ana', 'Bruno', 'Chiara']);
  });
  it.each(['good', 'chiara dora', '2020-01-01', "' OR 1=1 --", '%'])('finds nothing by %j', async (typed) => {
    const { status, body } = await ask<FoundCalls>(`/calls?q=${encodeURIComponent(typed)}`);
    expect(status).toBe(200);
    expect(body.calls).toEqual([]);
  });
});

describe('a call', () => {
  it('has its verdict, with the right person, hop and time', async () => {
    const { body } = await ask<CallPage>(`/calls/${demoCallId}`);
    const [finding] = body.verdict.findings;
    const chiara = body.people.find((p) => p.name === 'Chiara')!;
    expect(finding).toMatchObject({
      participantId: chiara.participantId,
      hop: 'downlink',
      severity: 'severe',
    });
    expect(plainText(finding!.what)).toMatch(
      /^Chiara heard Ana and Bruno break up and saw them freeze from /,
    );
    expect(plainText(finding!.why)).toContain('24 % of packets');
    expect(plainText(finding!.did)).toMatch(/^We lowered the video sent to Chiara to the lowest layer at /);
    expect(body.cells).toHaveLength(12);
    expect(chiara).toMatchObject({ browser: 'Chromium 156', platform: 'Linux' });
    expect(body.spans.filter((s) => s.name === 'rtc.join')).toHaveLength(3);
    expect(body.startedAt).toBe(startMs);
  });
  it('gives each part alone too', async () => {
    const { body: issues } = await ask<{ issues: unknown[] }>(`/calls/${demoCallId}/issues`);
    expect(issues.issues).toHaveLength(1);
    const { body: people } = await ask<{ participants: unknown[] }>(`/calls/${demoCallId}/participants`);
    expect(people.participants).toHaveLength(3);
  });
  it('has charts in as many steps as asked for', async () => {
    const { body: page } = await ask<CallPage>(`/calls/${demoCallId}`);
    const chiara = page.people.find((p) => p.name === 'Chiara')!.participantId;
    const of = async (points: number, more = '') =>
      (
        await ask<SeriesAnswer>(
          `/calls/${demoCallId}/series?participant=${chiara}&from=${page.startedAt}&to=${page.endedAt}&points=${points}${more}`,
        )
      ).body;
    const fine = await of(400);
    expect(fine).toMatchObject({ stepMs: 1_000 });
    expect((await of(20)).steps).toBeLessThanOrEqual(21);
    const loss = (series: SeriesAnswer) =>
      Math.max(...series.charts.find((c) => c.key === 'loss')!.lines[0]!.values.map((v) => v ?? 0));
    expect(loss(fine)).toBeGreaterThan(5);
    const ana = page.people.find((p) => p.name === 'Ana')!.participantId;
    const bitrate = (series: SeriesAnswer) =>
      series.charts
        .find((c) => c.key === 'bitrate')!
        .lines[0]!.values.reduce<number>((sum, v) => sum + (v ?? 0), 0);
    expect(bitrate(await of(400, `&sender=${ana}`))).toBeLessThan(0.8 * bitrate(fine));
  });
  it('that is not there is a 404 with a code and what to do', async () => {
    const { status, body, headers } = await ask<Problem>('/calls/nobody');
    expect(status).toBe(404);
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect(body).toMatchObject({ code: 'not_found', status: 404 });
  });
  it('is followed live: told when something new is written', async () => {
    await inspector.putDemoCall({ callId: 'followed' });
    const told: string[] = [];
    const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
      httpRequest(`${inspector.url}/api/v1/calls/followed/live`, { headers: admin }, resolve)
        .on('error', reject)
        .end();
    });
    response.on('data', (bytes) => told.push(String(bytes)));
    await expect.poll(() => told.join('')).toContain('event: hello');
    // The first look remembers what is there; what is written after it is news.
    await expect
      .poll(
        async () => {
          await inspector.client.command({
            query: `INSERT INTO incident SELECT * REPLACE (revision + 1 AS revision) FROM incident FINAL WHERE call_id = 'followed'`,
          });
          return told.join('');
        },
        { timeout: 15_000, interval: 700 },
      )
      .toContain('event: changed');
    response.destroy();
  });
});

/** What may differ: where it is, whether it is stored, and notes on reading. */
const comparable = ({ callId: _, origin: __, notes: ___, ...page }: CallPage) => ({
  ...page,
  cells: page.cells
    .map((c) => ({
      ...c,
      mos: c.mos && round(c.mos),
      delayMs: c.delayMs && round(c.delayMs),
      lossRatio: c.lossRatio && round(c.lossRatio),
    }))
    .toSorted((a, b) => key(a).localeCompare(key(b))),
  strips: { ...page.strips, rows: page.strips.rows.toSorted((a, b) => key(a).localeCompare(key(b))) },
  // Events of one millisecond have no order.
  events: page.events.map((e) => JSON.stringify(e)).sort(),
  spans: page.spans.map((s) => JSON.stringify(s)).sort(),
  people: page.people.map((p) => ({ ...p, ways: p.ways.map((w) => JSON.stringify(w)).sort() })),
});
const round = (value: number) => Number(value.toPrecision(6));
const key = (row: object) => JSON.stringify(row).slice(0, 140);

describe('export and import', () => {
  it('give the same page', async () => {
    const { body: stored } = await ask<CallPage>(`/calls/${demoCallId}`);
    const answer = await fetch(`${inspector.url}/api/v1/calls/${demoCallId}/export`, { headers: admin });
    const file = Buffer.from(await answer.arrayBuffer());
    expect(answer.headers.get('content-disposition')).toContain('.jsonl.gz');
    const { status, body: imported } = await ask<CallPage>('/judge', { method: 'POST', body: file });
    expect(status).toBe(200);
    expect(imported.origin).toBe('callscope');
    expect(comparable(imported)).toEqual(comparable(stored));

    const chiara = stored.people.find((p) => p.name === 'Chiara')!.participantId;
    const span = `participant=${chiara}&from=${stored.startedAt}&to=${stored.endedAt}&points=100`;
    const [a, b] = await Promise.all([
      ask<SeriesAnswer>(`/calls/${demoCallId}/series?${span}`),
      ask<SeriesAnswer>(`/calls/${imported.callId}/series?${span}`),
    ]);
    expect(b.body).toEqual(a.body);
  });
  it('both have raw samples, a page of them at a time', async () => {
    const { body: page } = await ask<CallPage>(`/calls/${demoCallId}`);
    const { body: imported } = await ask<CallPage>('/judge', {
      method: 'POST',
      body: readFileSync(demoFile),
    });
    const chiara = page.people.find((p) => p.name === 'Chiara')!.participantId;
    const of = async (at: CallPage, more = '') =>
      (
        await ask<SampleList>(
          `/calls/${at.callId}/samples?participant=${chiara}&kind=inbound_rtp&from=${at.startedAt}&to=${at.endedAt}&limit=50${more}`,
        )
      ).body;
    const first = await of(page);
    expect(first.rows).toHaveLength(50);
    const second = await of(page, `&cursor=${first.next}`);
    expect(second.rows[0]!.time).toBeGreaterThanOrEqual(Number(first.rows[49]!.time));
    expect(Object.values(first.rows[0]!).every((value) => value !== null && value !== '')).toBe(true);
    const read = await of(imported);
    const counted = (list: SampleList) =>
      list.rows
        .map(({ stat_id, packets_received, jitter_us }) => [stat_id, packets_received, jitter_us])
        .sort();
    expect(counted(read)).toEqual(counted(first));
    expect((await ask(`/calls/${demoCallId}/samples?participant=x&kind=system&from=1&to=2`)).status).toBe(
      400,
    );
  });
  it('nothing of an import is stored, and nobody else has it', async () => {
    const { body } = await ask<CallPage>('/judge', { method: 'POST', body: readFileSync(demoFile) });
    const other = await inspector.signedIn('admin', 'another');
    const answer = await fetch(`${inspector.url}/api/v1/calls/${body.callId}`, { headers: other });
    expect(answer.status).toBe(404);
  });
  it('judges an export that brings no results', async () => {
    const raw = demoLines().filter(
      (line) =>
        !['stream_score', 'incident', 'call_summary', 'participant_summary'].includes(String(line.table)),
    );
    const text = raw.map((line) => JSON.stringify(line)).join('\n');
    const { body } = await ask<CallPage>('/judge', { method: 'POST', body: gzipSync(text) });
    expect(body.verdict.findings[0]).toMatchObject({ hop: 'downlink', severity: 'severe' });
  });
  it.each<[string, () => Buffer, number, RegExp]>([
    ['is empty', () => Buffer.alloc(0), 422, /nothing in it/],
    ['is no recording', () => Buffer.from('hello there'), 422, /line 1, column 1/],
    ['is cut off', () => readFileSync(demoFile).subarray(0, 100_000), 422, /cut off/],
    [
      'is broken inside',
      () => Buffer.from('{"callscope":"export","version":1}\n{"table":"rtc_event","time":5}'),
      422,
      /line 2/,
    ],
    ['is longer than allowed', () => Buffer.alloc(5 * 2 ** 20, 32), 413, /longer than 4 MiB/],
    [
      'blows up when unpacked',
      () => gzipSync(Buffer.alloc(64 * 2 ** 20, 'a')),
      422,
      /is not how a recording begins/,
    ],
  ])('a file that %s is refused with what is wrong', async (_what, file, status, why) => {
    const answer = await ask<Problem>('/judge', { method: 'POST', body: new Uint8Array(file()) });
    expect(answer.status).toBe(status);
    expect(answer.body.detail).toMatch(why);
  });
  it('absurd numbers end in a page or in a refusal', async () => {
    const lines = demoLines()
      .slice(0, 400)
      .map((line) =>
        line.packets_received
          ? { ...line, packets_received: 1e300, jitter_us: -1, bytes_received: 9e15 }
          : line,
      );
    const body = lines.map((line) => JSON.stringify(line)).join('\n');
    expect([200, 422]).toContain((await ask('/judge', { method: 'POST', body })).status);
  });
});

describe('access', () => {
  const status = async (path: string, headers: Record<string, string>, method = 'GET', body?: string) =>
    (
      await fetch(`${inspector.url}/api/v1${path}`, {
        method,
        headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body }),
      })
    ).status;

  it('asks everybody who they are', async () => {
    for (const path of [
      '/calls',
      `/calls/${demoCallId}`,
      `/calls/${demoCallId}/export`,
      '/keys',
      '/audit',
      '/session',
    ]) {
      expect(await status(path, {})).toBe(401);
      expect(await status(path, { cookie: 'callscope_inspector=nonsense' })).toBe(401);
    }
    expect(await status('/judge', {}, 'POST')).toBe(401);
  });
  it('signs in once with a link, and by a cookie that scripts cannot read', async () => {
    const body = JSON.stringify({ link: await inspector.link('support') });
    const options = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
    const first = await fetch(`${inspector.url}/api/v1/session`, options);
    expect(first.status).toBe(200);
    expect(first.headers.getSetCookie()[0]).toMatch(/HttpOnly.*SameSite=Strict/i);
    const second = await fetch(`${inspector.url}/api/v1/session`, options);
    expect(second.status).toBe(401);
    expect(((await second.json()) as Problem).code).toBe('link_used');
    expect(await status('/session', {}, 'POST', JSON.stringify({ link: 'a.b.c' }))).toBe(401);
  });
  it('keeps tenants apart', async () => {
    const other = await inspector.signedIn('admin', 'another');
    expect(await status(`/calls/${demoCallId}`, other)).toBe(404);
    expect(await status(`/calls/${demoCallId}/export`, other)).toBe(404);
    expect(await status(`/calls/${demoCallId}`, other, 'DELETE')).toBe(404);
    expect(await status('/calls/of-another', other)).toBe(200);
  });
  it('lets support read and export, and do nothing else', async () => {
    const support = await inspector.signedIn('support');
    expect(await status(`/calls/${demoCallId}`, support)).toBe(200);
    expect(await status(`/calls/${demoCallId}/export`, support)).toBe(200);
    for (const [path, method] of [
      [`/calls/${demoCallId}`, 'DELETE'],
      ['/keys', 'GET'],
      ['/audit', 'GET'],
      ['/webhooks', 'GET'],
    ] as const) {
      expect(await status(path, support, method)).toBe(403);
    }
    expect(await status('/keys', support, 'POST', '{"name":"x","role":"admin"}')).toBe(403);
  });
  it('takes nothing that changes something from another site', async () => {
    const strange: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
    ];
    for (const headers of strange) {
      expect(await status(`/calls/${demoCallId}`, { ...admin, ...headers }, 'DELETE')).toBe(403);
    }
  });
  it('gives keys to programs, which hold until they are revoked', async () => {
    const { body: made } = await ask<{ keyId: string; token: string }>('/keys', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'tickets', role: 'support' }),
    });
    const bearer = { authorization: `Bearer ${made.token}` };
    expect(await status('/calls', bearer)).toBe(200);
    expect(await status('/keys', bearer)).toBe(403);
    const other = `${made.token.slice(0, -1)}${made.token.endsWith('A') ? 'B' : 'A'}`;
    expect(await status('/calls', { authorization: `Bearer ${other}` })).toBe(401);
    expect(await status(`/keys/${made.keyId}`, admin, 'DELETE')).toBe(204);
    expect(await status('/calls', bearer)).toBe(401);
    const stored = await (
      await inspector.client.query({ query: 'SELECT * FROM inspector_key', format: 'TabSeparated' })
    ).text();
    expect(stored).not.toContain(made.token.split('_')[2]);
  });
  it('makes webhooks of a tenant, whose secret is told once, and removes them', async () => {
    const body = (url: string) => ({
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ url, events: ['call.ended'] }),
    });
    for (const url of ['ftp://example.org/', 'https://user:word@example.org/', 'no address'])
      expect((await ask<Problem>('/webhooks', body(url))).body.code).toBe('malformed');
    const { status: code, body: made } = await ask<{ hookId: string; secret: string }>(
      '/webhooks',
      body('https://tickets.example.org/callscope'),
    );
    expect(code).toBe(201);
    expect(made.secret).toMatch(/^whs_/);
    const { body: listed } = await ask<{ webhooks: unknown[] }>('/webhooks');
    expect(listed.webhooks).toMatchObject([
      { hookId: made.hookId, events: ['call.ended'], told: 0, waiting: 0, lastToldAt: null },
    ]);
    expect(JSON.stringify(listed)).not.toContain(made.secret);
    const other = await inspector.signedIn('admin', 'another');
    expect(await status(`/webhooks/${made.hookId}`, other, 'DELETE')).toBe(404);
    expect(await status(`/webhooks/${made.hookId}`, admin, 'DELETE')).toBe(204);
    expect((await ask<{ webhooks: unknown[] }>('/webhooks')).body.webhooks).toEqual([]);
  });
  it('writes down who did what', async () => {
    await ask(`/calls/${demoCallId}`);
    const { body } = await ask<{ entries: { action: string; subject: string }[] }>('/audit');
    expect(body.entries.map((e) => e.action)).toEqual(
      expect.arrayContaining([
        'sign_in',
        'open_call',
        'export_call',
        'make_key',
        'revoke_key',
        'make_webhook',
      ]),
    );
  });
  it('describes itself', async () => {
    const { body } = await ask<{ openapi: string; paths: object }>('/openapi.json');
    expect(body.openapi).toBe('3.1.0');
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining(['/api/v1/calls', '/api/v1/calls/{id}', '/api/v1/judge']),
    );
  });
  it.each([
    '/calls?limit=100000',
    '/calls?cursor=x',
    `/calls/${demoCallId}/series?participant=p`,
    `/calls/${demoCallId}/series?participant=p&from=5&to=4`,
  ])('refuses %s as malformed', async (path) => {
    const { status: code, body } = await ask<Problem>(path);
    expect(code).toBe(400);
    expect(body.code).toBe('malformed');
  });
});

describe('erasing', () => {
  const tablesOfCalls = async () => {
    const answer = await inspector.client.query({
      query:
        "SELECT DISTINCT table FROM system.columns WHERE database = currentDatabase() AND name = 'call_id' AND table NOT LIKE '%\\_of\\_%'",
      format: 'JSONEachRow',
    });
    return (await answer.json<{ table: string }>()).map(({ table }) => table);
  };
  it('leaves no row of the call in any table, and everything of others', async () => {
    await inspector.putDemoCall({ callId: 'to-erase' });
    const { status, body } = await ask<{ rows: number; tables: number }>('/calls/to-erase', {
      method: 'DELETE',
    });
    expect(status).toBe(200);
    expect(body.tables).toBeGreaterThan(14);
    expect(body.rows).toBeGreaterThan(7_000);
    const tables = await tablesOfCalls();
    const counts = async (callId: string) =>
      Promise.all(
        tables.map(async (table) => {
          const answer = await inspector.client.query({
            query: `SELECT count() AS rows FROM ${table} WHERE call_id = '${callId}'`,
            format: 'JSONEachRow',
          });
          return [table, (await answer.json<{ rows: number }>())[0]!.rows] as const;
        }),
      );
    expect((await counts('to-erase')).filter(([, rows]) => rows > 0)).toEqual([]);
    expect((await counts(demoCallId)).filter(([, rows]) => rows > 0).length).toBeGreaterThan(14);
    expect((await ask('/calls/to-erase')).status).toBe(404);
  });
  it('leaves no trace of a participant in any row, of one call or of all, and what is about others', async () => {
    const tenantId = 'erasing';
    const headers = await inspector.signedIn('admin', tenantId);
    for (const callId of ['one', 'two', 'three']) await inspector.putDemoCall({ callId, tenantId });
    const summary = demoLines().find((row) => row.display_name === 'Chiara')!;
    const chiara = String(summary.participant_id);
    const tables = await tablesOfCalls();
    const naming = async (callId: string, text: string) => {
      const found = await Promise.all(
        tables.map(async (table) => {
          const answer = await inspector.client.query({
            query: `SELECT count() AS rows FROM ${table} WHERE tenant_id = {tenantId:String} AND call_id = {callId:String}
              AND position(formatRow('JSONEachRow', *), {text:String}) > 0`,
            query_params: { tenantId, callId, text },
            format: 'JSONEachRow',
          });
          return [table, (await answer.json<{ rows: number }>())[0]!.rows] as const;
        }),
      );
      return found.filter(([, rows]) => rows > 0).map(([table]) => table);
    };
    const erase = (path: string) =>
      ask<{ rows: number; rewritten: number; calls: number }>(path, { method: 'DELETE', headers });
    expect((await naming('one', chiara)).length).toBeGreaterThan(10);
    expect(await naming('one', 'Chiara')).toEqual(
      expect.arrayContaining(['incident', 'participant_summary']),
    );

    const { status, body } = await erase(`/calls/one/participants/${chiara}`);
    expect([status, body.calls]).toEqual([200, 1]);
    expect(body.rows).toBeGreaterThan(1_000);
    expect(await naming('one', chiara)).toEqual([]);
    expect(await naming('one', 'Chiara')).toEqual([]);
    expect((await naming('one', 'Bruno')).length).toBeGreaterThan(1);
    expect((await naming('two', chiara)).length).toBeGreaterThan(10);
    const page = await ask<CallPage>('/calls/one', { headers });
    expect(page.status).toBe(200);
    expect(JSON.stringify(page.body)).not.toMatch(new RegExp(`Chiara|${chiara}`));

    expect((await erase(`/participants/${chiara}`)).body.calls).toBe(2);
    for (const callId of ['two', 'three']) expect(await naming(callId, chiara)).toEqual([]);
    expect((await erase(`/participants/${chiara}`)).status).toBe(404);
  });
  it('refuses a call that goes on', async () => {
    await inspector.putDemoCall({ callId: 'going-on', startMs: Date.now() - 85_000 });
    await inspector.client.command({
      query: "ALTER TABLE rtc_event DELETE WHERE call_id = 'going-on' AND name = 'rtc.participant.left'",
      clickhouse_settings: { mutations_sync: '2' },
    });
    const { status, body } = await ask<Problem>('/calls/going-on', { method: 'DELETE' });
    expect([status, body.code]).toEqual([409, 'call_live']);
  });
});

it('an export holds no more than the call', async () => {
  const text = gunzipSync(readFileSync(demoFile)).toString('utf8');
  expect(text).not.toMatch(/password|secret/i);
});
