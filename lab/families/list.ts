/** Every family, once. Adding one costs its file and a line here. */
import { downlinkBandwidth, uplinkBandwidth } from './bandwidth.ts';
import { downlinkBurstLoss, uplinkBurstLoss } from './burst-loss.ts';
import { cameraBlack, cameraFrozen } from './camera.ts';
import { clean } from './clean.ts';
import { cpuReceiver, cpuSender } from './cpu.ts';
import { cutOff } from './cut-off.ts';
import { downlinkDelay, uplinkDelay } from './delay.ts';
import { cameraDenied, microphoneDenied } from './denied.ts';
import type { Family } from './family.ts';
import { downlinkJitter, uplinkJitter } from './jitter.ts';
import { downlinkLoss, uplinkLoss } from './loss.ts';
import { microphoneSilent } from './microphone.ts';
import { noSimulcast } from './no-simulcast.ts';
import { relayThrottled } from './relay-throttled.ts';
import { sfuStarved, workerKilled } from './sfu.ts';
import { twoFaults } from './two-faults.ts';
import { udpBlocked } from './udp-blocked.ts';

export const families: readonly Family[] = [
  clean,
  uplinkLoss,
  downlinkLoss,
  uplinkBurstLoss,
  downlinkBurstLoss,
  uplinkBandwidth,
  downlinkBandwidth,
  uplinkDelay,
  downlinkDelay,
  uplinkJitter,
  downlinkJitter,
  cutOff,
  udpBlocked,
  cpuSender,
  cpuReceiver,
  cameraFrozen,
  cameraBlack,
  cameraDenied,
  microphoneSilent,
  microphoneDenied,
  noSimulcast,
  sfuStarved,
  workerKilled,
  relayThrottled,
  twoFaults,
];
