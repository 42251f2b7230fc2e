/** The rows that collector and pipelines would have written for a made-up fleet, by table. */
import { events, metrics, spans } from '../../telemetry/events.ts';
import type {
  DecisionRow,
  IncidentRow,
  ParticipantSummaryRow,
  StreamScoreRow,
} from '../../telemetry/rows.ts';
import { nodeNames, overloadedNode, type Person, type SampleCall, type World } from './world.ts';

type Rows = Record<string, unknown>[];

const windowMs = 5_000;
/** Windows of a call are this far apart; a real one has every window. Enough for minutes, and small. */
const thinnedMs = 60_000;

/** @param dense the call whose every window is there */
export function sampleRows(world: World, dense: SampleCall): Readonly<Record<string, Rows>> {
  const scores = world.calls.flatMap((call) => scoreRows(world, call, call === dense ? windowMs : thinnedMs));
  const incidents = world.calls.flatMap((call) => incidentRows(world, call));
  const decisions = incidents.flatMap((incident) => decisionRows(world, incident));
  const summaries = participantRows(world, scores, incidents, decisions);
  return {
    stream_score: scores as unknown as Rows,
    incident: incidents as unknown as Rows,
    decision: decisions as unknown as Rows,
    participant_summary: summaries as unknown as Rows,
    call_summary: callRows(world, summaries),
    rtc_span: world.calls.flatMap((call) => call.people.flatMap((person) => spanRows(world, person))),
    rtc_event: [
      ...world.calls.flatMap((call) => call.people.flatMap((person) => eventRows(world, person))),
      ...nodeEvents(world),
      ...recordingEvents(world),
    ],
    rtc_stats_codec: world.calls.flatMap((call) => call.people.filter(stayed).map(codecRow)),
    rtc_metric: [
      ...nodeMetrics(world),
      ...pipelineMetrics(world),
      ...collectorMetrics(world),
      ...relayMetrics(world),
      ...recorderMetrics(world),
    ],
    ...bookkeeping(world),
  };
}

const stayed = (person: Person) => person.joinError === '';
const around = (world: World, value: number, spread: number) =>
  value * (1 + world.random.between(-spread, spread));

const identity = (person: Person) => ({
  tenant_id: person.tenantId,
  call_id: person.callId,
  room_id: person.roomId,
  participant_id: person.participantId,
  sfu_node_id: person.node,
});
const at = (ms: number) => ({ time: ms, client_time: ms, received_at: ms + 1_500 });

function scoreRows(world: World, call: SampleCall, stepMs: number): StreamScoreRow[] {
  const rows: StreamScoreRow[] = [];
  const people = call.people.filter(stayed);
  for (
    let start = Math.ceil(call.startMs / windowMs) * windowMs;
    start + windowMs <= call.endMs;
    start += stepMs
  ) {
    for (const receiver of people) {
      for (const sender of people) {
        if (sender === receiver || start < Math.max(sender.joinedMs, receiver.joinedMs)) continue;
        rows.push(
          scoreRow(world, sender, receiver, start, 'audio'),
          scoreRow(world, sender, receiver, start, 'video'),
        );
      }
    }
  }
  return rows;
}

function scoreRow(
  world: World,
  sender: Person,
  receiver: Person,
  start: number,
  kind: 'audio' | 'video',
): StreamScoreRow {
  const { random } = world;
  const trouble = Math.max(0, Math.min(1, world.trouble(receiver, start) * random.between(0.6, 1.3)));
  const best = kind === 'audio' ? 4.55 : 4.4;
  return {
    tenant_id: receiver.tenantId,
    call_id: receiver.callId,
    window_start: start,
    window_ms: windowMs,
    point: 'receiver',
    kind,
    source: kind === 'audio' ? 'microphone' : 'camera',
    sender_id: sender.participantId,
    receiver_id: receiver.participantId,
    producer_id: `${sender.participantId}-${kind}`,
    consumer_id: `${receiver.participantId}-${sender.participantId}-${kind}`,
    sfu_node_id: receiver.node,
    mos: Math.max(1, best - 3.2 * trouble ** 1.4 - random.next() * 0.15),
    scale: kind === 'audio' ? 'fullband' : 'video',
    model: 'sample@1',
    confidence: 0.8,
    unclassified: '',
    inputs: '{}',
    missing: [],
    bitrate_bps:
      kind === 'audio' ? around(world, 32_000, 0.1) : around(world, 600_000 * (1 - 0.8 * trouble), 0.15),
    loss_ratio: 0.0008 * random.next() + 0.09 * trouble ** 2,
    concealed_ratio: kind === 'audio' ? 0.06 * trouble ** 2 : null,
    jitter_ms: around(world, 4 + 45 * trouble, 0.4),
    round_trip_ms: around(world, 35 + 120 * trouble, 0.2),
    delay_ms: around(world, 120 + 260 * trouble, 0.15),
    frames_per_second: kind === 'video' ? 15 - 9 * trouble : null,
    frame_width: kind === 'video' ? 640 : null,
    frame_height: kind === 'video' ? 360 : null,
    frozen_ms: kind === 'video' ? (trouble > 0.5 ? 2_500 * (trouble - 0.4) : 0) : null,
    spatial_layer: kind === 'video' ? (trouble > 0.5 ? 0 : 2) : null,
    revision: 1,
    scored_at: start + windowMs + 3_000,
  };
}

function incidentRows(world: World, call: SampleCall): IncidentRow[] {
  return call.people.filter(stayed).flatMap((person) => {
    const middleMs = Math.round((person.joinedMs + person.leftMs) / 2);
    const trouble = world.trouble(person, middleMs);
    if (trouble < 0.33) return [];
    const onNode = person.node === overloadedNode && world.overloaded(middleMs);
    const started = Math.round(middleMs - 40_000 * world.random.next());
    const ended = started + 45_000;
    const incident = {
      tenant_id: person.tenantId,
      call_id: person.callId,
      incident_id: `${person.participantId}-${started}`,
      kind: onNode ? 'sfu_congestion' : 'downlink_congestion',
      detector: `${onNode ? 'sfu_congestion' : 'downlink_congestion'}@1`,
      hop: onNode ? ('sfu' as const) : ('downlink' as const),
      participant_id: person.participantId,
      subject_id: '',
      severity: trouble > 0.6 ? ('severe' as const) : ('moderate' as const),
      confidence: 0.85,
      started_at: started,
      detected_at: started + 2_100,
      ended_at: ended < world.options.endMs ? ended : null,
      evidence: '{}',
      sentence: onNode
        ? `${person.displayName} and others on ${person.node} heard gaps: the server was busy and sent late.`
        : `${person.displayName}'s own downlink lost packets for 45 seconds; the others were fine.`,
      affected: [person.participantId],
      revision: 2,
    };
    if (onNode || trouble < 0.6) return [incident];
    // Nothing smaller could be sent to those whose links are the slowest.
    const singleLayer = {
      ...incident,
      incident_id: `${incident.incident_id}-single`,
      kind: 'no_simulcast',
      detector: 'no_simulcast@1',
      hop: 'sender_device' as const,
      severity: 'minor' as const,
      sentence: `A camera came in one size only, so nothing smaller could be sent to ${person.displayName}.`,
    };
    return [incident, singleLayer];
  });
}

function decisionRows(world: World, incident: IncidentRow): DecisionRow[] {
  if (incident.hop !== 'downlink') return [];
  const { random } = world;
  const applied = random.next() < 0.94;
  const decided = incident.started_at + Math.round(random.between(1_400, 2_600));
  const outcome = applied
    ? random.pick([
        ['better', 8],
        ['same', 3],
        ['worse', 0.3],
        ['unknown', 1],
      ] as const)
    : ('' as const);
  return [
    {
      tenant_id: incident.tenant_id,
      call_id: incident.call_id,
      decision_id: `d-${incident.incident_id}`,
      incident_id: incident.incident_id,
      kind: random.pick([
        ['cap_layers', 4],
        ['audio_only', 1],
      ] as const),
      participant_id: incident.participant_id,
      sfu_node_id: 'sfu-fra-1',
      params: '{}',
      reason: 'the downlink holds less than the layer sent',
      evidence: '{}',
      confidence: random.between(0.7, 0.95),
      ttl_ms: 15_000,
      decided_at: decided,
      sent_at: decided + 20,
      applied_at: applied ? decided + Math.round(random.between(60, 400)) : null,
      lifted_at: applied ? decided + Math.round(random.between(20_000, 60_000)) : decided + 200,
      lift_reason: applied
        ? random.pick([
            ['recovered', 6],
            ['expired', 1],
            ['replaced', 1],
          ] as const)
        : 'refused',
      outcome,
      outcome_evidence: outcome === 'worse' ? '{"video_mos_before":3.1,"video_mos_after":2.6}' : '{}',
      revision: 3,
    },
  ];
}

const mean = (values: number[]) =>
  values.length > 0 ? values.reduce((sum, one) => sum + one, 0) / values.length : null;
const least = (values: number[]) => (values.length > 0 ? Math.min(...values) : null);

function participantRows(
  world: World,
  scores: StreamScoreRow[],
  incidents: IncidentRow[],
  decisions: DecisionRow[],
): ParticipantSummaryRow[] {
  const key = (call: string, person: string) => `${call} ${person}`;
  const heard = Map.groupBy(scores, (row) => key(row.call_id, row.receiver_id));
  const troubled = Map.groupBy(incidents, (row) => key(row.call_id, row.participant_id));
  const steered = Map.groupBy(decisions, (row) => key(row.call_id, row.participant_id));
  return world.calls.flatMap((call) =>
    call.people.filter(stayed).map((person) => {
      const own = heard.get(key(call.callId, person.participantId)) ?? [];
      const mosOf = (kind: string) =>
        own.flatMap((row) => (row.kind === kind && row.mos !== null ? [row.mos] : []));
      const all = own.flatMap(({ mos }) => (mos === null ? [] : [mos]));
      return {
        tenant_id: call.tenantId,
        call_id: call.callId,
        room_id: call.roomId,
        participant_id: person.participantId,
        display_name: person.displayName,
        first_seen_at: person.joinedMs,
        last_seen_at: person.leftMs,
        audio_mos_mean: mean(mosOf('audio')),
        audio_mos_worst_minute: least(mosOf('audio')),
        video_mos_mean: mean(mosOf('video')),
        video_mos_worst_minute: least(mosOf('video')),
        bad_window_ratio: mean(all.map((mos) => (mos < 3.1 ? 1 : 0))),
        incidents: troubled.get(key(call.callId, person.participantId))?.length ?? 0,
        decisions: steered.get(key(call.callId, person.participantId))?.length ?? 0,
        revision: 5,
      };
    }),
  );
}

function callRows(world: World, people: ParticipantSummaryRow[]): Rows {
  const ofCall = Map.groupBy(people, ({ call_id }) => call_id);
  const known = (values: (number | null)[]) => values.flatMap((value) => (value === null ? [] : [value]));
  return world.calls.flatMap((call) => {
    const own = ofCall.get(call.callId);
    if (!own) return [];
    return [
      {
        tenant_id: call.tenantId,
        call_id: call.callId,
        room_id: call.roomId,
        started_at: call.startMs,
        last_seen_at: call.endMs,
        participants: own.length,
        audio_mos_mean: mean(known(own.map((row) => row.audio_mos_mean))),
        audio_mos_worst_minute: least(known(own.map((row) => row.audio_mos_worst_minute))),
        video_mos_mean: mean(known(own.map((row) => row.video_mos_mean))),
        video_mos_worst_minute: least(known(own.map((row) => row.video_mos_worst_minute))),
        bad_window_ratio: mean(known(own.map((row) => row.bad_window_ratio))),
        incidents: own.reduce((sum, row) => sum + row.incidents, 0),
        decisions: own.reduce((sum, row) => sum + row.decisions, 0),
        revision: 5,
      },
    ];
  });
}

/** Where in the whole join each step lies: begins after, takes; shares of the whole. */
const joinParts = [
  [spans.getUserMedia, 0, 0.3],
  [spans.admission, 0.3, 0.1],
  [spans.signaling, 0.4, 0.12],
  [spans.transport, 0.52, 0.08],
  [spans.ice, 0.6, 0.12],
  [spans.dtls, 0.72, 0.08],
  [spans.firstPacket, 0.8, 0.05],
  [spans.firstFrame, 0.8, 0.2],
] as const;
const failingStep: Record<string, number> = { NotAllowedError: 0, ICE: 4, signaling: 2, the: 1 };

function spanRows(world: World, person: Person): Rows {
  const failsAt =
    person.joinError === '' ? joinParts.length : (failingStep[person.joinError.split(/[: ]/)[0]!] ?? 0);
  const trace = {
    trace_id: person.participantId.padStart(32, '0'),
    service_name: 'callscope-client',
    source: 'client',
    kind: 'internal',
  };
  const beginMs = person.joinedMs - person.joinMs;
  const span = (name: string, startMs: number, ms: number, error: string) => ({
    ...identity(person),
    ...trace,
    name,
    span_id: `${name}-${person.participantId}`.slice(-16),
    parent_span_id: name === spans.join ? '' : 'root',
    ...at(Math.round(startMs)),
    duration_us: Math.round(ms * 1000),
    status_code: error === '' ? 'unset' : 'error',
    status_message: error,
    attributes: {},
  });
  return [
    span(spans.join, beginMs, person.joinMs, person.joinError),
    ...joinParts
      .slice(0, failsAt + 1)
      .map(([name, from, share], index) =>
        span(
          name,
          beginMs + from * person.joinMs,
          around(world, share * person.joinMs, 0.3),
          index === failsAt ? person.joinError : '',
        ),
      ),
  ];
}

function eventRows(world: World, person: Person): Rows {
  const browser = {
    'service.name': 'callscope-client',
    'user_agent.name': person.browser,
    'user_agent.version': person.browserVersion,
    'browser.platform': person.platform,
    'geo.country.iso_code': person.country,
    'network.carrier.name': person.operator,
  };
  const event = (name: string, ms: number, attributes: object, source = 'client') => ({
    ...identity(person),
    name,
    source,
    ...at(Math.round(ms)),
    attributes: source === 'client' ? { ...attributes, ...browser } : attributes,
  });
  const iceFailed = person.joinError.startsWith('ICE');
  const rows = [event(events.iceState, person.joinedMs, { state: iceFailed ? 'failed' : 'connected' })];
  // Some come twice: the first time to a room that is full.
  if (person.joinError === 'the room is full' || world.random.next() < 0.01)
    rows.push(event(events.signalingRefused, person.joinedMs, { code: 'room_full', method: 'join' }, 'sfu'));
  if (iceFailed) rows.push(event(events.sfuIceState, person.joinedMs, { state: 'disconnected' }, 'sfu'));
  if (!stayed(person)) return rows;
  rows.push(
    event(events.participantJoined, person.joinedMs, {}, 'sfu'),
    event(events.icePairChanged, person.joinedMs, {
      local_type: person.relayProtocol ? 'relay' : 'host',
      remote_type: 'host',
      protocol: 'udp',
      relay_protocol: person.relayProtocol,
    }),
    event(events.participantLeft, person.leftMs, {}, 'sfu'),
  );
  if (world.random.next() < 0.01)
    rows.push(event(events.sdkDropped, person.leftMs, { reason: 'memory', records: 12 }));
  return rows;
}

function nodeEvents({ startMs, options: { endMs } }: World): Rows {
  return [
    {
      sfu_node_id: overloadedNode,
      name: events.workerDied,
      source: 'sfu',
      ...at(Math.round(startMs + (endMs - startMs) * 0.94)),
      attributes: { worker: '1' },
    },
  ];
}

const codecRow = (person: Person) => ({
  ...identity(person),
  ...at(person.joinedMs),
  stat_id: `codec-${person.codec}`,
  mime_type: `video/${person.codec}`,
  payload_type: 96,
  clock_rate: 90_000,
});

const metricStepMs = 30_000;

function* ticks({ startMs, options: { endMs } }: World): Generator<number> {
  for (let ms = Math.ceil(startMs / metricStepMs) * metricStepMs; ms <= endMs; ms += metricStepMs) yield ms;
}

const metric = (service: string, name: string, ms: number, value: number, more: object = {}) => ({
  service_name: service,
  name,
  type: 'gauge',
  time: ms,
  received_at: ms + 300,
  start_time: ms,
  value,
  attributes: {},
  ...more,
});

function nodeMetrics(world: World): Rows {
  const rows: Rows = [];
  for (const ms of ticks(world)) {
    for (const node of nodeNames) {
      const running = world.calls.filter(
        (call) => call.node === node && call.startMs <= ms && ms < call.endMs,
      );
      const people = running.reduce(
        (sum, call) => sum + call.people.filter((one) => stayed(one) && one.joinedMs <= ms).length,
        0,
      );
      const who = { sfu_node_id: node, service_instance_id: node };
      const strain = node === overloadedNode && world.overloaded(ms) ? 0.5 : 0;
      rows.push(
        metric('callscope-sfu', metrics.rooms, ms, running.length, who),
        metric('callscope-sfu', metrics.participants, ms, people, who),
        metric('callscope-sfu', metrics.transports, ms, people * 2, who),
        ...['audio', 'video'].map((kind) =>
          metric('callscope-sfu', metrics.receivers, ms, people, { ...who, attributes: { kind } }),
        ),
      );
      for (const worker of ['0', '1']) {
        const attributes = { worker };
        const load = 0.06 + people * 0.013 + (worker === '1' ? strain : strain * 0.4);
        rows.push(
          metric('callscope-sfu', metrics.workerCpuRatio, ms, Math.min(0.99, around(world, load, 0.12)), {
            ...who,
            attributes,
          }),
          metric('callscope-sfu', metrics.workerMemoryBytes, ms, around(world, 4.2e7 + people * 4e5, 0.02), {
            ...who,
            attributes,
          }),
        );
      }
    }
  }
  return rows;
}

function pipelineMetrics(world: World): Rows {
  const service = 'callscope-pipelines';
  let jobs = 0;
  return [...ticks(world)].flatMap((ms) => {
    jobs += 30;
    return [
      ...['score', 'detect', 'decide'].flatMap((queue) => [
        metric(
          service,
          metrics.queueDepth,
          ms,
          Math.round(world.random.between(0, queue === 'score' ? 6 : 2)),
          { attributes: { queue } },
        ),
        metric(service, metrics.queueOldestMs, ms, world.random.between(10, 900), { attributes: { queue } }),
        metric(service, metrics.jobDurationMs, ms, 40, {
          attributes: { queue },
          type: 'histogram',
          temporality: 'cumulative',
          start_time: world.startMs,
          count: jobs,
          sum: jobs * (queue === 'score' ? 42 : 15),
        }),
      ]),
      metric(service, metrics.windowLagMs, ms, world.random.between(0, 3_000)),
    ];
  });
}

function collectorMetrics(world: World): Rows {
  const service = 'callscope-collector';
  let minute = 0;
  return [...ticks(world)].flatMap((ms) => {
    minute += 1;
    return [
      metric(service, 'rtc.collector.rows', ms, minute * 21_000, {
        attributes: { table: 'rtc_stats_inbound_rtp' },
        type: 'sum',
      }),
      metric(service, 'rtc.collector.rows', ms, minute * 9_000, {
        attributes: { table: 'rtc_stats_outbound_rtp' },
        type: 'sum',
      }),
      metric(service, 'rtc.collector.refusals', ms, Math.floor(minute / 9), {
        attributes: { reason: 'token_expired' },
        type: 'sum',
      }),
      metric(service, 'rtc.collector.spool_bytes', ms, Math.round(world.random.between(0, 40_000))),
      metric(service, 'rtc.collector.buffered_bytes', ms, Math.round(world.random.between(50_000, 400_000))),
    ];
  });
}

/** Every third call is recorded and written down. */
function recordingEvents(world: World): Rows {
  return world.calls.flatMap((call, index) => {
    if (index % 3 !== 0) return [];
    const failed = index % 60 === 57;
    const told = { ...identity(call.people[0]!), participant_id: '', source: 'recorder' };
    const finished = {
      ...told,
      name: 'rtc.recording.finished',
      ...at(Math.min(call.endMs + 20_000, world.options.endMs)),
      attributes: {
        result: failed ? 'failed' : 'stored',
        reason: failed ? 'upload: 503 from the bucket after 6 attempts' : '',
        duration_ms: String(call.endMs - call.startMs),
      },
    };
    const pieces = [];
    for (let ms = call.startMs + 30_000; ms < call.endMs; ms += 60_000) {
      pieces.push({
        ...told,
        name: 'rtc.transcription.segment',
        ...at(ms),
        attributes: {
          latency_ms: String(Math.round(around(world, 14_000 + (world.overloaded(ms) ? 150_000 : 0), 0.6))),
        },
      });
    }
    return [finished, ...pieces];
  });
}

function recorderMetrics(world: World): Rows {
  let waiting = 0;
  return [...ticks(world)].flatMap((ms) => {
    waiting = Math.max(0, waiting + (world.overloaded(ms) ? 4e6 : -9e6));
    const who = { service_instance_id: 'recorder-1' };
    return [
      metric('callscope-recorder', 'rtc.recorder.buffered_bytes', ms, around(world, 3e7 + waiting, 0.1), who),
      metric(
        'callscope-recorder',
        'rtc.recorder.oldest_pending_seconds',
        ms,
        around(world, 20 + waiting / 1e6, 0.2),
        who,
      ),
    ];
  });
}

/** Two relays; the second fills up and a third comes to its relief. */
function relayMetrics(world: World): Rows {
  const service = 'callscope-turn';
  const bytes = new Map<string, number>();
  return [...ticks(world)].flatMap((ms) => {
    const busy = world.overloaded(ms) ? 34 : 0;
    const relays = busy > 0 ? ['relay-1', 'relay-2', 'relay-3'] : ['relay-1', 'relay-2'];
    return relays.flatMap((relay) => {
      const held = Math.round(around(world, 14 + (relay === 'relay-2' ? busy : busy / 3), 0.15));
      bytes.set(relay, (bytes.get(relay) ?? 0) + held * 9e6);
      const who = { service_instance_id: relay };
      return [
        metric(service, 'rtc.turn.allocations', ms, held, who),
        metric(service, 'rtc.turn.saturation_ratio', ms, Math.min(1, held / 55), who),
        metric(service, 'rtc.turn.bytes', ms, bytes.get(relay)!, { ...who, type: 'sum' }),
        metric(
          service,
          'rtc.turn.refusals',
          ms,
          relay === 'relay-2' ? Math.floor((ms - world.startMs) / 1_200_000) : 0,
          {
            ...who,
            type: 'sum',
            attributes: { reason: 'quota' },
          },
        ),
      ];
    });
  });
}

/** What the pipelines keep of windows: arrived, scored, judged. */
function bookkeeping({ startMs, random, options: { endMs } }: World): Record<string, Rows> {
  const arrivals: Rows = [];
  const runs: Rows = [];
  for (
    let start = Math.ceil(startMs / windowMs) * windowMs;
    start + 3 * windowMs <= endMs;
    start += windowMs
  ) {
    const rows = Math.round(random.between(700, 1_100));
    const arrived = start + windowMs + Math.round(random.between(2_000, 9_000));
    arrivals.push({
      window_start: start,
      tenant_id: 'acme',
      call_id: 'all',
      rows,
      last_received_at: arrived,
    });
    runs.push({
      window_start: start,
      shard: 0,
      shards: 1,
      rows,
      scored_at: arrived + Math.round(random.between(400, 1_600)),
      revision: random.next() < 0.008 ? 2 : 1,
    });
  }
  return {
    window_arrival: arrivals,
    window_run: runs,
    detect_run: [{ shard: 0, shards: 1, through: endMs - 4_000, revision: endMs - 4_000 }],
  };
}
