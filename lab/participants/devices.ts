/**
 * Camera and microphone under the lab's hand: refused when the page asks, or passed through a stage that can stop,
 * repeat or blacken the picture and turn the sound down. The page gets an ordinary track and knows nothing of it.
 *
 * Only for the participant whose devices fail: every frame goes through the page's own thread.
 * The function travels to the browser as text: it must not refer to anything outside itself.
 */
import type { Page } from 'playwright-core';

/** `stopped`: no frames; `repeated`: the last one again and again, at full pace. */
export type CameraMode = 'good' | 'stopped' | 'repeated' | 'black';
/** `faint`: 40 dB down. */
export type MicrophoneMode = 'good' | 'faint' | 'silent';
/** Names of the DOMException that getUserMedia is refused with. */
export type Refusal = 'NotAllowedError' | 'NotReadableError' | 'NotFoundError';

export interface DeviceSetup {
  readonly camera?: 'handled' | Refusal;
  readonly microphone?: 'handled' | Refusal;
  /** The camera calls itself so small that the page sends one layer of it, in full. */
  readonly singleLayer?: boolean;
}

interface Hand {
  camera: CameraMode;
  microphone: MicrophoneMode;
  setMicrophone: ((mode: MicrophoneMode) => void) | null;
}

/** Chromium's own, not in the type library. */
declare class MediaStreamTrackProcessor {
  constructor(init: { track: MediaStreamTrack });
  readonly readable: ReadableStream<VideoFrame>;
}
declare class MediaStreamTrackGenerator extends MediaStreamTrack {
  constructor(init: { kind: 'video' });
  readonly writable: WritableStream<VideoFrame>;
}

function install(setup: DeviceSetup): void {
  const devices = navigator.mediaDevices;
  if (!devices) return;
  const hand: Hand = { camera: 'good', microphone: 'good', setMicrophone: null };
  Object.assign(window, { callscopeHand: hand });
  const getUserMedia = devices.getUserMedia.bind(devices);

  function throughStage(track: MediaStreamTrack): MediaStreamTrack {
    const generator = new MediaStreamTrackGenerator({ kind: 'video' });
    let kept: { data: Uint8Array<ArrayBuffer>; format: VideoPixelFormat } | null = null;
    const black = ({ codedWidth, codedHeight }: VideoFrame): Uint8Array<ArrayBuffer> => {
      const luma = codedWidth * codedHeight;
      const data = new Uint8Array(luma * 1.5).fill(128);
      data.fill(16, 0, luma);
      return data;
    };
    // Made anew from pixels: a copied frame keeps its time of capture, and the encoder drops what is not newer.
    const drawn = (
      { codedWidth, codedHeight, timestamp }: VideoFrame,
      { data, format }: NonNullable<typeof kept>,
    ) => new VideoFrame(data, { format, codedWidth, codedHeight, timestamp });
    const stage = new TransformStream<VideoFrame, VideoFrame>({
      async transform(frame, out) {
        const { camera } = hand;
        if (camera === 'good') {
          kept = null;
          out.enqueue(frame);
          return;
        }
        if (camera === 'repeated') {
          if (!kept) {
            const data = new Uint8Array(frame.allocationSize());
            await frame.copyTo(data);
            kept = { data, format: frame.format ?? 'I420' };
          }
          out.enqueue(drawn(frame, kept));
        } else if (camera === 'black') {
          out.enqueue(drawn(frame, { data: black(frame), format: 'I420' }));
        }
        frame.close();
      },
    });
    new MediaStreamTrackProcessor({ track }).readable
      .pipeThrough(stage)
      .pipeTo(generator.writable)
      .catch(() => {});
    const stop = generator.stop.bind(generator);
    generator.stop = () => {
      stop();
      track.stop();
    };
    generator.getSettings = () => track.getSettings();
    return generator;
  }

  function throughGain(track: MediaStreamTrack): MediaStreamTrack {
    const context = new AudioContext();
    const gain = context.createGain();
    const out = context.createMediaStreamDestination();
    context
      .createMediaStreamSource(new MediaStream([track]))
      .connect(gain)
      .connect(out);
    hand.setMicrophone = (mode) => {
      hand.microphone = mode;
      gain.gain.value = mode === 'good' ? 1 : mode === 'faint' ? 0.01 : 0;
    };
    return out.stream.getAudioTracks()[0]!;
  }

  devices.getUserMedia = async (constraints) => {
    const { camera, microphone, singleLayer } = setup;
    const refused =
      constraints?.video && camera && camera !== 'handled'
        ? camera
        : constraints?.audio && microphone && microphone !== 'handled'
          ? microphone
          : null;
    if (refused) throw new DOMException('refused by the lab', refused);
    const stream = await getUserMedia(constraints);
    const tracks = stream.getTracks().map((track) => {
      if (track.kind === 'audio') return microphone === 'handled' ? throughGain(track) : track;
      const given = camera === 'handled' ? throughStage(track) : track;
      if (singleLayer) {
        const settings = given.getSettings.bind(given);
        given.getSettings = () => ({ ...settings(), width: 160, height: 90 });
      }
      return given;
    });
    return new MediaStream(tracks);
  };
}

/** The init script; comes after the one that makes the microphone frugal. */
export const devicesScript = (setup: DeviceSetup): string =>
  `(${install.toString()})(${JSON.stringify(setup)});`;

type HandPage = { callscopeHand: Hand };

/** @throws Error when the page's camera is not handled */
export const setCamera = (page: Page, mode: CameraMode): Promise<void> =>
  page.evaluate((wanted) => {
    (window as unknown as HandPage).callscopeHand.camera = wanted;
  }, mode);

/** @throws Error when the page's microphone is not handled */
export const setMicrophone = (page: Page, mode: MicrophoneMode): Promise<void> =>
  page.evaluate((wanted) => {
    const { setMicrophone: set } = (window as unknown as HandPage).callscopeHand;
    if (!set) throw new Error('the microphone of this page is not in the hand of the lab');
    set(wanted);
  }, mode);
