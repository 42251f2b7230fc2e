/** What follows from what: the findings that are true beside a fault of each place, and count neither way. */
import type { Cast, Seat, SideEffect } from './family.ts';

/** What a receiver suffers, whatever the cause. */
const suffered = [
  'freeze',
  'stuck_decoder',
  'pli_storm',
  'audio_concealment',
  'audio_video_desync',
  'jitter_buffer_inflated',
  'decoder_drops',
  'high_delay',
  'high_jitter',
] as const;
/** What a path's owner shows, on top of that. */
const pathSigns = [
  'estimate_collapse',
  'fixed_bitrate',
  'telemetry_gap',
  'ice_loss',
  'ice_flapping',
] as const;

export const everybody = ({ guilty, second, third }: Cast): Seat[] => [guilty, second, third];

/** A bad way from the SFU to this seat. */
export const ofDownlink = (seat: Seat): SideEffect[] => [
  {
    kinds: ['downlink_congestion', ...suffered, ...pathSigns],
    seats: [seat],
    hops: ['downlink', 'far_network'],
  },
];

/** A bad way from this seat to the SFU: its own signs, and what all others suffer of it, with the uplink named. */
export const ofUplink = (seat: Seat): SideEffect[] => [
  {
    kinds: ['uplink_congestion', 'publisher_fault', 'track_not_forwarded', ...pathSigns, ...suffered],
    seats: [seat],
    hops: ['uplink', 'far_network'],
  },
  { kinds: suffered, hops: ['uplink'] },
];

/** Both ways of this seat. */
export const ofPath = (seat: Seat): SideEffect[] => [...ofDownlink(seat), ...ofUplink(seat)];

/** A source or an encoder that fails: what all others suffer of it, with the sender's device named. */
export const ofSenderDevice = (seat: Seat): SideEffect[] => [
  {
    kinds: ['publisher_fault', 'track_not_forwarded', 'estimate_collapse', 'fixed_bitrate', 'telemetry_gap'],
    seats: [seat],
    hops: ['sender_device'],
  },
  { kinds: [...suffered, 'video_source_frozen'], hops: ['sender_device'] },
];

export const ofReceiverDevice = (seat: Seat): SideEffect[] => [
  { kinds: [...suffered, 'telemetry_gap'], seats: [seat], hops: ['receiver_device'] },
];

/**
 * All pages of the lab's browser play through one audio service, which waits for a stopped page: the others' devices do
 * hold their sound back meanwhile, of everybody they hear.
 */
export const ofSharedPlayout: SideEffect[] = [
  { kinds: ['jitter_buffer_inflated', 'audio_video_desync'], hops: ['receiver_device'] },
];

/** Everybody on a node suffers alike. */
export const ofSfu: SideEffect[] = [
  {
    kinds: [
      ...suffered,
      ...pathSigns,
      'sfu_congestion',
      'sfu_death',
      'dtls_wave',
      'track_not_forwarded',
      'unconsumed_track',
      'connection_not_established',
      'publisher_fault',
    ],
    hops: ['sfu', 'far_network'],
  },
];

export const ofRelay: SideEffect[] = [
  {
    kinds: [...suffered, ...pathSigns, 'downlink_congestion', 'uplink_congestion', 'publisher_fault'],
    hops: ['relay', 'far_network'],
  },
];
