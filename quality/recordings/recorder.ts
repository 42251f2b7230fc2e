/**
 * Collects what a reader of any format finds, in whatever order it comes, and makes a recording of it.
 *
 * A browser knows nothing of our ids, so they are made here: the connection is the transport, the source (mid,
 * media source or kind) the producer, the SSRC the consumer. One peer connection may carry both directions, which
 * with us are two transports: then what it sends is on `<connection>/send`.
 */
import type { RawStats } from '../../telemetry/browser-stats.ts';
import { events } from '../../telemetry/events.ts';
import type { DecisionRow } from '../../telemetry/rows.ts';
import type { CallSamples, EventSample } from '../samples.ts';
import { ConnectionRecorder } from './connection-recorder.ts';
import { type Place, RecordingError } from './error.ts';
import type { Limits } from './limits.ts';
import type { Recording, RecordingFormat, StateOf } from './recording.ts';
import { readReport } from './report.ts';
import { emptyResults, type GrowingResults } from './results.ts';
import { type AnySample, sampleTables } from './rows.ts';

export type GrowingSamples = Record<(typeof sampleTables)[number], AnySample[]>;

/** The one participant of a browser's own recording. */
export const localParticipant = 'local';
const localName = 'This client';
const recordedCall = 'recording';

const stateEvents: Partial<Record<StateOf, string>> = {
  connection: events.connectionState,
  ice: events.iceState,
  gathering: events.iceGatheringState,
  dtls: events.dtlsState,
};

/** 2001 to 2100: times outside are other clocks, or no times. */
export const isTime = (value: unknown): value is number =>
  typeof value === 'number' && value >= 1e12 && value < 4.1e12;

export class Recorder {
  /** Where in the recording the reader is; named by errors. */
  place: Place = { line: 1 };
  userAgent = '';
  tenantId = '';
  callId = recordedCall;
  readonly decisions: DecisionRow[] = [];
  readonly results: GrowingResults = emptyResults();
  readonly codecs = new Map<string, string>();
  readonly screens = new Set<string>();
  readonly limits: Limits;
  readonly #rows = Object.fromEntries(sampleTables.map((table) => [table, []])) as unknown as GrowingSamples;
  readonly #events: EventSample[] = [];
  readonly #connections = new Map<string, ConnectionRecorder>();
  readonly #warnings = new Map<string, { times: number; place: Place }>();
  #samples = 0;
  #happenings = 0;

  constructor(limits: Limits) {
    this.limits = limits;
  }

  fail(what: string): never {
    throw new RecordingError(what, this.place);
  }

  /** Tells once of each kind of thing that is not read. */
  warn(what: string): void {
    const known = this.#warnings.get(what);
    if (known) known.times++;
    else if (this.#warnings.size < 50) this.#warnings.set(what, { times: 1, place: this.place });
  }

  connection(id: string, participantId = localParticipant): ConnectionRecorder {
    const known = this.#connections.get(id);
    if (known) return known;
    if (this.#connections.size >= this.limits.connections) {
      this.fail(`more than ${this.limits.connections} connections`);
    }
    const connection = new ConnectionRecorder(id.slice(0, 200), participantId);
    this.#connections.set(id, connection);
    return connection;
  }

  /** Counts what is kept of a connection beside events, within the same bound. */
  happened(): void {
    if (++this.#happenings > this.limits.events) this.fail(`more than ${this.limits.events} events`);
  }

  event(name: string, time: number, attributes: Record<string, string>, transportId = ''): void {
    this.addEvent({
      tenant_id: this.tenantId,
      call_id: this.callId,
      participant_id: localParticipant,
      transport_id: transportId,
      producer_id: '',
      consumer_id: '',
      name,
      time,
      attributes,
    });
  }

  /** A row of a table of results; counts as an event, windows as samples. */
  addResult<T extends keyof GrowingResults>(table: T, row: GrowingResults[T][number]): void {
    if (table === 'stream_score') this.#count();
    else this.happened();
    (this.results[table] as GrowingResults[T][number][]).push(row);
  }

  addEvent(event: EventSample): void {
    this.happened();
    this.#events.push(event);
  }

  /** A state of a connection, as the browser told it; with the event that a client of ours would have sent. */
  state(connectionId: string, of: StateOf, state: string, time: number): void {
    this.happened();
    const connection = this.connection(connectionId);
    connection.states.push({ time, of, state });
    const name = stateEvents[of];
    if (name) this.event(name, time, { state }, connection.id);
  }

  /** One getStats report. */
  report(connectionId: string, reportedAt: number, objects: readonly RawStats[]): void {
    const connection = this.connection(connectionId);
    readReport(this, connection, reportedAt, objects);
  }

  addSample(table: keyof GrowingSamples, row: AnySample): void {
    this.#count();
    this.#rows[table].push(row);
  }

  #count(): void {
    if (++this.#samples > this.limits.samples) {
      this.fail(`more than ${this.limits.samples} samples; split the recording or raise --max-samples`);
    }
  }

  finish(format: RecordingFormat): Recording {
    const byTime = (a: { time: number }, b: { time: number }) => a.time - b.time;
    const connections = [...this.#connections.values()];
    for (const connection of connections) connection.states.sort(byTime);
    if (format !== 'callscope') this.#placeOnLinks(new Map(connections.map((c) => [c.id, c])));
    for (const rows of Object.values(this.#rows)) rows.sort(byTime);
    this.#events.sort(byTime);
    const names = new Map(
      this.#events
        .filter((e) => e.name === events.participantJoined && e.attributes.display_name)
        .map((e) => [e.participant_id, e.attributes.display_name!]),
    );
    if (format !== 'callscope') names.set(localParticipant, localName);
    return {
      format,
      userAgent: this.userAgent,
      samples: {
        ...this.#rows,
        tenantId: this.tenantId,
        callId: this.callId,
        events: this.#events,
      } as unknown as CallSamples,
      decisions: this.decisions,
      results: this.results,
      names,
      codecs: this.codecs,
      screens: this.screens,
      connections: connections.map((connection) => connection.log()),
      warnings: [...this.#warnings].map(([what, { times, place }]) => {
        const where = place.line === undefined ? '' : `line ${place.line}: `;
        return `${where}${what}${times > 1 ? ` (and ${times - 1} times more)` : ''}`;
      }),
    };
  }

  /**
   * A connection that carries both directions is two transports: what it sends goes on a link of its own, with the
   * pair in use once more. Its states stay on the connection, so that nothing it does is told twice.
   * Browsers that do not tell the ICE state by statistics told it by events.
   */
  #placeOnLinks(connections: ReadonlyMap<string, ConnectionRecorder>): void {
    const bothWays = (row: AnySample) => connections.get(row.transport_id)!.directions().length > 1;
    for (const table of ['outbound_rtp', 'remote_inbound_rtp', 'media_source'] as const) {
      this.#rows[table] = this.#rows[table].map((row) => (bothWays(row) ? onSendLink(row) : row));
    }
    this.#rows.candidate_pair = this.#rows.candidate_pair.flatMap((row) =>
      bothWays(row) ? [row, onSendLink(row)] : [row],
    );
    this.#rows.transport = this.#rows.transport.map((row) => {
      if ((row as { ice_state?: string }).ice_state !== '') return row;
      return { ...row, ice_state: connections.get(row.transport_id)!.iceStateAt(row.time) } as AnySample;
    });
  }
}

const onSendLink = (row: AnySample): AnySample => ({ ...row, transport_id: `${row.transport_id}/send` });
