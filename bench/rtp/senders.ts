/**
 * Streams of synthetic RTP, as a process of its own: `node senders.ts`, targets by IPC. 30 pictures a second (a key frame
 * each second), 50 audio packets a second, a sender report a second; nobody decodes them. A message replaces all
 * streams that are sent; streams that stay go on where they were.
 */
import { createSocket } from 'node:dgram';

export interface Target {
  readonly kind: 'audio' | 'video';
  readonly port: number;
  readonly ssrc: number;
  readonly payloadType: number;
  /** @default 3 of video, 1 of audio */
  readonly packetsPerFrame?: number;
  /** Payload of a packet. @default 830 of video, 80 of audio */
  readonly packetBytes?: number;
}

interface Stream extends Target {
  readonly packetsPerFrame: number;
  readonly packetBytes: number;
  sequence: number;
  timestamp: number;
  frames: number;
  octets: number;
}

const defaults = {
  audio: { packetsPerFrame: 1, packetBytes: 80 },
  video: { packetsPerFrame: 3, packetBytes: 830 },
};
const clockTicks = { audio: 960, video: 3_000 };
const tickMs = 10;
const reportTicks = 100;
/** Seconds from 1900 (NTP) to 1970. */
const ntpEpoch = 2_208_988_800;

if (process.send) {
  const socket = createSocket('udp4');
  const streams = new Map<number, Stream>();
  let ticks = 0;
  process.on('message', (targets: Target[]) => {
    const wanted = new Set(targets.map(({ ssrc }) => ssrc));
    for (const ssrc of streams.keys()) if (!wanted.has(ssrc)) streams.delete(ssrc);
    for (const target of targets) {
      if (streams.has(target.ssrc)) continue;
      const fresh = { sequence: 1, timestamp: 1, frames: 0, octets: 0 };
      streams.set(target.ssrc, { ...defaults[target.kind], ...target, ...fresh });
    }
  });
  process.on('disconnect', () => process.exit(0));
  const startedAtMs = performance.now();
  setInterval(() => {
    // As many as are due by the clock, so that a late timer does not slow the streams.
    for (const due = (performance.now() - startedAtMs) / tickMs; ticks < due; ticks++) {
      for (const stream of streams.values()) {
        // Each at its own place in the second, as people are.
        const at = ticks + stream.ssrc;
        if (stream.kind === 'audio' ? at % 2 === 0 : (at * 3) % 10 < 3) sendFrame(stream);
        if (at % reportTicks === 0 && stream.frames > 0) sendReport(stream);
      }
    }
  }, tickMs);

  function sendFrame(stream: Stream): void {
    for (let part = 0; part < stream.packetsPerFrame; part++) sendPacket(stream, part);
    stream.frames += 1;
    stream.timestamp += clockTicks[stream.kind];
  }

  function sendPacket(stream: Stream, part: number): void {
    const last = part === stream.packetsPerFrame - 1;
    const packet = Buffer.alloc(12 + stream.packetBytes, 0x55);
    packet.writeUInt8(0x80, 0);
    packet.writeUInt8((last ? 0x80 : 0) | stream.payloadType, 1);
    packet.writeUInt16BE(stream.sequence++ & 0xffff, 2);
    packet.writeUInt32BE(stream.timestamp >>> 0, 4);
    packet.writeUInt32BE(stream.ssrc, 8);
    if (stream.kind === 'video') {
      // RFC 7741: begin of a partition; RFC 6386: bit 0 clear is a key frame.
      packet.writeUInt8(part === 0 ? 0x10 : 0x00, 12);
      if (part === 0) packet.writeUInt8(stream.frames % 30 === 0 ? 0x00 : 0x01, 13);
    }
    stream.octets += stream.packetBytes;
    socket.send(packet, stream.port, '127.0.0.1');
  }

  /** RFC 3550, section 6.4.1. Without it mediasoup cannot bring the layers of a simulcast stream onto one clock. */
  function sendReport(stream: Stream): void {
    const report = Buffer.alloc(28);
    const nowMs = Date.now();
    report.writeUInt8(0x80, 0);
    report.writeUInt8(200, 1);
    report.writeUInt16BE(6, 2);
    report.writeUInt32BE(stream.ssrc, 4);
    report.writeUInt32BE(Math.floor(nowMs / 1_000) + ntpEpoch, 8);
    report.writeUInt32BE(Math.floor(((nowMs % 1_000) / 1_000) * 2 ** 32), 12);
    report.writeUInt32BE(stream.timestamp >>> 0, 16);
    report.writeUInt32BE((stream.sequence - 1) >>> 0, 20);
    report.writeUInt32BE(stream.octets >>> 0, 24);
    socket.send(report, stream.port, '127.0.0.1');
  }
}
