/**
 * A made-up fleet, minute by minute: people join and talk, and a fault happens to some of them. What they are is by
 * number, with cycles that do not meet, so that nothing but the fault is common to its victims. Rows are as the
 * collector and the pipelines write them. Pure.
 */
import { events, spans } from '../../telemetry/events.ts';

export const minuteMs = 60_000;

export interface Person {
  readonly index: number;
  readonly country: string;
  readonly operator: string;
  readonly node: string;
  readonly browser: string;
}

export interface Trouble {
  /** The join fails, with this message. */
  readonly joinError?: string;
  /** Lost on the way to them, 0 to 1. */
  readonly lossRatio?: number;
  readonly mos?: number;
  /** Kind of an incident that the detectors found about them. */
  readonly incident?: string;
}

export interface FleetOptions {
  readonly fromMinute: number;
  readonly toMinute: number;
  readonly joinsPerMinute: number;
  /** Scored windows of 5 s that each person has. @default 12 */
  readonly windowsEach?: number;
  readonly trouble?: (person: Person, minute: number) => Trouble;
  /** Per minute: recordings that ended, and how many of them were stored and failed. */
  readonly recordings?: (minute: number) => { stopped: number; stored: number; failed: number };
}

const noTrouble = (): Trouble => ({});
const countries = ['DE', 'FR', 'PL', 'BR'];
const operators = ['o1', 'o2', 'o1', 'o3', 'o1'];
const nodes = ['sfu-1', 'sfu-2', 'sfu-3'];
const browsers = ['Chrome', 'Firefox', 'Chrome', 'Safari', 'Chrome', 'Chrome', 'Chrome'];

const personOf = (index: number): Person => ({
  index,
  country: countries[index % countries.length]!,
  operator: operators[index % operators.length]!,
  node: nodes[index % nodes.length]!,
  browser: browsers[index % browsers.length]!,
});

/** Who and when, as every row has it; times are epoch ms. */
interface Base {
  readonly tenant_id: string;
  readonly call_id: string;
  readonly participant_id: string;
  readonly sfu_node_id: string;
  readonly time: number;
}

export interface JoinSpan extends Base {
  readonly name: string;
  readonly source: string;
  /** Hex, 32 and 16 digits. */
  readonly trace_id: string;
  readonly span_id: string;
  readonly duration_us: number;
  readonly status_code: 'ok' | 'error';
  readonly status_message: string;
}

export interface Happening extends Base {
  readonly name: string;
  readonly source: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface FleetRows {
  readonly spans: JoinSpan[];
  readonly events: Happening[];
  /** Rows of `stream_score` and `incident`. */
  readonly scores: object[];
  readonly incidents: object[];
}

const tenant = 'acme';
const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');

export function fleetRows(options: FleetOptions): FleetRows {
  const rows: FleetRows = { spans: [], events: [], scores: [], incidents: [] };
  for (let minute = options.fromMinute; minute < options.toMinute; minute += 1) {
    for (let i = 0; i < options.joinsPerMinute; i += 1)
      addJoin(rows, options, minute, Math.floor((i * minuteMs) / options.joinsPerMinute));
    addRecordings(rows, options, minute);
  }
  return rows;
}

function addJoin(rows: FleetRows, options: FleetOptions, minute: number, afterMs: number): void {
  const { joinsPerMinute, trouble = noTrouble, windowsEach = 12 } = options;
  // By time and not by place in the list, so that a fleet made day by day has nobody twice.
  const index = minute * joinsPerMinute + Math.round((afterMs * joinsPerMinute) / minuteMs);
  const person = personOf(index);
  const { joinError, lossRatio, mos, incident } = trouble(person, minute);
  const time = minute * minuteMs + afterMs;
  const who = {
    tenant_id: tenant,
    call_id: `call-${Math.floor(index / 3)}`,
    participant_id: `p${index}`,
    sfu_node_id: person.node,
  };
  rows.spans.push({
    ...who,
    time,
    name: spans.join,
    source: 'client',
    trace_id: hex(index + 1, 32),
    span_id: hex(index + 1, 16),
    duration_us: 900_000,
    status_code: joinError ? 'error' : 'ok',
    status_message: joinError ?? '',
  });
  rows.events.push({
    ...who,
    time,
    name: events.signalingState,
    source: 'client',
    attributes: {
      'geo.country.iso_code': person.country,
      'network.carrier.name': person.operator,
      'user_agent.name': person.browser,
    },
  });
  if (incident) {
    rows.incidents.push({
      tenant_id: who.tenant_id,
      call_id: who.call_id,
      incident_id: `${incident}-${index}`,
      kind: incident,
      detector: `${incident}@1`,
      hop: 'unknown',
      participant_id: who.participant_id,
      severity: 'severe',
      confidence: 0.9,
      started_at: time,
      detected_at: time + 2_000,
      affected: [who.participant_id],
      revision: 1,
    });
  }
  if (joinError) return;
  rows.events.push({ ...who, time, name: events.participantJoined, source: 'sfu', attributes: {} });
  for (let window = 0; window < windowsEach; window += 1) {
    rows.scores.push({
      tenant_id: who.tenant_id,
      call_id: who.call_id,
      window_start: minute * minuteMs + window * 5_000,
      window_ms: 5_000,
      point: 'receiver',
      kind: 'audio',
      source: 'microphone',
      receiver_id: who.participant_id,
      consumer_id: `c${index}`,
      sfu_node_id: person.node,
      mos: mos ?? 4.3,
      scale: 'fullband',
      model: 'made-up@1',
      confidence: 0.9,
      loss_ratio: lossRatio ?? 0.001,
      jitter_ms: 5,
      delay_ms: 120,
      revision: 1,
      scored_at: minute * minuteMs + 70_000,
    });
  }
}

function addRecordings(rows: FleetRows, { recordings }: FleetOptions, minute: number): void {
  const { stopped, stored, failed } = recordings?.(minute) ?? { stopped: 0, stored: 0, failed: 0 };
  const add = (name: string, nth: number, attributes: Record<string, string>) =>
    rows.events.push({
      tenant_id: tenant,
      call_id: `recorded-${minute}-${nth}`,
      participant_id: '',
      sfu_node_id: '',
      time: minute * minuteMs + nth * 1_000,
      name,
      source: 'recorder',
      attributes,
    });
  for (let n = 0; n < stopped; n += 1) add(events.recordingStopped, n, {});
  for (let n = 0; n < stored; n += 1) add(events.recordingFinished, n, { result: 'stored' });
  for (let n = 0; n < failed; n += 1)
    add(events.recordingFinished, stored + n, { result: 'failed', reason: 'upload: 503 from storage' });
}
