/** A run of the demo in which all went well, to be spoilt by the tests in one way at a time. Start of call: 1,000,000. */
import { emptyCounters } from '../../../lab/network/relay.ts';
import type { Marks } from '../../../runtime/demo/marks.ts';
import type { CallRecords, Decision, Incident, Score } from '../../../runtime/demo/records.ts';
import type { RunFacts } from '../../../runtime/demo/report.ts';

export const start = 1_000_000;
export const [ana, bruno, chiara] = [
  { participantId: 'p-a', name: 'Ana' },
  { participantId: 'p-b', name: 'Bruno' },
  { participantId: 'p-c', name: 'Chiara' },
] as const;

export const marks: Marks = {
  participants: [ana, bruno, chiara],
  target: bruno,
  fault: { bitrateBps: 250_000, lossRatio: 0.05 },
  readyMs: start + 5_000,
  faultOnMs: start + 25_000,
  faultOffMs: start + 55_000,
  endMs: start + 95_000,
};

export function score(change: Partial<Score>): Score {
  return {
    window_start: start,
    window_ms: 5_000,
    point: 'receiver',
    kind: 'audio',
    sender_id: ana.participantId,
    receiver_id: bruno.participantId,
    producer_id: 'ana-audio',
    consumer_id: 'bruno-ana-audio',
    mos: 4.2,
    scale: 'fullband',
    model: 'callscope-audio@1',
    confidence: 0.8,
    unclassified: '',
    bitrate_bps: 32_000,
    loss_ratio: 0,
    concealed_ratio: 0,
    frozen_ms: null,
    ...change,
  };
}

export const incident: Incident = {
  incident_id: 'i-1',
  kind: 'downlink_congestion',
  hop: 'downlink',
  participant_id: bruno.participantId,
  subject_id: 'transport-1',
  severity: 'severe',
  confidence: 0.9,
  started_at: start + 25_600,
  detected_at: start + 27_000,
  ended_at: start + 60_000,
  evidence: '{"lossRatio":0.21}',
  sentence: "Bruno's connection cannot carry what is sent to it.",
};

export const decision: Decision = {
  decision_id: 'd-1',
  incident_id: 'i-1',
  kind: 'cap_layers',
  participant_id: bruno.participantId,
  params: '{"spatialLayer":0,"temporalLayer":1,"drainMs":2000}',
  reason: 'downlink holds less than the top layer',
  sent_at: start + 27_050,
  applied_at: start + 27_200,
  lifted_at: start + 62_000,
  lift_reason: 'recovered',
  outcome: 'better',
  outcome_evidence: '{}',
};

/** Every window of the call for everybody, both kinds; Bruno's are poor while the fault lasts. */
export function scores(): Score[] {
  const rows: Score[] = [];
  for (let at = 0; at < 95_000; at += 5_000) {
    for (const receiver of [ana, bruno, chiara]) {
      for (const kind of ['audio', 'video'] as const) {
        const bad = receiver === bruno && at >= 25_000 && at < 55_000;
        rows.push(
          score({
            window_start: start + at,
            receiver_id: receiver.participantId,
            kind,
            scale: kind === 'audio' ? 'fullband' : 'video',
            mos: bad ? 2 : 4.2,
            loss_ratio: bad ? 0.2 : 0,
          }),
        );
      }
    }
  }
  return rows;
}

const joined = ({ participantId, name }: typeof ana | typeof bruno | typeof chiara, atMs: number) => ({
  name: 'rtc.participant.joined',
  time: start + atMs,
  participant_id: participantId,
  producer_id: '',
  consumer_id: '',
  attributes: { display_name: name },
});

export function records(change: Partial<CallRecords> = {}): CallRecords {
  return {
    scores: scores(),
    incidents: [incident],
    decisions: [decision],
    events: [joined(ana, 0), joined(bruno, 800), joined(chiara, 900)],
    forwarding: [],
    ...change,
  };
}

export const facts: RunFacts = {
  date: '2030-01-01T00:00:00.000Z',
  seed: 7,
  callId: 'c-1',
  roomId: 'demo',
  machine: {
    platform: 'linux',
    arch: 'x64',
    cpu: 'a processor',
    cores: 2,
    memoryBytes: 8e9,
    node: 'v24.0.0',
  },
  browser: { name: 'Chromium', version: '156.0' },
  mediasoup: { version: '3.27.1' },
  clickhouse: { version: '26.7', rows: 12_345 },
  network: [
    {
      participant: bruno.participantId,
      name: bruno.name,
      line: '127.1.0.2:44400',
      counters: { up: emptyCounters(), down: { ...emptyCounters(), packetsIn: 1000 } },
    },
  ],
};
