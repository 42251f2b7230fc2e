/** Two real servers that know each other as the cluster `fleet`, a shard each, without Keeper. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TableColumns } from '../../../collector/columns/table.ts';
import { migrate } from '../../../collector/schema/migrate.ts';
import { applyRetention } from '../../../collector/schema/retention.ts';
import { clickhouseInsert } from '../../../collector/store/insert.ts';
import { eraseCall, eraseParticipant } from '../../../inspector/calls/erase.ts';
import { Store } from '../../../inspector/store/store.ts';
import { type EmbeddedClickHouse, startClickHouse } from '../../../runtime/embedded/clickhouse.ts';
import { freePort } from '../../../runtime/embedded/ports.ts';
import { keptSecrets } from '../../../runtime/embedded/secret-file.ts';

const database = 'callscope';
const directory = mkdtempSync(path.join(os.tmpdir(), 'callscope-test-'));
let servers: EmbeddedClickHouse[] = [];
let clients: ClickHouseClient[] = [];

beforeAll(async () => {
  const nodes = await Promise.all(
    ['a', 'b'].map(async (name) => {
      const dataDir = path.join(directory, name);
      const { callscope } = keptSecrets(path.join(dataDir, 'passwords.json'), [
        'callscope',
        'grafana',
        'control',
      ]);
      return { dataDir, password: callscope, tcpPort: await freePort() };
    }),
  );
  const shards = nodes.map(
    ({ tcpPort, password }) =>
      `<shard><replica><host>127.0.0.1</host><port>${tcpPort}</port><user>callscope</user><password>${password}</password></replica></shard>`,
  );
  for (const { dataDir, tcpPort } of nodes) {
    mkdirSync(path.join(dataDir, 'config.d'));
    writeFileSync(
      path.join(dataDir, 'config.d', 'cluster.xml'),
      `<clickhouse><tcp_port>${tcpPort}</tcp_port><remote_servers><fleet>${shards.join('')}</fleet></remote_servers></clickhouse>`,
    );
  }
  servers = await Promise.all(nodes.map(({ dataDir }) => startClickHouse({ dataDir })));
  clients = servers.map(({ url }) => createClient({ url, log: { level: 127 } }));
  await Promise.all(clients.map((client) => client.command({ query: 'SYSTEM START LISTEN TCP' })));
  await Promise.all(
    clients.map((client) => migrate(client, { database, cluster: { name: 'fleet', keeper: false } })),
  );
});
afterAll(async () => {
  for (const client of clients) await client.close();
  for (const server of servers) await server.stop();
  rmSync(directory, { recursive: true });
});

const calls = Array.from({ length: 20 }, (_, n) => `call-${n}`);
const at = Math.floor(Date.now() / 60_000) * 60_000 - 120_000;

async function read<T>(query: string, node = 0): Promise<T[]> {
  const result = await clients[node]!.query({
    query,
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
  });
  return result.json<T>();
}

test('a block of the collector is spread by call, counted by the views of each shard, and read whole from any node', async () => {
  const block = new TableColumns('rtc_stats_inbound_rtp');
  for (const call_id of calls) {
    for (const second of [0, 1, 2]) {
      const time = at + second * 1_000;
      block.add({
        tenant_id: 't',
        call_id,
        participant_id: 'p',
        time,
        received_at: time,
        packets_received: second,
      });
    }
  }
  const insert = clickhouseInsert(clients[0]!);
  await insert(block.name, block.encode(), 'a block');
  await insert(block.name, block.encode(), 'a block');

  const whole = `SELECT count() AS samples, uniqExact(call_id) AS calls, (SELECT sum(rows) FROM window_arrival) AS arrived FROM rtc_stats_inbound_rtp`;
  for (const node of [0, 1]) {
    expect(await read(whole, node)).toEqual([{ samples: 60, calls: 20, arrived: 60 }]);
  }
  const [a, b] = await Promise.all(
    [0, 1].map((node) =>
      read<{ call_id: string; samples: number }>(
        'SELECT call_id, count() AS samples FROM rtc_stats_inbound_rtp_local GROUP BY call_id',
        node,
      ),
    ),
  );
  expect([...a!, ...b!].map(({ call_id }) => call_id).sort()).toEqual([...calls].sort());
  expect([...a!, ...b!].every(({ samples }) => samples === 3)).toBe(true);
  expect(Math.min(a!.length, b!.length)).toBeGreaterThan(0);
});

test('a result replaces the one before it wherever it is written, and quality is compared by what the shard knows', async () => {
  const dimensions = calls.map((call_id, n) => ({
    tenant_id: 't',
    call_id,
    participant_id: 'p',
    seen_at: at,
    operator: `operator ${n % 2}`,
  }));
  const score = (revision: number) =>
    calls.map((call_id) => ({
      ...{ tenant_id: 't', call_id, window_start: at, window_ms: 5_000, point: 'receiver', kind: 'audio' },
      ...{ receiver_id: 'p', sfu_node_id: 'sfu-1', mos: revision, revision },
    }));
  const put = (client: ClickHouseClient, table: string, values: object[]) =>
    client.insert({
      table,
      values,
      format: 'JSONEachRow',
      clickhouse_settings: { distributed_foreground_insert: 1 },
    });
  await put(clients[0]!, 'participant_dimension', dimensions);
  await put(clients[0]!, 'stream_score', score(1));
  await put(clients[1]!, 'stream_score', score(2));
  expect(await read('SELECT count() AS scores, sum(mos) AS mos FROM stream_score FINAL')).toEqual([
    { scores: 20, mos: 40 },
  ]);
  const quality = `SELECT operator, sum(windows) AS windows, uniqCombinedMerge(12)(calls) AS calls FROM TABLE GROUP BY operator ORDER BY operator`;
  for (const table of ['quality_minute', 'quality_hour']) {
    expect(await read(quality.replace('TABLE', table), 1)).toEqual([
      { operator: 'operator 0', windows: 20, calls: 10 },
      { operator: 'operator 1', windows: 20, calls: 10 },
    ]);
  }
});

test('a call and a participant are erased, on each node what it holds', async () => {
  const rowsOf = (call: string, participant: string) =>
    read(`SELECT (SELECT count() FROM rtc_stats_inbound_rtp WHERE call_id = '${call}' AND participant_id = '${participant}') AS samples,
      (SELECT count() FROM stream_score FINAL WHERE call_id = '${call}' AND receiver_id = '${participant}') AS scores`);
  expect(await rowsOf('call-1', 'p')).toEqual([{ samples: 3, scores: 1 }]);
  for (const { url } of servers) {
    const store = new Store(url);
    await eraseCall(store, 't', 'call-1');
    await eraseParticipant(store, 't', 'p', [{ call_id: 'call-2', last_seen_at: at, names: ['Ann'] }]);
    await store.close();
  }
  expect(await rowsOf('call-1', 'p')).toEqual([{ samples: 0, scores: 0 }]);
  expect(await rowsOf('call-2', 'p')).toEqual([{ samples: 0, scores: 0 }]);
  expect(await rowsOf('call-3', 'p')).toEqual([{ samples: 3, scores: 1 }]);
});

test('each node keeps rows as long as its tenants want', async () => {
  const cluster = { name: 'fleet', keeper: false };
  const rules = [{ tenant: 't', kind: 'raw', days: 7 }] as const;
  for (const client of clients) {
    expect(await applyRetention(client, { database, rules, cluster })).toContain('rtc_event');
    expect(await applyRetention(client, { database, rules, cluster })).toEqual([]);
    await applyRetention(client, { database, rules: [], cluster });
  }
});

test('migrating again changes nothing', async () => {
  const made =
    'SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase() ORDER BY name';
  const before = await read(made, 1);
  await migrate(clients[1]!, { database, cluster: { name: 'fleet', keeper: false } });
  expect(await read(made, 1)).toEqual(before);
});
