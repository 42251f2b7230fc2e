/** Microphones that are open and say nothing. */
import type { MicrophoneMode } from '../participants/devices.ts';
import { everybody, ofSenderDevice } from './effects.ts';
import type { Family } from './family.ts';
import { bySeverity } from './line.ts';

const modes = bySeverity<MicrophoneMode>('faint', 'silent', 'silent');
/** The field's detectors wait 30 s before they call a microphone silent: people pause. */
const silentForMs = bySeverity(36_000, 36_000, 46_000);

export const microphoneSilent: Family = {
  name: 'microphone-silent',
  fault: 'one participant’s microphone is open, not muted, and gives next to nothing',
  severities: bySeverity('40 dB down for 36 s', 'nothing for 36 s', 'nothing for 46 s'),
  plan: (severity, cast) => ({
    seats: { [cast.guilty]: { devices: { microphone: 'handled' } } },
    steps: [{ action: { kind: 'microphone', seat: cast.guilty, mode: modes[severity] } }],
    faultMs: silentForMs[severity],
    expected: [{ guilty: cast.guilty, hops: ['sender_device'], kinds: ['silent_microphone'] }],
    sideEffects: ofSenderDevice(cast.guilty),
    affected: everybody(cast).filter((seat) => seat !== cast.guilty),
  }),
};
