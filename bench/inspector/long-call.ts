/**
 * A long call of many, made inside the store: everybody hears and sees everybody, sampled every two seconds and scored
 * every five, with one bad quarter of an hour for the first participant.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import { minuteSqls } from '../../pipelines/store/store.ts';

export interface LongCall {
  readonly callId: string;
  readonly participants: number;
  readonly startMs: number;
  readonly endMs: number;
  /** Rows of raw samples. */
  readonly samples: number;
  /** Rows of scores, at all points of observation. */
  readonly scores: number;
}

const sampleMs = 2_000;
const windowMs = 5_000;
/** Audio, and three layers of video. */
const sentStreams = 4;

/** @param rows of samples; the call is as long as that takes */
export function longCall(callId: string, participants: number, rows: number): LongCall {
  const received = participants * (participants - 1) * 2;
  const streams = received + participants * sentStreams;
  const steps = Math.max(30, Math.round(rows / streams));
  const endMs = Math.floor((Date.now() - 600_000) / windowMs) * windowMs;
  const startMs = endMs - Math.ceil((steps * sampleMs) / windowMs) * windowMs;
  const windows = Math.floor((endMs - startMs) / windowMs);
  return {
    callId,
    participants,
    startMs,
    endMs,
    samples: streams * steps,
    scores: windows * (received * 2 + participants * 2 * 2),
  };
}

export async function putLongCall(client: ClickHouseClient, call: LongCall): Promise<void> {
  const { participants: n, startMs, endMs } = call;
  const steps = Math.round(call.samples / (n * (n - 1) * 2 + n * sentStreams));
  const windows = Math.floor((endMs - startMs) / windowMs);
  const parameters = {
    call: call.callId,
    n,
    start: startMs,
    end: endMs,
    steps,
    windows,
    badFrom: startMs + (endMs - startMs) * 0.4,
    badTo: startMs + (endMs - startMs) * 0.65,
  };
  for (const query of statements) await client.command({ query, query_params: parameters });
  const minutes = { tenants: ['default'], calls: [call.callId], from: startMs - 60_000, to: endMs + 60_000 };
  for (const query of minuteSqls) await client.command({ query, query_params: minutes });
}

/**
 * Goes on writing samples and scores of other calls, some thousand rows a second.
 * @returns how to stop it, which tells the rows per second that were written
 */
export function ingest(client: ClickHouseClient): () => Promise<number> {
  let going = true;
  let rows = 0;
  const begun = Date.now();
  const work = (async () => {
    for (let batch = 0; going; batch++) {
      await client.command({
        query: otherSamples,
        query_params: { call: `other-${batch % 50}`, now: Date.now() },
      });
      rows += 5_000;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  })();
  return async () => {
    going = false;
    await work;
    return Math.round((rows * 1000) / (Date.now() - begun));
  };
}

const ids = `'default' AS tenant_id, {call:String} AS call_id, 'long' AS room_id`;

const statements = [
  `INSERT INTO rtc_stats_inbound_rtp (tenant_id, call_id, room_id, participant_id, session_id, transport_id, producer_id, consumer_id,
     stat_id, time, client_time, received_at, kind, ssrc, packets_received, packets_lost, bytes_received, frames_decoded, frame_height,
     frames_per_second, jitter_us, total_samples_received, concealed_samples, silent_concealed_samples, jitter_buffer_delay_us,
     jitter_buffer_emitted_count, total_decode_time_us)
   WITH number % {steps:UInt64} AS step, intDiv(number, {steps:UInt64}) AS stream, intDiv(stream, ({n:UInt64} - 1) * 2) AS receiver,
     intDiv(stream % (({n:UInt64} - 1) * 2), 2) AS other, if(other >= receiver, other + 1, other) AS sender,
     stream % 2 = 1 AS video, {start:UInt64} + step * 2000 + stream % 997 AS at, cityHash64(number) % 1000 / 1000 AS noise,
     receiver = 0 AND at BETWEEN {badFrom:Float64} AND {badTo:Float64} AS bad
   SELECT ${ids}, concat('p', toString(receiver)), 's', concat('t', toString(receiver)), concat('k', toString(sender), '-', toString(video)),
     concat('c', toString(stream)), concat('I', toString(stream)), fromUnixTimestamp64Milli(at), fromUnixTimestamp64Milli(at),
     fromUnixTimestamp64Milli(at), if(video, 'video', 'audio'), stream, step * 100, toInt64(step * if(bad, 9, 0)), step * if(video, 60000, 8000),
     if(video, step * 30, NULL), if(video, 360, NULL), if(video, 15, NULL), toUInt64(5000 + 20000 * noise), if(video, NULL, step * 96000),
     if(video, NULL, step * if(bad, 9000, 100)), if(video, NULL, step * 50), toUInt64(step * 96000 * (60 + 40 * noise)), step * 96000, step * 40000
   FROM numbers({steps:UInt64} * {n:UInt64} * ({n:UInt64} - 1) * 2)`,

  `INSERT INTO rtc_stats_outbound_rtp (tenant_id, call_id, room_id, participant_id, session_id, transport_id, producer_id, stat_id, time,
     client_time, received_at, kind, rid, ssrc, packets_sent, bytes_sent, frames_encoded, frame_height, frames_per_second,
     quality_limitation_durations_cpu_us, quality_limitation_durations_bandwidth_us)
   WITH number % {steps:UInt64} AS step, intDiv(number, {steps:UInt64}) AS stream, intDiv(stream, 4) AS sender, stream % 4 AS layer,
     {start:UInt64} + step * 2000 + stream % 997 AS at
   SELECT ${ids}, concat('p', toString(sender)), 's', concat('u', toString(sender)), concat('k', toString(sender), '-', toString(layer > 0)),
     concat('O', toString(stream)), fromUnixTimestamp64Milli(at), fromUnixTimestamp64Milli(at), fromUnixTimestamp64Milli(at),
     if(layer = 0, 'audio', 'video'), ['', 'l', 'm', 'h'][layer + 1], stream, step * 100, step * 30000 * (layer + 1), step * 30, 90 * layer, 15, step * 1000, step * 900
   FROM numbers({steps:UInt64} * {n:UInt64} * 4)`,

  `INSERT INTO stream_score (tenant_id, call_id, window_start, window_ms, point, kind, source, sender_id, receiver_id, producer_id, consumer_id,
     sfu_node_id, mos, scale, model, confidence, unclassified, inputs, missing, bitrate_bps, loss_ratio, concealed_ratio, delay_ms,
     frames_per_second, frame_height, frozen_ms, spatial_layer, revision, scored_at)
   WITH intDiv(number, {n:UInt64} * ({n:UInt64} - 1) * 4) AS window, number % ({n:UInt64} * ({n:UInt64} - 1) * 4) AS place, place % 2 = 1 AS out,
     intDiv(place, 2) AS stream, intDiv(stream, ({n:UInt64} - 1) * 2) AS receiver, intDiv(stream % (({n:UInt64} - 1) * 2), 2) AS other,
     if(other >= receiver, other + 1, other) AS sender, stream % 2 = 1 AS video, {start:UInt64} + window * 5000 AS at,
     receiver = 0 AND at BETWEEN {badFrom:Float64} AND {badTo:Float64} AS bad, cityHash64(number) % 1000 / 1000 AS noise
   SELECT 'default', {call:String}, fromUnixTimestamp64Milli(at), 5000, if(out, 'sfu_out', 'receiver'), if(video, 'video', 'audio'),
     if(video, 'camera', 'microphone'), concat('p', toString(sender)), concat('p', toString(receiver)), concat('k', toString(sender), '-', toString(video)),
     concat('c', toString(stream)), 'sfu-1', if(bad, 1.8, 3.8) + noise * 0.7, if(video, 'video', 'fullband'), 'bench@1', 0.9, '', '{}', [], 250000,
     if(bad, 0.09, 0), if(video, NULL, if(bad, 0.08, 0)), 140, if(video, 15, NULL), if(video, 360, NULL), if(video, if(bad, 2500, 0), NULL), if(video, 2, NULL), 1,
     fromUnixTimestamp64Milli(at)
   FROM numbers({windows:UInt64} * {n:UInt64} * ({n:UInt64} - 1) * 4)`,

  `INSERT INTO stream_score (tenant_id, call_id, window_start, window_ms, point, kind, source, sender_id, receiver_id, producer_id, consumer_id,
     mos, scale, model, confidence, revision, scored_at)
   WITH intDiv(number, {n:UInt64} * 4) AS window, number % ({n:UInt64} * 4) AS place, intDiv(place, 4) AS sender, place % 2 = 1 AS video,
     {start:UInt64} + window * 5000 AS at
   SELECT 'default', {call:String}, fromUnixTimestamp64Milli(at), 5000, if(place % 4 < 2, 'sender', 'sfu_in'), if(video, 'video', 'audio'),
     if(video, 'camera', 'microphone'), concat('p', toString(sender)), '', concat('k', toString(sender), '-', toString(video)), '', 4.2,
     if(video, 'video', 'fullband'), 'bench@1', 0.9, 1, fromUnixTimestamp64Milli(at)
   FROM numbers({windows:UInt64} * {n:UInt64} * 4)`,

  `INSERT INTO rtc_event (tenant_id, call_id, room_id, participant_id, name, source, time, client_time, received_at, attributes)
   WITH fromUnixTimestamp64Milli({start:UInt64} + number % 900) AS at
   SELECT ${ids}, concat('p', toString(number % {n:UInt64})), if(number < {n:UInt64}, 'rtc.participant.joined', 'rtc.sfu.layers_changed'), 'sfu', at, at, at,
     map('display_name', concat('Person ', toString(number % {n:UInt64} + 1)))
   FROM numbers({n:UInt64} * 200)`,

  `INSERT INTO participant_summary
   SELECT 'default', {call:String}, 'long', concat('p', toString(number)), concat('Person ', toString(number + 1)),
     fromUnixTimestamp64Milli({start:UInt64}), fromUnixTimestamp64Milli({end:UInt64}), 4, if(number = 0, 2, 4), 4, if(number = 0, 2, 4),
     if(number = 0, 0.25, 0), if(number = 0, 1, 0), 0, 1 FROM numbers({n:UInt64})`,

  `INSERT INTO call_summary
   SELECT 'default', {call:String}, 'long', fromUnixTimestamp64Milli({start:UInt64}), fromUnixTimestamp64Milli({end:UInt64}), {n:UInt64}, 4, 2, 4, 2, 0.02, 1, 0, 1`,

  `INSERT INTO incident
   SELECT 'default', {call:String}, 'i1', 'downlink_congestion', 'downlink_congestion@5', 'downlink', 'p0', 't0', 'severe', 0.95,
     fromUnixTimestamp64Milli(toInt64({badFrom:Float64})), fromUnixTimestamp64Milli(toInt64({badFrom:Float64}) + 2000),
     fromUnixTimestamp64Milli(toInt64({badTo:Float64})), '{"lossRatio":0.09}',
     'Person 1\\'s own downlink lost 9 % of packets; others in the call were fine.', ['p0'], 1`,
];

const otherSamples = `
  INSERT INTO rtc_stats_inbound_rtp (tenant_id, call_id, participant_id, transport_id, consumer_id, stat_id, time, client_time, received_at,
    kind, packets_received, bytes_received, jitter_us)
  WITH fromUnixTimestamp64Milli({now:UInt64} - number % 5000) AS at
  SELECT 'default', {call:String}, concat('p', toString(number % 20)), concat('t', toString(number % 20)), concat('c', toString(number % 400)),
    concat('I', toString(number % 400)), at, at, at, 'audio', number, number * 80, 5000
  FROM numbers(5000)`;
