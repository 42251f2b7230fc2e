/** Every pitfall's SQL on a real ClickHouse: whom it must name, and whom it must leave alone. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { pitfalls, pitfallsSql } from '../../../alerts/pitfalls/list.ts';
import { events, spans } from '../../../telemetry/events.ts';
import { openTestStore, type TestStore } from '../../pipelines/support/store.ts';

const minuteMs = 60_000;
const beganMs = Math.floor(Date.now() / minuteMs - 60) * minuteMs;
const span = { from: beganMs - minuteMs, to: beganMs + 50 * minuteMs };
const bounds = {
  during: (column: string) =>
    `${column} >= fromUnixTimestamp64Milli(${span.from}) AND ${column} < fromUnixTimestamp64Milli(${span.to})`,
  tenants: "tenant_id = 'acme'",
};
let store: TestStore;

beforeAll(async () => {
  store = await openTestStore(inject('clickhouseUrl'));
});

afterAll(() => store?.close());

type Said = readonly [
  second: number,
  source: 'client' | 'sfu' | 'recorder',
  name: string,
  attributes?: Record<string, string>,
];

async function tell(
  participant: string,
  said: readonly Said[],
  more: Record<string, string> = {},
): Promise<void> {
  await store.client.insert({
    table: 'rtc_event',
    format: 'JSONEachRow',
    values: said.map(([second, source, name, attributes = {}]) => {
      const time = beganMs + second * 1_000;
      return {
        tenant_id: 'acme',
        call_id: `call of ${participant}`,
        participant_id: participant,
        ...more,
        source,
        name,
        attributes,
        time,
        client_time: time,
        received_at: time + 1_000,
      };
    }),
  });
}

async function incident(id: string, kind: string, second: number, more: object = {}): Promise<void> {
  const startedAt = beganMs + second * 1_000;
  await store.client.insert({
    table: 'incident',
    format: 'JSONEachRow',
    values: [
      {
        tenant_id: 'acme',
        call_id: `call of ${id}`,
        incident_id: `${kind} ${id} ${second}`,
        kind,
        detector: `${kind}@1`,
        participant_id: id,
        started_at: startedAt,
        detected_at: startedAt + 2_000,
        sentence: `${id}: ${kind}`,
        affected: [id],
        revision: 1,
        ...more,
      },
    ],
  });
}

async function named(name: string): Promise<Record<string, string>> {
  const { people } = pitfalls.find((one) => one.name === name)!;
  const rows = await store.rows<{ participant_id: string; detail: string }>(people(bounds));
  return Object.fromEntries(rows.map(({ participant_id, detail }) => [participant_id, detail]));
}

const state = (value: string) => ({ state: value });
const candidate = (type: string) => ({ candidate_type: type });

test('too little TURN: no path, and no relay to take one over', async () => {
  const tried = (...last: Said[]): Said[] => [
    [0, 'client', events.iceCandidate, candidate('host')],
    [1, 'client', events.iceCandidate, candidate('srflx')],
    [1, 'client', events.iceState, state('checking')],
    ...last,
  ];
  await tell('without relay', tried([16, 'client', events.iceState, state('failed')]));
  await tell('gave up', tried([14, 'client', events.iceState, state('closed')]));
  await tell('refused', [
    ...tried([16, 'client', events.iceState, state('failed')]),
    [2, 'client', events.iceCandidateError, { error_code: '486', url: 'turn:relay' }],
  ]);
  await tell('had a relay', [
    ...tried([16, 'client', events.iceState, state('failed')]),
    [2, 'client', events.iceCandidate, candidate('relay')],
  ]);
  await tell(
    'got through',
    tried(
      [3, 'client', events.iceState, state('connected')],
      [60, 'client', events.iceState, state('failed')],
    ),
  );
  await tell('left at once', tried([3, 'client', events.iceState, state('closed')]));
  expect(await named('too-little-turn')).toEqual({
    'without relay': 'no relay candidate',
    'gave up': 'no relay candidate',
    refused: 'relay answered 486',
  });
});

test('silent ICE failures: media was set up, no path ever held, and no client said so', async () => {
  const joined = (...then: Said[]): Said[] => [
    [0, 'sfu', events.participantJoined],
    [1, 'sfu', events.producerOpened],
    ...then,
    [90, 'sfu', events.participantLeft],
  ];
  await tell('mute', joined());
  await tell(
    'lost',
    joined(
      [2, 'sfu', events.sfuIceState, state('completed')],
      [40, 'sfu', events.sfuIceState, state('disconnected')],
    ),
  );
  await tell('fine', joined([2, 'sfu', events.sfuIceState, state('completed')]));
  await tell(
    'left after the loss',
    joined(
      [2, 'sfu', events.sfuIceState, state('completed')],
      [85, 'sfu', events.sfuIceState, state('disconnected')],
    ),
  );
  await tell('said so', joined([20, 'client', events.iceState, state('failed')]));
  await tell('told of the join', joined());
  const time = beganMs + 20_000;
  await store.client.insert({
    table: 'rtc_span',
    format: 'JSONEachRow',
    values: [
      {
        tenant_id: 'acme',
        call_id: 'call of told of the join',
        participant_id: 'told of the join',
        source: 'client',
        name: spans.join,
        trace_id: 'a',
        span_id: 'b',
        time,
        client_time: time,
        received_at: time,
        duration_us: 15_000_000,
        status_code: 'error',
      },
    ],
  });
  expect(await named('silent-ice')).toEqual({ mute: 'never came up', lost: 'lost and not restored' });
});

test('fixed bitrate and no simulcast: what the detectors have found', async () => {
  await incident('constant', 'fixed_bitrate', 5);
  await incident('single', 'no_simulcast', 5);
  await incident('before', 'no_simulcast', -600);
  expect(await named('fixed-bitrate')).toEqual({ constant: 'constant: fixed_bitrate' });
  expect(await named('no-simulcast')).toEqual({ single: 'single: no_simulcast' });
});

test('muxing inside the SFU: a node that is late while it records, and not otherwise', async () => {
  for (const node of ['muxes', 'busy']) {
    const on = { sfu_node_id: node };
    // Both are up for 40 minutes and record for ten of them.
    for (let minute = 0; minute < 40; minute++) {
      await tell(`${node} ${minute}`, [[minute * 60, 'sfu', events.participantJoined]], on);
    }
    await tell(
      '',
      [
        [600, 'recorder', events.recordingStarted, { recording_id: node }],
        [1_199, 'recorder', events.recordingStopped, { recording_id: node }],
      ],
      on,
    );
  }
  for (const minute of [11, 13, 15, 17]) await incident(`muxes ${minute}`, 'node_late', minute * 60 + 5);
  // As often late in the other thirty minutes.
  for (const minute of [2, 5, 8, 11, 13, 15, 22, 25, 28, 31, 34, 37]) {
    await incident(`busy ${minute}`, 'node_late', minute * 60 + 5);
  }
  expect(Object.keys(await named('muxing-in-the-sfu')).toSorted()).toEqual([
    'muxes 11',
    'muxes 13',
    'muxes 15',
    'muxes 17',
  ]);
});

test('all together: people and calls of each, and the last one as an example', async () => {
  const rows = await store.rows<{ pitfall: string; people: number; calls: number; example_call: string }>(
    pitfallsSql(bounds),
  );
  expect(rows.map(({ pitfall, people, calls }) => [pitfall, people, calls])).toEqual([
    ['muxing-in-the-sfu', 4, 4],
    ['too-little-turn', 3, 3],
    ['silent-ice', 2, 2],
    ['fixed-bitrate', 1, 1],
    ['no-simulcast', 1, 1],
  ]);
  expect(rows.every(({ example_call }) => example_call.startsWith('call of '))).toBe(true);
});
