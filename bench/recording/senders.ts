/**
 * Streams of synthetic RTP, as a process of its own: `node senders.ts`, targets by IPC. 30 pictures a second in three
 * packets (a key frame each second), 50 audio packets a second; nobody decodes them.
 */
import { createSocket } from 'node:dgram';

export interface Target {
  readonly kind: 'audio' | 'video';
  readonly port: number;
  readonly ssrc: number;
  readonly payloadType: number;
}

interface Stream extends Target {
  sequence: number;
  timestamp: number;
  frames: number;
}

const packetBytes = { audio: 80, video: 830 };
const perFrame = 3;
const tickMs = 10;

if (process.send) {
  const socket = createSocket('udp4');
  let streams: Stream[] = [];
  let ticks = 0;
  process.on('message', (targets: Target[]) => {
    streams = targets.map((target) => ({ ...target, sequence: 1, timestamp: 1, frames: 0 }));
  });
  process.on('disconnect', () => process.exit(0));
  const startedAtMs = performance.now();
  setInterval(() => {
    // As many as are due by the clock, so that a late timer does not slow the streams.
    for (const due = (performance.now() - startedAtMs) / tickMs; ticks < due; ticks++) {
      for (const stream of streams) {
        if (stream.kind === 'audio' && ticks % 2 === 0) send(stream, 0, true, 960);
        if (stream.kind === 'video' && (ticks * 3) % 10 < 3) {
          for (let part = 0; part < perFrame; part++) send(stream, part, part === perFrame - 1, 3_000);
          stream.frames += 1;
        }
      }
    }
  }, tickMs);

  function send(stream: Stream, part: number, last: boolean, ticksOfClock: number): void {
    const packet = Buffer.alloc(12 + packetBytes[stream.kind], 0x55);
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
    if (last) stream.timestamp += ticksOfClock;
    socket.send(packet, stream.port, '127.0.0.1');
  }
}
