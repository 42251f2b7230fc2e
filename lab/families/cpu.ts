/**
 * A device that is too slow: the participant's renderer process, which encodes, decodes and samples, is stopped
 * and let run in turns. Chromium's own throttling slows the page's main thread only, on which no media run.
 */
import { everybody, ofReceiverDevice, ofSenderDevice, ofSharedPlayout } from './effects.ts';
import { type Family, faultMs } from './family.ts';
import { bySeverity } from './line.ts';

/**
 * Participants are light (13 % of a core), so little must be left before they suffer. Measured with 5 ms of 100, 30 ms of
 * 400 and 30 ms of 1,000: frames encoded 15, 7 and 2 of 16 a second, decoded 10, 7 and 3, encoding 60 ms a frame
 * instead of 10. With 40 ms of 200 nothing suffers but 15 % of the frames.
 */
const pulses = bySeverity({ stopMs: 95, runMs: 5 }, { stopMs: 285, runMs: 15 }, { stopMs: 485, runMs: 15 });
const words = bySeverity('runs 5 ms of 100', 'runs 15 ms of 300', 'runs 15 ms of 500');

export const cpuSender: Family = {
  name: 'cpu-sender',
  fault: 'one participant’s device is too slow; it sends and receives',
  severities: words,
  plan: (severity, cast) => ({
    steps: [{ action: { kind: 'starve', who: cast.guilty, ...pulses[severity] } }],
    faultMs,
    expected: [
      {
        guilty: cast.guilty,
        // It receives as badly as it sends; either is its device.
        hops: ['sender_device', 'receiver_device'],
        kinds: ['sender_cpu_limited', 'receiver_cpu_limited'],
      },
    ],
    sideEffects: [...ofSenderDevice(cast.guilty), ...ofReceiverDevice(cast.guilty), ...ofSharedPlayout],
    affected: everybody(cast),
  }),
};

export const cpuReceiver: Family = {
  name: 'cpu-receiver',
  fault: 'the device of one participant who only watches (camera off) is too slow',
  severities: words,
  plan: (severity, cast) => ({
    seats: { [cast.guilty]: { cameraOff: true } },
    steps: [{ action: { kind: 'starve', who: cast.guilty, ...pulses[severity] } }],
    faultMs,
    expected: [
      {
        guilty: cast.guilty,
        hops: ['receiver_device'],
        kinds: ['receiver_cpu_limited', 'decoder_drops', 'stuck_decoder'],
      },
    ],
    sideEffects: [
      ...ofReceiverDevice(cast.guilty),
      ...ofSharedPlayout,
      // Its microphone still goes through the slow device.
      {
        kinds: ['audio_concealment', 'high_jitter', 'jitter_buffer_inflated', 'publisher_fault'],
        hops: ['sender_device'],
      },
    ],
    affected: [cast.guilty],
  }),
};
