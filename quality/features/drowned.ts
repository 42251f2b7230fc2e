/**
 * Does a full queue let none of the video through?
 *
 * A queue that is always full has room for a small packet now and then, and for a picture's never. Audio comes with
 * holes, of which the receiver tells (NACK); of the video nothing comes, so nothing of it is missed, and no transport-wide
 * feedback goes back, which audio does not carry with mediasoup: the SFU's loss and estimate stand where they stood.
 */
import { measureConsumer } from '../measure.ts';
import type { MediaPath } from '../paths.ts';
import type { Sample } from '../samples.ts';
import { freshLayers } from './layers.ts';
import { sfuIntervalMs, upTo } from './trailing.ts';

/** Asked for again, of the audio sent; far over what audio alone loses anywhere. */
const audioNackedOnset = 0.08;
/** In a second. Random loss that takes so much of the audio leaves them all one time in five, and feedback comes then. */
const leastVideoPackets = 20;

/**
 * Whether no loss was told of between the transport's two newest samples. The figure is a mean over many feedbacks: one
 * more, and it is another number.
 */
export function feedbackStands(sfu: readonly Sample<'sfu_transport'>[]): boolean {
  const [before, newest] = sfu.slice(-2).map((s) => s.rtp_packet_loss_sent);
  return newest != null && newest === before;
}

/**
 * @param sfu the transport's fresh samples
 * @param sent what is sent over it, with the consumers' fresh samples
 * @returns over the newest interval; undefined where too little video is sent to tell
 */
export function videoDrowned(
  sfu: readonly Sample<'sfu_transport'>[],
  sent: readonly { readonly path: MediaPath; readonly rows: readonly Sample<'sfu_consumer'>[] }[],
  atMs: number,
): boolean | undefined {
  const total = { audio: { packets: 0, nacked: 0 }, video: { packets: 0, nacked: 0 } };
  for (const { path, rows } of sent) {
    const { kind } = path.uplink;
    // What did not reach the SFU whole is asked for again as well.
    if (kind === 'audio' && freshLayers(path.uplink, atMs).holes) continue;
    const { packets = 0, nacked = 0 } = measureConsumer(rows, upTo(rows.at(-1)!.time, sfuIntervalMs));
    total[kind].packets += packets;
    total[kind].nacked += nacked;
  }
  const { audio, video } = total;
  if (video.packets < leastVideoPackets || audio.packets === 0) return undefined;
  return feedbackStands(sfu) && video.nacked === 0 && audio.nacked >= audioNackedOnset * audio.packets;
}
