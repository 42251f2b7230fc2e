/**
 * A made-up fleet in a real ClickHouse: people join and talk, minute by minute, and a fault happens to some of them.
 * What they are is by number, with cycles that do not meet, so that nothing but the fault is common to its victims.
 */
import type { TestStore } from '../support/store.ts';

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
  /** Kind of an incident that the detectors found about them. */
  readonly incident?: string;
}

export interface FleetOptions {
  readonly fromMinute: number;
  readonly toMinute: number;
  readonly joinsPerMinute: number;
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

export async function fillFleet(store: TestStore, options: FleetOptions): Promise<void> {
  const { fromMinute, toMinute, joinsPerMinute, trouble = noTrouble, recordings } = options;
  const spans: object[] = [];
  const events: object[] = [];
  const scores: object[] = [];
  const incidents: object[] = [];
  for (let minute = fromMinute; minute < toMinute; minute += 1) {
    for (let i = 0; i < joinsPerMinute; i += 1) {
      const person = personOf((minute - fromMinute) * joinsPerMinute + i);
      const who = {
        tenant_id: 'acme',
        call_id: `call-${Math.floor(person.index / 3)}`,
        participant_id: `p${person.index}`,
        sfu_node_id: person.node,
      };
      const ms = minute * minuteMs + Math.floor((i * minuteMs) / joinsPerMinute);
      const at = { time: ms, client_time: ms, received_at: ms + 2_000 };
      const { joinError, lossRatio, incident } = trouble(person, minute);
      spans.push({
        ...who,
        ...at,
        name: 'rtc.join',
        source: 'client',
        trace_id: `t${person.index}`,
        span_id: `s${person.index}`,
        duration_us: 900_000,
        status_code: joinError ? 'error' : 'ok',
        status_message: joinError ?? '',
      });
      events.push({
        ...who,
        ...at,
        name: 'rtc.signaling.state',
        source: 'client',
        attributes: {
          'geo.country.iso_code': person.country,
          'network.carrier.name': person.operator,
          'user_agent.name': person.browser,
        },
      });
      if (incident) {
        incidents.push({
          tenant_id: who.tenant_id,
          call_id: who.call_id,
          incident_id: `${incident}-${person.index}`,
          kind: incident,
          detector: `${incident}@1`,
          hop: 'unknown',
          participant_id: who.participant_id,
          severity: 'severe',
          confidence: 0.9,
          started_at: ms,
          detected_at: ms + 2_000,
          affected: [who.participant_id],
          revision: 1,
        });
      }
      if (joinError) continue;
      events.push({ ...who, ...at, name: 'rtc.participant.joined', source: 'sfu' });
      for (let window = 0; window < 12; window += 1) {
        scores.push({
          tenant_id: who.tenant_id,
          call_id: who.call_id,
          window_start: minute * minuteMs + window * 5_000,
          window_ms: 5_000,
          point: 'receiver',
          kind: 'audio',
          source: 'microphone',
          receiver_id: who.participant_id,
          consumer_id: `c${person.index}`,
          sfu_node_id: person.node,
          mos: 4.3,
          scale: 'fullband',
          model: 'test@1',
          confidence: 0.9,
          loss_ratio: lossRatio ?? 0.001,
          jitter_ms: 5,
          delay_ms: 120,
          revision: 1,
          scored_at: minute * minuteMs + 70_000,
        });
      }
    }
    const { stopped, stored, failed } = recordings?.(minute) ?? { stopped: 0, stored: 0, failed: 0 };
    const recording = (name: string, result: string, nth: number) => {
      const ms = minute * minuteMs + nth * 1_000;
      events.push({
        tenant_id: 'acme',
        call_id: `recorded-${minute}-${nth}`,
        time: ms,
        client_time: ms,
        received_at: ms,
        name,
        source: 'recorder',
        attributes: { result, ...(result === 'failed' ? { reason: 'upload: 503 from storage' } : {}) },
      });
    };
    for (let n = 0; n < stopped; n += 1) recording('rtc.recording.stopped', '', n);
    for (let n = 0; n < stored; n += 1) recording('rtc.recording.finished', 'stored', n);
    for (let n = 0; n < failed; n += 1) recording('rtc.recording.finished', 'failed', stored + n);
  }
  const insert = (table: string, values: object[]) =>
    values.length > 0 ? store.client.insert({ table, values, format: 'JSONEachRow' }) : undefined;
  await insert('rtc_span', spans);
  await insert('rtc_event', events);
  await insert('stream_score', scores);
  await insert('incident', incidents);
}
