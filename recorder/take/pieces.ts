/**
 * Where a stream's segments end. Speech is written down segment by segment while the call goes on, so a segment of
 * speech ends where nobody speaks, soon enough for the text and late enough for whole sentences. Pure.
 */

/** Shorter ones give a recogniser too little context, ms. */
const leastSpeechMs = 8_000;
/** Whoever speaks without a pause is cut, ms. */
const mostSpeechMs = 20_000;
/** So long without speech is a pause between words, ms. */
const pauseMs = 400;
/** dB below the loudest (RFC 6464): quieter is a room, not a voice. */
const quietLevel = 50;
/** Other streams: what is closed is safe whatever comes, and read at once, hence bounded. */
const mostMs = 60_000;
const mostBytes = 8 * 1024 * 1024;
/** An Opus packet of so few bytes holds no sound (DTX). */
const silentBytes = 8;

export interface PieceState {
  readonly beganAtMs: number;
  readonly lastVoiceAtMs: number;
}

/** Whether a packet of a microphone holds a voice. */
export function isVoice(level: number | null, payloadBytes: number): boolean {
  if (payloadBytes <= silentBytes) return false;
  return level === null || level < quietLevel;
}

/** Whether the segment under way is to end before the packet that came now. */
export function endsBefore(state: PieceState, nowMs: number, bytes: number, speech: boolean): boolean {
  const lasted = nowMs - state.beganAtMs;
  if (bytes >= mostBytes) return true;
  if (!speech) return lasted >= mostMs;
  if (lasted >= mostSpeechMs) return true;
  return lasted >= leastSpeechMs && nowMs - state.lastVoiceAtMs >= pauseMs;
}
