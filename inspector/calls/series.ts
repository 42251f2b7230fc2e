/**
 * The charts of one participant, from raw samples: differences of counters spread over the time between two samples,
 * gauges held until the next one, summed into as many equal steps as there are pixels. Pure, and the same for stored
 * calls and recordings; the store only leaves out samples that would fall into a step that has one already.
 */
import type { Sample } from '../../quality/samples.ts';
import type { Chart, Line, SeriesAnswer } from '../contract.ts';
import { StepSums } from './step-sums.ts';

export interface SeriesRows {
  /** What the participant receives and sends, as its browser counted it. */
  readonly inbound: readonly Sample<'inbound_rtp'>[];
  readonly outbound: readonly Sample<'outbound_rtp'>[];
  readonly remoteInbound: readonly Sample<'remote_inbound_rtp'>[];
  readonly pairs: readonly Sample<'candidate_pair'>[];
  /** What the SFU believes of the way to the participant. */
  readonly sfuTransports: readonly Sample<'sfu_transport'>[];
  /** Scores of what it receives, already in steps; null where there is none. */
  readonly scores: ScoreSteps;
}

export interface ScoreSteps {
  /** Worst stream in the step. */
  readonly heard: readonly (number | null)[];
  readonly seen: readonly (number | null)[];
  /** Share of time without a new picture, 0 to 1, of the worst stream. */
  readonly frozen: readonly (number | null)[];
  readonly layerLow: readonly (number | null)[];
  readonly layerHigh: readonly (number | null)[];
}

export interface Steps {
  readonly from: number;
  readonly stepMs: number;
  readonly steps: number;
}

/** Clients sample every second at the quickest; finer steps would hold nothing. */
const leastStepMs = 1_000;
const mostSteps = 2_000;

/** Whole seconds, so that windows of seconds fall into place. */
export function stepsOf(from: number, to: number, points: number): Steps {
  const wanted = Math.min(mostSteps, Math.max(10, Math.floor(points)));
  const span = Math.max(leastStepMs, to - from);
  const stepMs = Math.max(1, Math.ceil(span / wanted / leastStepMs)) * leastStepMs;
  const start = Math.floor(from / stepMs) * stepMs;
  return { from: start, stepMs, steps: Math.max(1, Math.ceil((to - start) / stepMs)) };
}

export function participantSeries(
  participantId: string,
  senderId: string,
  rows: SeriesRows,
  steps: Steps,
): SeriesAnswer {
  const { inbound, outbound, remoteInbound, pairs, sfuTransports, scores } = rows;
  const counted = <R extends { transport_id: string; stat_id: string; time: number }>(
    all: readonly R[],
    of: (row: R) => number | null,
  ) => StepSums.ofCounter(all, of, steps);
  const gauge = <R extends { transport_id: string; stat_id: string; time: number }>(
    all: readonly R[],
    of: (row: R) => number | null,
    pick: 'max' | 'min' | 'mean' = 'mean',
  ) => StepSums.ofGauge(all, of, pick, steps);
  const audioIn = inbound.filter((r) => r.kind === 'audio');
  const videoIn = inbound.filter((r) => r.kind === 'video');
  const videoOut = outbound.filter((r) => r.kind === 'video');
  const recv = sfuTransports.filter((r) => r.direction === 'recv');

  const lostIn = counted(inbound, (r) => r.packets_lost);
  const gotIn = counted(inbound, (r) => r.packets_received);
  const cpu = counted(videoOut, (r) => r.quality_limitation_durations_cpu_us);
  const narrow = counted(videoOut, (r) => r.quality_limitation_durations_bandwidth_us);
  const decodeUs = counted(videoIn, (r) => r.total_decode_time_us);

  const charts: Chart[] = [
    chart('mos', 'Quality of the worst stream', 'MOS', [
      line('heard', 'heard', scores.heard),
      line('seen', 'seen', scores.seen),
    ]),
    chart('bitrate', 'Bit rate', 'kbit/s', [
      line('received', 'received', counted(inbound, (r) => r.bytes_received).perSecond(8 / 1000)),
      line('sent', 'sent', counted(outbound, (r) => r.bytes_sent).perSecond(8 / 1000)),
      line(
        'down',
        'estimated down',
        gauge(recv, (r) => r.bwe_available_bitrate ?? r.available_outgoing_bitrate).values(1 / 1000),
      ),
      line('up', 'estimated up', gauge(pairs, (r) => r.available_outgoing_bitrate, 'max').values(1 / 1000)),
    ]),
    chart('loss', 'Packets lost', '%', [
      line('down', 'received', lostIn.shareOf(gotIn, 100)),
      line('up', 'sent', gauge(remoteInbound, (r) => r.fraction_lost, 'max').values(100)),
    ]),
    chart('concealed', 'Sound made up to cover loss', '%', [
      line(
        'concealed',
        'concealed',
        concealedSums(audioIn, counted).ratioTo(
          counted(audioIn, (r) => r.total_samples_received),
          100,
        ),
      ),
    ]),
    chart('roundTrip', 'Round trip', 'ms', [
      line('pair', 'connection', gauge(pairs, (r) => r.current_round_trip_time_us, 'max').values(1 / 1000)),
      line('media', 'media sent', gauge(remoteInbound, (r) => r.round_trip_time_us, 'max').values(1 / 1000)),
    ]),
    chart('jitter', 'Jitter', 'ms', [
      line('audio', 'audio', gauge(audioIn, (r) => r.jitter_us, 'max').values(1 / 1000)),
      line('video', 'video', gauge(videoIn, (r) => r.jitter_us, 'max').values(1 / 1000)),
      line('sent', 'sent', gauge(remoteInbound, (r) => r.jitter_us, 'max').values(1 / 1000)),
    ]),
    chart('jitterBuffer', 'Jitter buffer', 'ms', [
      line('audio', 'audio', bufferMs(audioIn, counted)),
      line('video', 'video', bufferMs(videoIn, counted)),
    ]),
    chart('fps', 'Frames per second', 'fps', [
      line('received', 'received (mean)', counted(videoIn, (r) => r.frames_decoded).meanPerSecond()),
      line('sent', 'sent (best layer)', gauge(videoOut, (r) => r.frames_per_second, 'max').values(1)),
    ]),
    chart('height', 'Picture height', 'px', [
      line('received', 'received (largest)', gauge(videoIn, (r) => r.frame_height, 'max').values(1)),
      line('sent', 'sent (largest)', gauge(videoOut, (r) => r.frame_height, 'max').values(1)),
    ]),
    chart('frozen', 'Picture standing still', '%', [
      line('frozen', 'worst stream', scaled(scores.frozen, 100)),
    ]),
    chart('layers', 'Layer received', 'layer', [
      line('low', 'lowest', scores.layerLow),
      line('high', 'highest', scores.layerHigh),
    ]),
    chart('cpu', 'Limits of the device and the uplink', '% of time', [
      line('cpu', 'processor', cpu.meanPerSecond(100 / 1e6)),
      line('bandwidth', 'bandwidth', narrow.meanPerSecond(100 / 1e6)),
      line('decode', 'decoding', decodeUs.perSecond(100 / 1e6)),
    ]),
  ];
  return { participantId, senderId, ...steps, charts };
}

type Counted = <R extends { transport_id: string; stat_id: string; time: number }>(
  all: readonly R[],
  of: (row: R) => number | null,
) => StepSums;

/** Silence that was made up is nothing that anybody hears. */
const concealedSums = (rows: readonly Sample<'inbound_rtp'>[], counted: Counted): StepSums =>
  counted(rows, (r) =>
    r.concealed_samples === null ? null : r.concealed_samples - (r.silent_concealed_samples ?? 0),
  );

const bufferMs = (rows: readonly Sample<'inbound_rtp'>[], counted: Counted): (number | null)[] =>
  counted(rows, (r) => r.jitter_buffer_delay_us).ratioTo(
    counted(rows, (r) => r.jitter_buffer_emitted_count),
    1 / 1000,
  );

const scaled = (values: readonly (number | null)[], factor: number) =>
  values.map((value) => (value === null ? null : round(value * factor)));

const line = (key: string, label: string, values: readonly (number | null)[]): Line => ({
  key,
  label,
  values,
});
const chart = (key: string, title: string, unit: string, lines: Line[]): Chart => ({
  key,
  title,
  unit,
  lines,
});

/** Three digits are what a chart shows, and half the bytes of an answer. */
const round = (value: number): number => Number(value.toPrecision(4));
