/** Every detector, once. Adding one costs its file, its test and a line here. */
import { audioConcealment } from './audio-concealment.ts';
import { audioVideoDesync } from './audio-video-desync.ts';
import { captureFailed } from './capture-failed.ts';
import { connectionNotEstablished } from './connection-not-established.ts';
import { decoderDrops } from './decoder-drops.ts';
import type { Detector } from './detector.ts';
import { downlinkCongestion } from './downlink-congestion.ts';
import { dtlsWave } from './dtls-wave.ts';
import { estimateCollapse } from './estimate-collapse.ts';
import { fixedBitrate } from './fixed-bitrate.ts';
import { freeze } from './freeze.ts';
import { highDelay } from './high-delay.ts';
import { highJitter } from './high-jitter.ts';
import { iceFlapping } from './ice-flapping.ts';
import { iceLoss } from './ice-loss.ts';
import { jitterBufferInflated } from './jitter-buffer-inflated.ts';
import { noSimulcast } from './no-simulcast.ts';
import { pliStorm } from './pli-storm.ts';
import { publisherFault } from './publisher-fault.ts';
import { receiverCpuLimited } from './receiver-cpu-limited.ts';
import { relayDegraded } from './relay-degraded.ts';
import { relayOverTcp } from './relay-over-tcp.ts';
import { senderCpuLimited } from './sender-cpu-limited.ts';
import { sfuCongestion } from './sfu-congestion.ts';
import { sfuDeath } from './sfu-death.ts';
import { silentMicrophone } from './silent-microphone.ts';
import { stuckDecoder } from './stuck-decoder.ts';
import { telemetryGap } from './telemetry-gap.ts';
import { trackNotForwarded } from './track-not-forwarded.ts';
import { udpBlocked } from './udp-blocked.ts';
import { unconsumedTrack } from './unconsumed-track.ts';
import { uplinkCongestion } from './uplink-congestion.ts';
import { videoSourceBlack } from './video-source-black.ts';
import { videoSourceFrozen } from './video-source-frozen.ts';

/**
 * Causes before their effects: what explains a freeze is known before the freeze is judged. First what hits all,
 * then the network of one, then its devices, then its links, then tracks, then what is heard and seen in the end.
 */
export const detectors: readonly Detector[] = [
  sfuDeath,
  connectionNotEstablished,
  dtlsWave,
  iceFlapping,
  iceLoss,
  relayDegraded,
  sfuCongestion,
  captureFailed,
  videoSourceFrozen,
  videoSourceBlack,
  silentMicrophone,
  senderCpuLimited,
  receiverCpuLimited,
  uplinkCongestion,
  downlinkCongestion,
  relayOverTcp,
  udpBlocked,
  telemetryGap,
  estimateCollapse,
  fixedBitrate,
  noSimulcast,
  highDelay,
  highJitter,
  unconsumedTrack,
  trackNotForwarded,
  publisherFault,
  stuckDecoder,
  pliStorm,
  freeze,
  decoderDrops,
  audioConcealment,
  jitterBufferInflated,
  audioVideoDesync,
];
