/** Cameras that give a standing picture or a black one. */
import type { CameraMode } from '../participants/devices.ts';
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
