/** All promises of the service. Adding one: an entry here, and a runbook of its name. */
import { events, metrics } from '../../telemetry/events.ts';
import type { Dimension, Slo } from './slo.ts';
import {
  arrivals,
  callsWith,
  counted,
  eventsOf,
  joins,
  peopleJoining,
  peopleReceiving,
  readings,
  seenEvents,
  seenReadings,
  windows,
} from './sources.ts';

const ofPeople: readonly Dimension[] = [
  'country',
  'operator',
  'browser',
  'browser_version',
  'platform',
  'sfu_node_id',
  'candidate_type',
  'protocol',
  'relay_protocol',
];
const ofMedia: readonly Dimension[] = [...ofPeople, 'video_codec'];

/** The budget is counted over four weeks, so that every window holds as many weekends. */
const windowDays = 28;
/** One failed join of three is no trend. */
const fewEvents = 5;
/** A window is 5 s of one stream: less than five people for two and a half minutes on two streams. */
const fewWindows = 300;

const promise = (slo: Omit<Slo, 'windowDays' | 'runbook'>): Slo => ({
  ...slo,
  windowDays,
  runbook: `alerts/runbooks/${slo.name}.md`,
});

export const slos: readonly Slo[] = [
  promise({
    name: 'join-success',
    title: 'Join success',
    promise: 'more than 99.9 % of joins succeed',
    objective: 0.999,
    minutes: joins('sum(spans) - sum(failed)'),
    witness: seenEvents(events.participantJoined, 'sfu'),
    fewestBad: fewEvents,
    suffering: 'cannot join',
    people: peopleJoining("status_code = 'error'"),
    dimensions: ofPeople,
    blindSeverity: 'ticket',
    board: 'join',
    owner: 'media-sre',
  }),
  promise({
    name: 'time-to-join',
    title: 'Time to join',
    promise: '95 % of joins take less than 3 s',
    objective: 0.95,
    minutes: joins('sum(within_3s)'),
    witness: seenEvents(events.participantJoined, 'sfu'),
    fewestBad: fewEvents,
    suffering: 'wait longer than 3 s to join, or cannot',
    people: peopleJoining("status_code = 'error' OR duration_us > 3000000"),
    dimensions: ofPeople,
    blindSeverity: 'ticket',
    board: 'join',
    owner: 'media-sre',
  }),
  promise({
    name: 'latency',
    title: 'End-to-end latency',
    promise: '95 % of windows are heard and seen within 300 ms',
    objective: 0.95,
    minutes: windows('delay_good', 'delay_known'),
    witness: arrivals,
    fewestBad: fewWindows,
    suffering: 'hear and see others more than 300 ms late',
    people: peopleReceiving('delay_ms >= 300', 'delay_ms IS NOT NULL'),
    dimensions: ofMedia,
    blindSeverity: 'ticket',
    board: 'quality',
    owner: 'media-sre',
  }),
  promise({
    name: 'jitter',
    title: 'Jitter',
    promise: '95 % of windows have less than 30 ms',
    objective: 0.95,
    minutes: windows('jitter_good', 'jitter_known'),
    witness: arrivals,
    fewestBad: fewWindows,
    suffering: 'receive media with more than 30 ms of jitter',
    people: peopleReceiving('jitter_ms >= 30', 'jitter_ms IS NOT NULL'),
    dimensions: ofMedia,
    blindSeverity: 'ticket',
    board: 'quality',
    owner: 'media-sre',
  }),
  promise({
    name: 'loss',
    title: 'Loss',
    promise: '95 % of windows lose less than 1 % of packets',
    objective: 0.95,
    minutes: windows('loss_good', 'loss_known'),
    witness: arrivals,
    fewestBad: fewWindows,
    suffering: 'lose more than 1 % of packets',
    people: peopleReceiving('loss_ratio >= 0.01', 'loss_ratio IS NOT NULL'),
    dimensions: ofMedia,
    blindSeverity: 'ticket',
    board: 'quality',
    owner: 'media-sre',
  }),
  promise({
    name: 'mos',
    title: 'MOS',
    promise: '90 % of audio windows score above 4.0',
    objective: 0.9,
    minutes: windows('mos_good', 'scored', "'audio'"),
    witness: arrivals,
    fewestBad: fewWindows,
    suffering: 'hear others badly (MOS 4.0 or less)',
    people: peopleReceiving('mos <= 4', 'mos IS NOT NULL', "'audio'"),
    dimensions: ofMedia,
    blindSeverity: 'ticket',
    board: 'quality',
    owner: 'media-sre',
  }),
  promise({
    name: 'recording',
    title: 'Recording',
    promise: 'more than 99 % of recordings are stored',
    objective: 0.99,
    minutes: eventsOf(events.recordingFinished, "detail = 'stored'"),
    witness: seenEvents(events.recordingStopped, 'recorder'),
    fewestBad: 3,
    suffering: 'have lost their recording',
    people: callsWith(events.recordingFinished, "attributes['result'] != 'stored'"),
    dimensions: [],
    blindSeverity: 'page',
    board: 'recording',
    owner: 'recording',
  }),
  promise({
    name: 'transcription',
    title: 'Transcription',
    promise: '95 % of transcripts are there within 5 min',
    objective: 0.95,
    minutes: counted('transcription'),
    witness: seenEvents(events.transcriptionStarted, 'transcriber'),
    fewestBad: fewEvents,
    suffering: 'wait more than 5 min for their transcript',
    people: callsWith(events.transcriptionSegment, "toFloat64OrZero(attributes['latency_ms']) > 300000"),
    dimensions: [],
    blindSeverity: 'ticket',
    board: 'recording',
    owner: 'recording',
  }),
  promise({
    name: 'ingest-freshness',
    title: 'Ingest freshness',
    promise: '99 % of samples have arrived 30 s after their window ended',
    objective: 0.99,
    minutes: counted('ingest-freshness'),
    witness: seenReadings('callscope-sfu', metrics.participants, 'value > 0'),
    fewestBad: fewWindows,
    suffering: 'samples come more than 30 s late: what the other promises say is old',
    dimensions: [],
    blindSeverity: 'page',
    board: 'pipelines',
    owner: 'platform',
  }),
  promise({
    name: 'loop-health',
    title: 'Loop health',
    promise: '99 % of readings of the oldest job are under 10 s',
    objective: 0.99,
    minutes: readings('callscope-pipelines', metrics.queueOldestMs, 'value < 10000'),
    fewestBad: fewEvents,
    suffering: 'readings of the queues show a job older than 10 s: calls are judged too late to be helped',
    dimensions: [],
    blindSeverity: 'ticket',
    board: 'pipelines',
    owner: 'platform',
  }),
];

/** @throws Error naming those there are */
export function sloNamed(name: string): Slo {
  const slo = slos.find((one) => one.name === name);
  if (slo) return slo;
  throw new Error(`there is no SLO "${name}"; there are ${slos.map((one) => one.name).join(', ')}`);
}
