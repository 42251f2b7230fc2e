/**
 * Frames as WebM (RFC 9559), as far as ffmpeg needs it to read them: tracks, then clusters of unknown length with
 * simple blocks. ffmpeg makes the file that people get, with index and duration.
 */
import type { Frame } from './frames.ts';

export type Track =
  | { readonly codec: 'opus'; readonly name: string; readonly channels: number }
  | { readonly codec: 'vp8'; readonly name: string; readonly width: number; readonly height: number };

/** A block's time is 16 bits from its cluster's. */
const clusterMs = 5_000;

const ids = {
  ebml: 0x1a45dfa3,
  ebmlVersion: 0x4286,
  ebmlReadVersion: 0x42f7,
  docType: 0x4282,
  docTypeVersion: 0x4287,
  docTypeReadVersion: 0x4285,
  segment: 0x18538067,
  info: 0x1549a966,
  timestampScale: 0x2ad7b1,
  muxingApp: 0x4d80,
  writingApp: 0x5741,
  tracks: 0x1654ae6b,
  trackEntry: 0xae,
  trackNumber: 0xd7,
  trackUid: 0x73c5,
  trackType: 0x83,
  trackName: 0x536e,
  codecId: 0x86,
  codecPrivate: 0x63a2,
  audio: 0xe1,
  samplingFrequency: 0xb5,
  channels: 0x9f,
  video: 0xe0,
  pixelWidth: 0xb0,
  pixelHeight: 0xba,
  cluster: 0x1f43b675,
  clusterTimestamp: 0xe7,
  simpleBlock: 0xa3,
} as const;

const unknownSize = Buffer.from([0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);

export function webmHeader(tracks: readonly Track[]): Buffer {
  return Buffer.concat([
    element(
      ids.ebml,
      uint(ids.ebmlVersion, 1),
      uint(ids.ebmlReadVersion, 1),
      element(ids.docType, Buffer.from('webm')),
      uint(ids.docTypeVersion, 4),
      uint(ids.docTypeReadVersion, 2),
    ),
    idBytes(ids.segment),
    unknownSize,
    element(
      ids.info,
      uint(ids.timestampScale, 1_000_000),
      element(ids.muxingApp, Buffer.from('callscope')),
      element(ids.writingApp, Buffer.from('callscope')),
    ),
    element(ids.tracks, ...tracks.map(trackEntry)),
  ]);
}

/** @returns a writer of blocks; times rise within a cluster's length, ms from the start of the recording */
export function webmBlocks(): (track: number, timeMs: number, frame: Pick<Frame, 'key' | 'data'>) => Buffer {
  let clusterAtMs: number | undefined;
  return (track, timeMs, { key, data }) => {
    const at = Math.max(0, Math.round(timeMs));
    let start: Buffer | undefined;
    if (clusterAtMs === undefined || at < clusterAtMs || at - clusterAtMs > clusterMs) {
      clusterAtMs = at;
      start = Buffer.concat([idBytes(ids.cluster), unknownSize, uint(ids.clusterTimestamp, at)]);
    }
    const head = Buffer.alloc(4);
    head.writeUInt8(0x80 | track, 0);
    head.writeInt16BE(at - clusterAtMs, 1);
    head.writeUInt8(key ? 0x80 : 0, 3);
    const block = element(ids.simpleBlock, head, data);
    return start ? Buffer.concat([start, block]) : block;
  };
}

function trackEntry(track: Track, index: number): Buffer {
  const common = [
    uint(ids.trackNumber, index + 1),
    uint(ids.trackUid, index + 1),
    element(ids.trackName, Buffer.from(track.name)),
  ];
  if (track.codec === 'vp8') {
    return element(
      ids.trackEntry,
      ...common,
      uint(ids.trackType, 1),
      element(ids.codecId, Buffer.from('V_VP8')),
      element(ids.video, uint(ids.pixelWidth, track.width), uint(ids.pixelHeight, track.height)),
    );
  }
  const frequency = Buffer.alloc(8);
  frequency.writeDoubleBE(48_000);
  return element(
    ids.trackEntry,
    ...common,
    uint(ids.trackType, 2),
    element(ids.codecId, Buffer.from('A_OPUS')),
    element(ids.codecPrivate, opusHead(track.channels)),
    element(ids.audio, element(ids.samplingFrequency, frequency), uint(ids.channels, track.channels)),
  );
}

/** RFC 7845, section 5.1. */
function opusHead(channels: number): Buffer {
  const head = Buffer.alloc(19);
  head.write('OpusHead', 0);
  head.writeUInt8(1, 8);
  head.writeUInt8(channels, 9);
  head.writeUInt32LE(48_000, 12);
  return head;
}

function element(id: number, ...content: Buffer[]): Buffer {
  const length = content.reduce((sum, { length }) => sum + length, 0);
  return Buffer.concat([idBytes(id), size(length), ...content]);
}

function uint(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(value, 0, 6);
  const leading = bytes.findIndex((byte) => byte !== 0);
  return element(id, bytes.subarray(leading < 0 ? 5 : leading));
}

function idBytes(id: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(id);
  return bytes.subarray(bytes.findIndex((byte) => byte !== 0));
}

function size(length: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE((0x10000000 | length) >>> 0);
  return bytes;
}
