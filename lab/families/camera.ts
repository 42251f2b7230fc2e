/** Cameras that give a standing picture, a black one, or none. */
import type { CameraMode, Refusal } from '../participants/devices.ts';
import { everybody, ofSenderDevice } from './effects.ts';
import {
  type Expected,
  type Family,
  faultMs,
  type Plan,
  type Seat,
  type Severity,
  type Step,
} from './family.ts';
import { bySeverity } from './line.ts';

export const refusals = bySeverity<Refusal>('NotFoundError', 'NotReadableError', 'NotAllowedError');

const hand = { camera: 'handled' } as const;

function plan(
  guilty: Seat,
  steps: readonly Step[],
  kinds: Expected['kinds'],
  affected: readonly Seat[],
): Plan {
  return {
    seats: { [guilty]: { devices: hand } },
    steps,
    faultMs,
    expected: [{ guilty, hops: ['sender_device'], kinds }],
    sideEffects: ofSenderDevice(guilty),
    affected,
  };
}

/** To the end of the call: nobody plugs it in again. */
const forGood = 600_000;

const frozenSteps: Record<Severity, (seat: Seat) => Step[]> = {
  mild: (seat) => [{ action: { kind: 'camera', seat, mode: 'repeated' } }],
  moderate: (seat) => [{ action: { kind: 'camera', seat, mode: 'stopped' } }],
  severe: (seat) => [{ action: { kind: 'camera', seat, mode: 'stopped' }, forMs: forGood }],
};

export const cameraFrozen: Family = {
  name: 'camera-frozen',
  fault: 'one participant’s camera stands still',
  severities: bySeverity(
    'gives the same picture over and over',
    'gives no new picture for 15 s',
    'gives no new picture any more',
  ),
  plan: (severity, cast) =>
    plan(
      cast.guilty,
      frozenSteps[severity](cast.guilty),
      ['video_source_frozen', ...(severity === 'mild' ? ['video_source_black'] : ['freeze'])],
      everybody(cast).filter((seat) => seat !== cast.guilty),
    ),
};

const blackSteps: Record<Severity, (seat: Seat) => Step[]> = {
  mild: (seat) => [{ action: { kind: 'camera', seat, mode: 'black' satisfies CameraMode }, forMs: 8_000 }],
  moderate: (seat) => [{ action: { kind: 'camera', seat, mode: 'black' } }],
  severe: (seat) => [{ action: { kind: 'camera', seat, mode: 'black' }, forMs: forGood }],
};

export const cameraBlack: Family = {
  name: 'camera-black',
  fault: 'one participant’s camera gives black pictures at full pace (a closed shutter)',
  severities: bySeverity('for 8 s', 'for 15 s', 'to the end'),
  plan: (severity, cast) =>
    plan(
      cast.guilty,
      blackSteps[severity](cast.guilty),
      // By statistics alone a black picture is a picture that does not change.
      ['video_source_black', 'video_source_frozen'],
      everybody(cast).filter((seat) => seat !== cast.guilty),
    ),
};

export const cameraDenied: Family = {
  name: 'camera-denied',
  fault: 'one participant’s camera does not open, from the join on',
  severities: bySeverity(
    'there is none (NotFoundError)',
    'another program has it (NotReadableError)',
    'the person or the system refuses it (NotAllowedError)',
  ),
  plan: (severity, cast) => ({
    atJoin: true,
    seats: { [cast.guilty]: { devices: { camera: refusals[severity] } } },
    steps: [],
    faultMs: 15_000,
    expected: [{ guilty: cast.guilty, hops: ['sender_device'], kinds: ['capture_failed'] }],
    sideEffects: ofSenderDevice(cast.guilty),
    affected: everybody(cast).filter((seat) => seat !== cast.guilty),
  }),
};
