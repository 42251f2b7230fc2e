/** Where the trouble of one stream comes from, by what the SFU saw of it on its way in and the receiver on its way out. */
import type { Hop } from '../../telemetry/rows.ts';
import type { ReceivingFeatures } from '../features/receiving.ts';
import type { SendingFeatures } from '../features/sending.ts';

/** Loss and jitter that are heard; below, the way was not it. */
const lossRatio = 0.02;
const jitterMs = 25;

export function hopOf(r: ReceivingFeatures, sender: SendingFeatures | undefined): Hop {
  if ((sender?.lossAtSfu ?? 0) >= lossRatio) return 'uplink';
  if ((r.loss ?? 0) >= lossRatio) return 'downlink';
  if ((sender?.jitterAtSfuMs ?? 0) >= jitterMs) return 'sender_device';
  if ((r.jitterMs ?? 0) >= jitterMs) return 'downlink';
  // Nothing lost and nothing late on either way: it came and was not played.
  return r.loss === undefined ? 'unknown' : 'receiver_device';
}

/** The only sender whose streams suffer, where others' do not; '' when it is not one sender's. */
export function onlySender(
  suffering: readonly ReceivingFeatures[],
  all: readonly ReceivingFeatures[],
): string {
  const senders = new Set(suffering.map((r) => r.senderId));
  const heard = new Set(all.map((r) => r.senderId));
  return senders.size === 1 && heard.size > 1 ? [...senders][0]! : '';
}
