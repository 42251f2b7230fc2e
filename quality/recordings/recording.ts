/**
 * What a recording holds once it is read, whatever its format: samples and events as the pipelines would find
 * them in the store, and what is known of each connection beside them.
 */
import type { DecisionRow } from '../../telemetry/rows.ts';
import type { CallSamples } from '../samples.ts';
import type { RecordedResults } from './results.ts';

export type RecordingFormat = 'rtcstats' | 'webrtc-internals' | 'callscope';

export interface Recording {
  readonly format: RecordingFormat;
  /** As the browser named itself; '' when unknown. */
  readonly userAgent: string;
  readonly samples: CallSamples;
  readonly decisions: readonly DecisionRow[];
  /** What was said of the call when it was recorded; only our own export has it. */
  readonly results: RecordedResults;
  /** Display name by participant. */
  readonly names: ReadonlyMap<string, string>;
  /** Codec name in lower case by producer, where no SFU told it. */
  readonly codecs: ReadonlyMap<string, string>;
  /** Producers that send a screen, where no SFU told it. */
  readonly screens: ReadonlySet<string>;
  readonly connections: readonly ConnectionLog[];
  /** What could not be read, in words; the same thing is told once. */
  readonly warnings: readonly string[];
}

export type StateOf = 'connection' | 'ice' | 'gathering' | 'signaling' | 'dtls';

export interface StateChange {
  readonly time: number;
  readonly of: StateOf;
  readonly state: string;
}

/** Which way the media took; '' where it is not known. */
export interface PairChange {
  readonly time: number;
  readonly localType: string;
  readonly remoteType: string;
  /** Between the two candidates. */
  readonly protocol: string;
  /** Between this client and its relay: udp, tcp or tls. */
  readonly relayProtocol: string;
}

/** Totals of one RTP stream at the end of the recording. */
export interface StreamTotal {
  readonly direction: 'send' | 'recv';
  readonly kind: string;
  readonly ssrc: number;
  readonly codec: string;
  /** Sent or received. */
  readonly packets: number;
  /** As reported by its receiver; may be negative (duplicates). Undefined when nobody reported. */
  readonly packetsLost: number | undefined;
  /** Of the samples received, silence included, 0 to 1; audio received only. */
  readonly concealedRatio: number | undefined;
}

/** What was written of one peer connection (of one transport, in our own export). */
export interface ConnectionLog {
  readonly id: string;
  readonly participantId: string;
  readonly createdAt: number | undefined;
  readonly closedAt: number | undefined;
  readonly peerToPeer: boolean | undefined;
  readonly states: readonly StateChange[];
  readonly pairs: readonly PairChange[];
  /** Calls that asked for an ICE restart. */
  readonly restartRequests: readonly number[];
  /** Username fragments of the local ICE agent; every further one is a restart. */
  readonly iceCredentials: readonly string[];
  /** Calls that failed: createOffer, setRemoteDescription, addIceCandidate ... */
  readonly failures: readonly { readonly time: number; readonly call: string; readonly reason: string }[];
  /** Reports of statistics, and the time of the first and the last. */
  readonly reports: { readonly count: number; readonly firstAt: number; readonly lastAt: number };
  /** Of the pair in use, one value a report, ms. */
  readonly roundTripMs: { readonly mean: number; readonly highest: number } | undefined;
  readonly streams: readonly StreamTotal[];
}
