import type { BoundTransport } from './contract.ts';

/** mediasoup-client keeps its RTCPeerConnection to itself; `handler` is its documented way in, `_pc` is not. */
export function peerConnectionOf(transport: BoundTransport): RTCPeerConnection | undefined {
  const { handler } = transport as { handler?: { pc?: unknown; _pc?: unknown } };
  const pc = handler?.pc ?? handler?._pc;
  return typeof (pc as RTCPeerConnection | undefined)?.getStats === 'function'
    ? (pc as RTCPeerConnection)
    : undefined;
}
