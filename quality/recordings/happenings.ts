/**
 * Calls and events of a peer connection as browsers and rtcstats clients write them down, under whichever of their
 * names: `oniceconnectionstatechange` (rtcstats), `iceconnectionstatechange` (webrtc-internals),
 * `iceConnectionStateChange` (the same until 2019).
 */
import { events } from '../../telemetry/events.ts';
import type { Recorder } from './recorder.ts';
import type { StateOf } from './recording.ts';

const stateChanges: Readonly<Record<string, StateOf>> = {
  connectionstatechange: 'connection',
  iceconnectionstatechange: 'ice',
  icegatheringstatechange: 'gathering',
  signalingstatechange: 'signaling',
  dtlsstatechange: 'dtls',
};

const trackStates: Readonly<Record<string, string>> = {
  'mediastreamtrack.onended': 'ended',
  'mediastreamtrack.onmute': 'muted',
  'mediastreamtrack.onunmute': 'unmuted',
};

export function happened(
  recorder: Recorder,
  connectionId: string | undefined,
  method: string,
  value: unknown,
  time: number,
): void {
  const name = method.toLowerCase();
  const plain = name.replace(/^on/, '');
  if (name.startsWith('navigator.mediadevices.') && name.endsWith('onfailure')) {
    recorder.event(events.mediaError, time, mediaError(value));
  } else if (plain.endsWith('devicechange')) {
    recorder.event(events.deviceChange, time, {});
  } else if (Object.hasOwn(trackStates, name)) {
    recorder.event(events.trackState, time, { track_kind: trackKind(value), state: trackStates[name]! });
  } else if (connectionId !== undefined) {
    happenedTo(recorder, connectionId, plain, value, time);
  }
}

function happenedTo(recorder: Recorder, id: string, name: string, value: unknown, time: number): void {
  const connection = recorder.connection(id);
  if (Object.hasOwn(stateChanges, name)) {
    const state = stateName(value);
    if (state !== '') recorder.state(id, stateChanges[name]!, state, time);
  } else if (name === 'create') {
    connection.createdAt ??= time;
  } else if (name === 'constraints') {
    connection.peerToPeer = saysPeerToPeer(value) ?? connection.peerToPeer;
  } else if (name === 'close' || name === 'stop') {
    connection.closedAt = time;
  } else if (name === 'icecandidate') {
    candidate(recorder, id, value, time);
  } else if (name === 'icecandidateerror') {
    const error = record(value);
    recorder.event(
      events.iceCandidateError,
      time,
      {
        error_code: text(error.errorCode ?? error.error_code),
        error_text: text(error.errorText ?? error.error_text),
      },
      connection.id,
    );
  } else if (name === 'restartice' || (name === 'createoffer' && record(value).iceRestart === true)) {
    recorder.happened();
    connection.restartRequests.push(time);
  } else if (name.endsWith('onfailure')) {
    recorder.happened();
    connection.failures.push({ time, call: name.slice(0, -'onfailure'.length), reason: reason(value) });
  }
}

/** `connected`, `"connected"` and `ICEConnectionStateConnected` are one. */
function stateName(value: unknown): string {
  if (typeof value !== 'string') return '';
  const bare = value.replaceAll('"', '').replace(/^(?:ICEConnection|ICEGathering|Signaling)State/, '');
  return /^[\w-]{1,30}$/.test(bare) ? bare.toLowerCase() : '';
}

/** Only what kind of way it is, never the address. */
function candidate(recorder: Recorder, id: string, value: unknown, time: number): void {
  const given = record(value);
  const line = typeof value === 'string' ? value : text(given.candidate, 1_000);
  const type = / typ (\w+)/.exec(line)?.[1];
  if (!type) return;
  const connection = recorder.connection(id);
  const fragment = given.usernameFragment ?? / ufrag (\S+)/.exec(line)?.[1];
  connection.credentials(fragment, text(given.sdpMid ?? given.sdpMLineIndex));
  const protocol = /candidate:\S+ \d+ (\w+)/.exec(line)?.[1]?.toLowerCase() ?? '';
  recorder.event(events.iceCandidate, time, { candidate_type: type, protocol, address: '' }, connection.id);
}

/** jitsi's clients say it in the constraints. */
function saysPeerToPeer(value: unknown): boolean | undefined {
  const { optional } = record(value);
  if (!Array.isArray(optional)) return undefined;
  const told = optional
    .map((entry) => record(entry).rtcStatsSFUP2P)
    .find((flag) => typeof flag === 'boolean');
  return told as boolean | undefined;
}

function mediaError(value: unknown): Record<string, string> {
  const { name, constraint } = record(value);
  const words = typeof value === 'string' ? value : text(name);
  return { name: words.split(':')[0]!.slice(0, 100), constraint: text(constraint) };
}

const trackKind = (value: unknown): string => {
  const first = Array.isArray(value) ? value[0] : record(value).kind;
  return first === 'audio' || first === 'video' ? first : '';
};

function reason(value: unknown): string {
  if (typeof value === 'string') return value.slice(0, 200);
  const { name, message } = record(value);
  return [text(name), text(message)].filter((part) => part !== '').join(': ');
}

export const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

const text = (value: unknown, longest = 200): string =>
  typeof value === 'string' ? value.slice(0, longest) : typeof value === 'number' ? String(value) : '';
