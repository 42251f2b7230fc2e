/** The fast reader against the general one: whatever is sent, the same rows, refusals and errors. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AttributeList, encodeLogRecords, encodeRequest } from '../../../client/sdk/otlp.ts';
import { readPlainLogs } from '../../../collector/columns/log-reader.ts';
import { ColumnTables } from '../../../collector/columns/tables.ts';
import { CollectorError } from '../../../collector/errors.ts';
import { decodeLogs } from '../../../collector/otlp/protobuf/logs.ts';
import type { Writer } from '../../../collector/rows/identity.ts';
import { logRows } from '../../../collector/rows/logs.ts';
import { RowSet } from '../../../collector/rows/row-set.ts';
import { readRequest } from '../../../collector/store/read-request.ts';
import { statsKindsByEvent } from '../../../telemetry/stats.ts';

const receivedAtMs = 1_790_000_000_000;
const server: Writer = { kind: 'server' };
const ann: Writer = {
  kind: 'participant',
  claims: { tenantId: 'acme', roomId: 'r', callId: 'c1', participantId: 'ann' },
  about: { 'user_agent.name': 'Firefox' },
};
const ofTenant: Writer = { kind: 'server', tenantId: 'acme' };
const writers = fc.constantFrom(server, ofTenant, ann);

const kinds = [...statsKindsByEvent.values()];
const words = fc.constantFrom('audio', 'video', '', '0', 'ünï', 'x'.repeat(300), '10.1.2.3', '🙂');
const numbers = fc.oneof(
  fc.nat(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.constantFrom(
    0,
    -0,
    -1,
    0.5,
    2 ** 53,
    -(2 ** 53),
    2 ** 53 - 1,
    1e300,
    Number.NaN,
    Number.POSITIVE_INFINITY,
  ),
);
const anyValue = fc.oneof(numbers, words, fc.boolean());
const fitting = {
  count: fc.nat(),
  signed: fc.integer(),
  seconds: fc.nat(),
  gauge: numbers,
  flag: fc.boolean(),
  word: words,
  id: words,
};

/** Mostly what our own SDK would send; now and then what nobody should. */
const record = fc.constantFrom(...kinds).chain((kind) => {
  const members = fc
    .subarray([...kind.members])
    .chain((chosen) =>
      fc.tuple(
        ...chosen.map(({ column, type }) =>
          fc
            .oneof({ weight: 60, arbitrary: fitting[type] }, { weight: 1, arbitrary: anyValue })
            .map((value) => [`rtc.${column}`, value] as const),
        ),
      ),
    );
  const ids = fc
    .subarray(['call_id', 'tenant_id', 'stat_id', 'transport_id', 'session_id'])
    .chain((chosen) =>
      fc.tuple(...chosen.map((column) => words.map((value) => [`rtc.${column}`, value] as const))),
    );
  const others = fc.array(
    fc.tuple(
      fc.constantFrom('rtc.new', 'new', 'plain', 'rtc.kind', 'rtc.ip', 'event.name', 'schlüssel'),
      anyValue,
    ),
    { maxLength: 2 },
  );
  const eventName = fc.oneof(
    { weight: 12, arbitrary: fc.constant(kind.event) },
    { weight: 1, arbitrary: fc.constantFrom('', 'rtc.ice.state', 'rtc.stats.unknown') },
  );
  return fc
    .tuple(members, ids, others, eventName, fc.integer({ min: -5_000, max: 5_000 }))
    .map(([member, id, other, name, age]) => ({
      eventName: name,
      timeMs: receivedAtMs + age,
      attributes: [...id, ...member, ...other] as AttributeList,
    }));
});

const resource = fc.subarray([
  ['rtc.call_id', 'c9'],
  ['rtc.session_id', 's1'],
  ['rtc.clock_offset_ms', -12.5],
  ['rtc.sent_at_ms', receivedAtMs - 40],
  ['rtc.source', 'sfu'],
  ['service.name', 'x'],
] as [string, string | number][]);

const request = fc
  .array(fc.tuple(resource, fc.array(record, { maxLength: 4 })), { minLength: 1, maxLength: 3 })
  .map((parts) =>
    Buffer.from(
      encodeRequest(
        'test',
        parts.map(([attributes, records]) => ({ resource: attributes, chunks: [encodeLogRecords(records)] })),
      ),
    ),
  );

describe('the fast reader and the general one agree', () => {
  test('on what SDKs send', () => {
    fc.assert(
      fc.property(request, writers, (body, writer) => {
        expect(fast(body, writer)).toEqual(general(body, writer));
      }),
      { numRuns: 300 },
    );
  });

  test('on the same attributes again and again, with values of other lengths', () => {
    const samples = fc
      .tuple(fc.constantFrom(...kinds), fc.array(fc.array(fc.tuple(fc.nat(40), anyValue)), { maxLength: 6 }))
      .map(([kind, changes]) =>
        changes.map((changed) => {
          const values = new Map<number, string | number | boolean>(changed);
          const attributes = kind.members.map(({ column, type }, i): [string, string | number | boolean] => {
            const usual = type === 'flag' ? true : type === 'word' || type === 'id' ? 'audio' : 70_000;
            return [`rtc.${column}`, values.get(i) ?? usual];
          });
          return { eventName: kind.event, timeMs: receivedAtMs, attributes };
        }),
      );
    fc.assert(
      fc.property(samples, writers, (records, writer) => {
        const parts = [{ resource: [['rtc.call_id', 'c']] as const, chunks: [encodeLogRecords(records)] }];
        const body = Buffer.from(encodeRequest('test', parts));
        expect(fast(body, writer)).toEqual(general(body, writer));
      }),
      { numRuns: 300 },
    );
  });

  test('on bytes that were changed on the way', () => {
    const changed = fc
      .tuple(request, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }), fc.option(fc.nat()))
      .map(([body, changes, cut]) => {
        const bytes = Buffer.from(body);
        for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
        return cut === null ? bytes : bytes.subarray(0, cut % (bytes.length + 1));
      });
    fc.assert(
      fc.property(changed, writers, (body, writer) => {
        expect(fast(body, writer)).toEqual(general(body, writer));
      }),
      { numRuns: 1_000 },
    );
  });

  test('and the fast one takes whole requests of plain samples itself', () => {
    const attributes: AttributeList = [
      ['rtc.call_id', 'c'],
      ['rtc.kind', 'audio'],
      ['rtc.packets_received', 2 ** 40],
      ['rtc.packets_lost', -3],
      ['rtc.audio_level', 0.25],
      ['rtc.unheard_of', 'kept'],
    ];
    const records = [{ eventName: 'rtc.stats.inbound_rtp', timeMs: receivedAtMs, attributes }];
    const body = Buffer.from(encodeRequest('t', [{ resource: [], chunks: [encodeLogRecords(records)] }]));
    const tables = new ColumnTables();
    tables.begin();
    expect(readPlainLogs(body, server, receivedAtMs, tables)).toBe(true);
    expect(rowsOf(tables)).toMatchObject({ rtc_stats_inbound_rtp: [{ attributes: { unheard_of: 'kept' } }] });
  });
});

test('a request that is given up leaves nothing behind', () => {
  const good = Buffer.from(
    encodeRequest('t', [
      {
        resource: [['rtc.call_id', 'c']],
        chunks: [
          encodeLogRecords([
            { eventName: 'rtc.stats.transport', timeMs: receivedAtMs, attributes: [['rtc.bytes_sent', 7]] },
          ]),
        ],
      },
    ]),
  );
  const tables = new ColumnTables();
  const facts = { signal: 'logs', encoding: 'protobuf', writer: server, receivedAtMs } as const;
  readRequest(facts, good, tables);
  const before = rowsOf(tables);
  expect(() => readRequest(facts, Buffer.concat([good, Buffer.from([0x0a, 0xff])]), tables)).toThrow(
    CollectorError,
  );
  expect(rowsOf(tables)).toEqual(before);
  readRequest(facts, good, tables);
  expect(rowsOf(tables).rtc_stats_transport).toHaveLength(2);
});

function fast(body: Buffer, writer: Writer): unknown {
  const tables = new ColumnTables();
  try {
    readRequest({ signal: 'logs', encoding: 'protobuf', writer, receivedAtMs }, body, tables);
  } catch (error) {
    return (error as Error).message;
  }
  return { rows: rowsOf(tables), refused: tables.refusals.message };
}

function general(body: Buffer, writer: Writer): unknown {
  const rows = new RowSet();
  try {
    logRows(decodeLogs(body), writer, receivedAtMs, rows);
  } catch (error) {
    return (error as Error).message;
  }
  const byTable = Object.fromEntries(
    [...rows.byTable].map(([table, lines]) => [table, lines.map((line) => normal(JSON.parse(line)))]),
  );
  return { rows: byTable, refused: rows.refusalMessage };
}

function rowsOf(tables: ColumnTables): Record<string, unknown[]> {
  return Object.fromEntries(
    [...tables.all()]
      .filter(({ rows }) => rows > 0)
      .map((table) => [table.name, Array.from({ length: table.rows }, (_, i) => normal(table.row(i)))]),
  );
}

/** Absent text, and an absent map, are the same as empty ones; whole numbers the same in any form. */
function normal(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).flatMap(([name, value]) => {
      if (value === '' || (typeof value === 'object' && value && Object.keys(value).length === 0)) return [];
      return [[name, typeof value === 'boolean' || typeof value === 'object' ? value : String(value)]];
    }),
  );
}
