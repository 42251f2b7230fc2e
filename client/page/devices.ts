/** Microphone, camera and screen: opening them, and saying in words why one did not open. */
import type { MediaSource } from '../../telemetry/rows.ts';
import { cameraSize } from './layers.ts';

/** A camera that cannot gives its nearest. */
const constraints: Record<'microphone' | 'camera', MediaStreamConstraints> = {
  microphone: { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } },
  camera: {
    video: {
      width: { ideal: cameraSize.width },
      height: { ideal: cameraSize.height },
      frameRate: { ideal: 24, max: 30 },
    },
  },
};

/** @throws DOMException of getUserMedia or getDisplayMedia; TypeError where the page may not ask (no TLS) */
async function openSource(source: MediaSource): Promise<MediaStreamTrack> {
  const stream =
    source === 'screen'
      ? await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { max: 15 } }, audio: false })
      : await navigator.mediaDevices.getUserMedia(constraints[source]);
  const [track] = stream.getTracks();
  if (!track) throw new DOMException(`no ${source} track`, 'NotFoundError');
  // Text has to stay sharp: the encoder then gives up frames before detail.
  if (source === 'screen') track.contentHint = 'detail';
  return track;
}

export type Opened = ReadonlyMap<MediaSource, MediaStreamTrack | Error>;

/** Both in one question to the person where possible; where that fails each on its own, so that one can work. */
export async function openMicrophoneAndCamera(): Promise<Opened> {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      ...constraints.microphone,
      ...constraints.camera,
    });
    const [audio] = stream.getAudioTracks();
    const [video] = stream.getVideoTracks();
    if (audio && video) {
      return new Map([
        ['microphone', audio],
        ['camera', video],
      ]);
    }
  } catch {
    // Which of the two it was about, the attempts below tell.
  }
  return openEach(['microphone', 'camera']);
}

export async function openEach(sources: readonly MediaSource[]): Promise<Opened> {
  const opened = new Map<MediaSource, MediaStreamTrack | Error>();
  for (const source of sources) {
    const result = await openSource(source).catch((error: unknown) =>
      error instanceof Error ? error : new Error(String(error)),
    );
    opened.set(source, result);
  }
  return opened;
}

const consequence: Record<MediaSource, string> = {
  microphone: 'Others will not hear you.',
  camera: 'Others will not see you.',
  screen: 'Nothing is shared.',
};

/** One sentence on what is wrong, one on what follows. Empty when the person simply changed their mind. */
export function explainMediaError(source: MediaSource, error: unknown): string {
  const name = error instanceof Error ? error.name : 'TypeError';
  if (source === 'screen' && (name === 'NotAllowedError' || name === 'AbortError')) return '';
  const what = source === 'screen' ? 'The screen' : `The ${source}`;
  const why: Record<string, string> = {
    NotAllowedError: `${what} is blocked: allow it in the browser’s address bar.`,
    NotFoundError: `No ${source} was found.`,
    NotReadableError: `${what} is in use by another program, or the system does not give it out.`,
    OverconstrainedError: `${what} cannot do what the page asks of it.`,
    TypeError: `${what} cannot be used on this page: it needs HTTPS or localhost.`,
  };
  return `${why[name] ?? `${what} did not start (${name}).`} ${consequence[source]}`;
}
