/** A recording's streams as tracks: what one participant sent of one kind, however often it was stopped and begun. */
import type { Layout } from '../disk/layout.ts';
import { type Packet, readSegment, type StreamInfo } from '../disk/segment.ts';
import { type Codec, codecOf, type Frame, framesOf } from './frames.ts';
import { vp8Size } from './vp8.ts';
import type { Track } from './webm.ts';

export interface RecordedTrack {
  readonly codec: Codec;
  readonly source: StreamInfo['source'];
  readonly participantId: string;
  readonly displayName: string;
  readonly streams: readonly StreamInfo[];
}

/** Streams whose codec is not ours to mux, or of which not one record is whole, are left out and named. */
export async function recordedTracks(
  layout: Layout,
  recordingId: string,
): Promise<{ tracks: RecordedTrack[]; leftOut: string[] }> {
  const byKey = new Map<string, RecordedTrack & { streams: StreamInfo[] }>();
  const leftOut: string[] = [];
  for (const streamId of await layout.streams(recordingId)) {
    const [first] = await layout.segments(recordingId, streamId);
    if (first === undefined) continue;
    const { info } = readSegment(await layout.readSegmentFile(recordingId, streamId, first));
    const codec = info && codecOf(info);
    if (!codec) {
      leftOut.push(streamId);
      continue;
    }
    const { participantId, displayName, source } = info;
    const key = JSON.stringify([participantId, source, codec]);
    const track = byKey.get(key) ?? { codec, source, participantId, displayName, streams: [] };
    track.streams.push(info);
    byKey.set(key, track);
  }
  return { tracks: [...byKey.values()], leftOut };
}

export async function* packetsOf(
  layout: Layout,
  recordingId: string,
  streamId: string,
): AsyncGenerator<Packet, void, undefined> {
  for (const segment of await layout.segments(recordingId, streamId)) {
    yield* readSegment(await layout.readSegmentFile(recordingId, streamId, segment)).packets;
  }
}

/** In the order of time; a picture begins with a key frame, or cannot be shown. */
export async function* trackFrames(
  layout: Layout,
  recordingId: string,
  track: RecordedTrack,
): AsyncGenerator<Frame, void, undefined> {
  yield* byTime(
    track.streams.map((info) =>
      decodable(track.codec, framesOf(info, packetsOf(layout, recordingId, info.streamId))),
    ),
    ({ timeMs }) => timeMs,
  );
}

async function* decodable(
  codec: Codec,
  frames: AsyncIterable<Frame>,
): AsyncGenerator<Frame, void, undefined> {
  let begun = codec === 'opus';
  for await (const frame of frames) {
    begun ||= frame.key && vp8Size(frame.data) !== null;
    if (begun) yield frame;
  }
}

/** How it stands in a file; null where it holds nothing that can be played. */
export async function describeTrack(
  layout: Layout,
  recordingId: string,
  track: RecordedTrack,
): Promise<Track | null> {
  for await (const { data } of trackFrames(layout, recordingId, track)) {
    const name = track.source;
    if (track.codec === 'opus') return { codec: 'opus', name, channels: track.streams[0]!.channels };
    const size = vp8Size(data);
    if (size) return { codec: 'vp8', name, ...size };
  }
  return null;
}

/** Merges sequences that rise (nearly: a frame may be out of place by as much as its clock is) into one. */
export async function* byTime<T>(
  sources: readonly AsyncGenerator<T, void, undefined>[],
  timeOf: (item: T) => number,
): AsyncGenerator<T, void, undefined> {
  const heads = await Promise.all(sources.map((source) => source.next()));
  for (;;) {
    let earliest = -1;
    for (const [i, head] of heads.entries()) {
      if (head.done) continue;
      const best = heads[earliest];
      if (!best || best.done || timeOf(head.value) < timeOf(best.value)) earliest = i;
    }
    const head = heads[earliest];
    if (!head || head.done) return;
    yield head.value;
    heads[earliest] = await sources[earliest]!.next();
  }
}
