/** Mute, unmute and end of a bound producer's or consumer's track, as the browser tells them. */
import type { BoundMedia } from './contract.ts';

export function watchTrack(
  media: BoundMedia,
  onState: (state: 'muted' | 'unmuted' | 'ended', kind: string) => void,
): () => void {
  const { track } = media;
  if (!track) return () => {};
  const stop = new AbortController();
  const on = (type: string, state: 'muted' | 'unmuted' | 'ended') =>
    track.addEventListener(type, () => onState(state, track.kind), { signal: stop.signal });
  on('mute', 'muted');
  on('unmute', 'unmuted');
  on('ended', 'ended');
  return () => stop.abort();
}
