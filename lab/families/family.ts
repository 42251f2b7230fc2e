/**
 * What a family of faults is: data that says what is done to whom, and what is true while it lasts.
 *
 * The truth is written here, by hand, before anything is measured; nothing in it is derived from what the detectors
 * say. docs/decisions/truth.md has how findings are held against it.
 */
import type { Hop } from '../../telemetry/rows.ts';
import type { Direction } from '../network/relay.ts';
import type { LinkChange } from '../network/settings.ts';
import type { CameraMode, DeviceSetup, MicrophoneMode } from '../participants/devices.ts';

/** Mild is near the edge of what people notice, and counts apart; moderate spoils the call; severe breaks it. */
export const severities = ['mild', 'moderate', 'severe'] as const;
export type Severity = (typeof severities)[number];

/** Seats of a call are numbered from 0; which of them a fault hits is drawn from the seed. */
export type Seat = number;
export interface Cast {
  readonly guilty: Seat;
  /** The second one, where a family has two faults or two parts to play. */
  readonly second: Seat;
  /** Has no part but to watch. */
  readonly third: Seat;
}

/** How a seat differs from an ordinary one from the moment it joins. */
export interface SeatSetup {
  /** Replaced devices: refused, or under the lab's hand. */
  readonly devices?: DeviceSetup;
  /** Joins with the camera switched off by its owner. */
  readonly cameraOff?: boolean;
  /** Nothing passes its line for UDP from the beginning; `tcp` leaves the SFU's TCP candidates. */
  readonly udpBlocked?: { readonly tcp: boolean };
  /** All media by the TURN relay: over the line that all relay users share, or over TCP, which passes no line. */
  readonly relay?: 'udp' | 'tcp';
}

export type Action =
  | { readonly kind: 'line'; readonly seat: Seat; readonly direction: Direction; readonly change: LinkChange }
  /** The line between all relay users and the TURN relay. */
  | { readonly kind: 'relay_line'; readonly direction: Direction; readonly change: LinkChange }
  | { readonly kind: 'camera'; readonly seat: Seat; readonly mode: CameraMode }
  | { readonly kind: 'microphone'; readonly seat: Seat; readonly mode: MicrophoneMode }
  /** Stopped and let run in turns, as a process is that gets only part of a core. */
  | {
      readonly kind: 'starve';
      readonly who: Seat | 'worker';
      readonly stopMs: number;
      readonly runMs: number;
    }
  | { readonly kind: 'kill'; readonly who: 'worker' | 'sfu' }
  /** A person presses the page's own button: no fault. */
  | { readonly kind: 'press'; readonly seat: Seat; readonly button: 'microphone' | 'camera' };

export interface Step {
  /** From the onset. @default 0 */
  readonly atMs?: number;
  /** Undone after this. @default the fault's end; never for what cannot be undone */
  readonly forMs?: number;
  readonly action: Action;
}

/** One thing that should be found. */
export interface Expected {
  /** Null: nobody's own; the SFU's or the relay's. Any participant may then stand in the incident. */
  readonly guilty: Seat | null;
  /** Any of these is right. */
  readonly hops: readonly Hop[];
  /** The first is the detector that is made for it; any of them counts as finding it. */
  readonly kinds: readonly string[];
}

/** What may be said besides: true of the call, but not the cause. Neither a hit nor a false alarm. */
export interface SideEffect {
  readonly kinds: readonly string[];
  /** Whose. @default anybody's */
  readonly seats?: readonly Seat[];
  /** With the hop named as one of these, or as unknown. */
  readonly hops: readonly Hop[];
}

export interface Plan {
  readonly seats?: Readonly<Record<Seat, SeatSetup>>;
  readonly steps: readonly Step[];
  /** From the onset to the end of the fault. Without steps: how long the call is watched from the join on. */
  readonly faultMs: number;
  /** The fault is there from the moment the guilty one joins: no lead-in. @default false */
  readonly atJoin?: boolean;
  readonly expected: readonly Expected[];
  readonly sideEffects: readonly SideEffect[];
  /** Who hears or sees the call worse by it. */
  readonly affected: readonly Seat[];
}

export interface Family {
  readonly name: string;
  /** What happens, in words. */
  readonly fault: string;
  /** Each severity in words. */
  readonly severities: Readonly<Record<Severity, string>>;
  plan(severity: Severity, cast: Cast): Plan;
}

/** Long enough for the slowest detector that must be quick (5 s) to be heard twice. */
export const faultMs = 15_000;
