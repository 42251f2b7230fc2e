import { describe, expect, test } from 'vitest';
import type { AnyValue, LogRecord } from '../../../collector/otlp/model.ts';
import type { Writer } from '../../../collector/rows/identity.ts';
import { logRows } from '../../../collector/rows/logs.ts';
import { RowSet } from '../../../collector/rows/row-set.ts';

const receivedAt = 1_790_000_000_000;
const server: Writer = { kind: 'server' };
const ann: Writer = {
  kind: 'participant',
  claims: { tenantId: 'acme', roomId: 'r', callId: 'c1', participantId: 'ann' },
};

describe('a sample', () => {
  test('goes to the table of its kind, each attribute to its column', () => {
    const rows = read(server, 'rtc.stats.inbound_rtp', {
      'rtc.call_id': 'c1',
      'rtc.stat_id': 'IT01A',
      'rtc.kind': 'audio',
      'rtc.packets_received': 12,
      'rtc.packets_lost': -2,
      'rtc.jitter_us': 1234.6,
      'rtc.audio_level': 0.5,
      'rtc.power_efficient_decoder': false,
    });
    expect(rows).toEqual({
      rtc_stats_inbound_rtp: [
        {
          tenant_id: 'default',
          call_id: 'c1',
          stat_id: 'IT01A',
          time: receivedAt - 1_000,
          client_time: receivedAt - 1_000,
          received_at: receivedAt,
          kind: 'audio',
          packets_received: 12,
          packets_lost: -2,
          jitter_us: 1235,
          audio_level: 0.5,
          power_efficient_decoder: false,
        },
      ],
    });
  });

  test.each<[string, string, AnyValue, string]>([
    ['text in a counter', 'rtc.packets_received', '12', '12'],
    ['a negative counter', 'rtc.packets_received', -1, '-1'],
    ['a fraction in a counter', 'rtc.packets_received', 1.5, '1.5'],
    ['NaN', 'rtc.audio_level', Number.NaN, 'NaN'],
    ['infinity', 'rtc.jitter_us', Number.POSITIVE_INFINITY, 'Infinity'],
    ['a number in a flag', 'rtc.power_efficient_decoder', 1, '1'],
    ['a number in a word', 'rtc.mid', 0, '0'],
    ['a list in a gauge', 'rtc.audio_level', [1], '[1]'],
    ['text too long for a word', 'rtc.mid', 'x'.repeat(300), 'x'.repeat(300)],
    ['an attribute that is not known', 'rtc.new_in_chrome', 7, '7'],
  ])('keeps %s as an attribute, and the rest in its columns', (_, name, value, text) => {
    const rows = read(server, 'rtc.stats.inbound_rtp', { 'rtc.call_id': 'c', 'rtc.ssrc': 5, [name]: value });
    const column = name.slice(4);
    expect(rows.rtc_stats_inbound_rtp).toMatchObject([{ ssrc: 5, attributes: { [column]: text } }]);
    expect(rows.rtc_stats_inbound_rtp![0]).not.toHaveProperty(column);
  });

  test('counters beyond 2^53 stay exact', () => {
    const rows = read(server, 'rtc.stats.transport', { 'rtc.call_id': 'c', 'rtc.bytes_sent': 2n ** 60n });
    expect(rows.rtc_stats_transport).toMatchObject([{ bytes_sent: '1152921504606846976' }]);
  });

  test('has the addresses of its candidates shortened', () => {
    const rows = read(ann, 'rtc.stats.candidate', {
      'rtc.address': '203.0.113.77',
      'rtc.url': 'turn:203.0.113.5:3478',
      'rtc.related_address': '2001:db8:1:2::3',
    });
    expect(rows.rtc_stats_candidate).toMatchObject([
      {
        address: '203.0.113.0',
        url: 'turn:203.0.113.0:3478',
        attributes: { related_address: '2001:db8:1::' },
      },
    ]);
  });

  test('of no call is refused', () => {
    const rows = new RowSet();
    logRows(
      [{ resource: new Map(), records: [record('rtc.stats.transport', {})] }],
      server,
      receivedAt,
      rows,
    );
    expect(rows).toMatchObject({
      rows: 0,
      refused: 1,
      refusalMessage: expect.stringContaining('rtc.call_id'),
    });
  });
});

describe('an event', () => {
  test('goes to rtc_event with its attributes as text, sender facts beside them', () => {
    const resource = {
      'rtc.source': 'sfu',
      'rtc.sfu_node_id': 'n1',
      'service.name': 'sfu',
      'telemetry.sdk.name': 'x',
    };
    const rows = read(
      server,
      'rtc.participant.joined',
      { 'rtc.call_id': 'c', 'rtc.display_name': 'Ann' },
      resource,
    );
    expect(rows.rtc_event).toMatchObject([
      { name: 'rtc.participant.joined', source: 'sfu', sfu_node_id: 'n1', call_id: 'c' },
    ]);
    expect(rows.rtc_event![0]!.attributes).toEqual({ display_name: 'Ann', 'service.name': 'sfu' });
  });

  test('may carry a media source: that is not the sender', () => {
    const rows = read(ann, 'rtc.source.toggled', { 'rtc.source': 'camera', 'rtc.enabled': false });
    expect(rows.rtc_event).toMatchObject([
      { source: 'client', attributes: { source: 'camera', enabled: 'false' } },
    ]);
  });

  test('that nobody knows is kept too, with its body', () => {
    const rows = read(server, 'com.example.thing', {}, {}, 'what happened');
    expect(rows.rtc_event).toMatchObject([
      { name: 'com.example.thing', attributes: { body: 'what happened' } },
    ]);
  });

  test('is named by the attribute of older SDKs where the field is missing', () => {
    const rows = read(server, '', { 'event.name': 'rtc.ice.state', 'rtc.state': 'failed' });
    expect(rows.rtc_event).toMatchObject([{ name: 'rtc.ice.state', attributes: { state: 'failed' } }]);
  });
});

describe('a participant', () => {
  const lie = {
    'rtc.tenant_id': 'other',
    'rtc.room_id': 'other',
    'rtc.call_id': 'other',
    'rtc.participant_id': 'bob',
    'rtc.source': 'sfu',
  };
  const truth = { tenant_id: 'acme', room_id: 'r', call_id: 'c1', participant_id: 'ann' };

  test.each([
    ['in the record', lie, {}],
    ['in the resource', {}, lie],
  ])('writes only as itself, whatever it says %s', (_, attributes, resource) => {
    expect(read(ann, 'rtc.stats.transport', attributes, resource).rtc_stats_transport).toMatchObject([truth]);
    expect(read(ann, 'rtc.ice.state', attributes, resource).rtc_event).toMatchObject([
      { ...truth, source: 'client' },
    ]);
  });

  test('may not send what the SFU measures', () => {
    const rows = new RowSet();
    const records = [record('rtc.stats.sfu_producer', {}), record('rtc.stats.transport', {})];
    logRows([{ resource: new Map(), records }], ann, receivedAt, rows);
    expect([...rows.byTable.keys()]).toEqual(['rtc_stats_transport']);
    expect(rows.refusalMessage).toContain('rtc.stats.sfu_producer is measured by the SFU');
  });
});

test('the key of a tenant writes for that one, whatever is said', () => {
  const writer: Writer = { kind: 'server', tenantId: 'acme' };
  const lie = { 'rtc.tenant_id': 'other', 'rtc.call_id': 'c' };
  expect(read(writer, 'rtc.stats.transport', lie).rtc_stats_transport).toMatchObject([{ tenant_id: 'acme' }]);
  expect(read(writer, 'rtc.ice.state', {}, lie).rtc_event).toMatchObject([{ tenant_id: 'acme' }]);
});

test('what is known of a participant stands with its events, behind what it says itself', () => {
  const about = { 'user_agent.name': 'Firefox', 'geo.country.iso_code': 'CH' };
  const writer: Writer = { ...(ann as Extract<Writer, { kind: 'participant' }>), about };
  const rows = read(writer, 'rtc.ice.state', {}, { 'user_agent.name': 'Brave' });
  expect(rows.rtc_event![0]!.attributes).toEqual({
    'user_agent.name': 'Brave',
    'geo.country.iso_code': 'CH',
  });
});

function record(eventName: string, attributes: Record<string, AnyValue>, body: AnyValue = null): LogRecord {
  return {
    eventName,
    timeMs: receivedAt - 1_000,
    observedTimeMs: 0,
    body,
    attributes: new Map(Object.entries(attributes)),
  };
}

type Rows = Record<string, Record<string, unknown>[]>;

function read(
  writer: Writer,
  name: string,
  attributes: Record<string, AnyValue>,
  resource: Record<string, AnyValue> = {},
  body: AnyValue = null,
): Rows {
  const rows = new RowSet();
  const records = [record(name, attributes, body)];
  logRows([{ resource: new Map(Object.entries(resource)), records }], writer, receivedAt, rows);
  return Object.fromEntries(
    [...rows.byTable].map(([table, lines]) => [table, lines.map((line) => JSON.parse(line))]),
  );
}
