/** Cameras and microphones that do not open. */
import type { Refusal } from '../participants/devices.ts';
import { everybody, ofSenderDevice } from './effects.ts';
import type { Family } from './family.ts';
import { bySeverity } from './line.ts';

const refusals = bySeverity<Refusal>('NotFoundError', 'NotReadableError', 'NotAllowedError');

const denied = (device: 'camera' | 'microphone'): Family => ({
  name: `${device}-denied`,
  fault: `one participant’s ${device} does not open, from the join on`,
  severities: bySeverity(
    'there is none (NotFoundError)',
    'another program has it (NotReadableError)',
    'the person or the system refuses it (NotAllowedError)',
  ),
  plan: (severity, cast) => ({
    atJoin: true,
    seats: { [cast.guilty]: { devices: { [device]: refusals[severity] } } },
    steps: [],
    faultMs: 15_000,
    expected: [{ guilty: cast.guilty, hops: ['sender_device'], kinds: ['capture_failed'] }],
    sideEffects: ofSenderDevice(cast.guilty),
    affected: everybody(cast).filter((seat) => seat !== cast.guilty),
  }),
});

export const cameraDenied = denied('camera');
export const microphoneDenied = denied('microphone');
