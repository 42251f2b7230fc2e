import { expect, test } from 'vitest';
import type { Span } from '../../../collector/otlp/model.ts';
import type { Writer } from '../../../collector/rows/identity.ts';
import { RowSet } from '../../../collector/rows/row-set.ts';
import { spanRows } from '../../../collector/rows/traces.ts';

const receivedAt = 1_790_000_000_000;
const claims = { tenantId: 'acme', roomId: 'r', callId: 'c1', participantId: 'ann' };
const ann: Writer = { kind: 'participant', claims };
const span: Span = {
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  parentSpanId: '',
  name: 'rtc.join',
  kind: 3,
  startMs: receivedAt + 60_000,
  endMs: receivedAt + 60_250.5,
  attributes: new Map([['rtc.call_id', 'other']]),
  events: [{ name: 'candidate', timeMs: receivedAt + 60_010, attributes: new Map([['n', 1]]) }],
  statusCode: 2,
  statusMessage: 'no path',
};

test("a participant's span stands in its own call, on the server's clock, its events with it", () => {
  expect(
    read(span)
      .byTable.get('rtc_span')!
      .map((line) => JSON.parse(line)),
  ).toMatchObject([
    {
      tenant_id: 'acme',
      call_id: 'c1',
      source: 'client',
      kind: 'client',
      time: receivedAt - 1_000,
      client_time: receivedAt + 60_000,
      duration_us: 250_500,
      status_code: 'error',
      attributes: { span_events: '[{"name":"candidate","after_ms":10,"attributes":{"n":1}}]' },
    },
  ]);
});

test('a span that ends before it starts has no length', () => {
  const [line] = read({ ...span, endMs: 1 }).byTable.get('rtc_span')!;
  expect(JSON.parse(line!)).toMatchObject({ duration_us: 0 });
});

test.each([
  ['trace id', { traceId: 'ab' }],
  ['span id', { spanId: '' }],
])('without a whole %s it is refused', (_, fault) => {
  const rows = read({ ...span, ...fault });
  expect([rows.rows, rows.refused]).toEqual([0, 1]);
});

function read(given: Span): RowSet {
  const rows = new RowSet();
  const resource = new Map([['rtc.clock_offset_ms', -61_000]]);
  spanRows([{ resource, records: [given] }], ann, receivedAt, rows);
  return rows;
}
