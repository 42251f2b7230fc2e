/**
 * What the page shows, as one value, and how it changes. The reducer is pure; the server's notifications
 * are actions as they stand. Everything on the screen follows from this value.
 */
import type { MediaKind, MediaSource } from '../../telemetry/rows.ts';
import type {
  NotificationMessage,
  Notifications,
  ParticipantInfo,
  ProducerInfo,
} from '../../telemetry/signaling.ts';
import type { Fault } from './faults.ts';

export type Phase = 'prejoin' | 'joining' | 'joined' | 'left' | 'error';

/** `blocked`: the browser or the person said no; `starting`: asked for, not there yet. */
export type SourceState = 'off' | 'starting' | 'on' | 'blocked';

export interface Quality {
  readonly level: Notifications['qualityChanged']['level'];
  readonly reason: string;
  readonly audioMos: number | null;
  readonly videoMos: number | null;
}

/** Somebody else's stream, from the moment it is announced. */
export interface Stream {
  readonly producerId: string;
  readonly participantId: string;
  readonly kind: MediaKind;
  readonly source: MediaSource;
  /** Its owner switched it off. */
  readonly paused: boolean;
  readonly consumerId: string | null;
  readonly track: MediaStreamTrack | null;
  /** Why the SFU withholds it by a decision; empty while it does not. */
  readonly held: string;
  /** Spatial layer that is forwarded; null when none or unknown. */
  readonly spatialLayer: number | null;
}

export interface ViewState {
  readonly phase: Phase;
  readonly fault: Fault | null;
  /** The last thing worth telling, read out by screen readers. */
  readonly notice: string;
  /** Attempts to come back since the signaling was lost; null while it stands. */
  readonly reconnecting: number | null;
  readonly name: string;
  readonly roomId: string;
  readonly selfId: string;
  readonly sources: Readonly<Record<MediaSource, SourceState>>;
  readonly tracks: Readonly<Record<MediaSource, MediaStreamTrack | null>>;
  readonly participants: readonly ParticipantInfo[];
  readonly streams: readonly Stream[];
  readonly qualities: Readonly<Record<string, Quality>>;
  readonly speakerId: string | null;
}

export type Action =
  | {
      type: 'sourceChanged';
      source: MediaSource;
      state: SourceState;
      track: MediaStreamTrack | null;
      notice?: string;
    }
  | { type: 'joinStarted'; name: string }
  | {
      type: 'joined';
      selfId: string;
      roomId: string;
      participants: ParticipantInfo[];
      producers: ProducerInfo[];
    }
  | { type: 'connectionLost'; attempt: number }
  | { type: 'connectionBack' }
  | {
      type: 'resumed';
      participants: ParticipantInfo[];
      producers: ProducerInfo[];
      held: { consumerId: string; reason: string }[];
    }
  | { type: 'failed'; fault: Fault }
  | { type: 'left' }
  | { type: 'reset' }
  | { type: 'consuming'; producerId: string; consumerId: string; track: MediaStreamTrack | null }
  | { type: 'told'; notice: string }
  | { type: 'notified'; message: NotificationMessage };

export function initialState(options: { name: string; roomId: string }): ViewState {
  return {
    phase: 'prejoin',
    fault: null,
    notice: '',
    reconnecting: null,
    name: options.name,
    roomId: options.roomId,
    selfId: '',
    sources: { microphone: 'off', camera: 'off', screen: 'off' },
    tracks: { microphone: null, camera: null, screen: null },
    ...emptyRoom,
  };
}

const emptyRoom = { participants: [], streams: [], qualities: {}, speakerId: null };

export function reduce(state: ViewState, action: Action): ViewState {
  switch (action.type) {
    case 'sourceChanged':
      return {
        ...state,
        sources: { ...state.sources, [action.source]: action.state },
        tracks: { ...state.tracks, [action.source]: action.track },
        notice: action.notice ?? state.notice,
      };
    case 'joinStarted':
      return { ...state, phase: 'joining', name: action.name, fault: null, notice: 'Joining…' };
    case 'joined':
      return {
        ...state,
        phase: 'joined',
        fault: null,
        notice: state.reconnecting === null ? joinedNotice(action.participants) : 'You are back in the call.',
        reconnecting: null,
        selfId: action.selfId,
        roomId: action.roomId,
        ...emptyRoom,
        participants: action.participants.filter(({ participantId }) => participantId !== action.selfId),
        streams: action.producers.map(newStream),
      };
    case 'connectionLost':
      // Everybody stays on the screen: coming back takes a second or two, and then the new list replaces it.
      return {
        ...state,
        reconnecting: action.attempt,
        notice: 'The connection to the server is lost. Reconnecting…',
      };
    case 'connectionBack':
      return { ...state, reconnecting: null, notice: 'The connection to the server is back.' };
    case 'resumed':
      return {
        ...state,
        reconnecting: null,
        notice: 'The connection to the server is back.',
        participants: action.participants,
        streams: action.producers.map((producer) => {
          const known = state.streams.find(({ producerId }) => producerId === producer.producerId);
          const held = action.held.find(({ consumerId }) => consumerId === known?.consumerId);
          return { ...(known ?? newStream(producer)), paused: producer.paused, held: held?.reason ?? '' };
        }),
      };
    case 'failed':
      return {
        ...state,
        phase: 'error',
        fault: action.fault,
        notice: action.fault.title,
        reconnecting: null,
        ...emptyRoom,
      };
    case 'left':
      return { ...state, phase: 'left', notice: 'You left the call.', reconnecting: null, ...emptyRoom };
    case 'reset':
      return { ...state, phase: 'prejoin', fault: null, notice: '', reconnecting: null, ...emptyRoom };
    case 'consuming':
      return withStream(
        state,
        ({ producerId }) => producerId === action.producerId,
        () => ({
          consumerId: action.consumerId,
          track: action.track,
        }),
      );
    case 'told':
      return { ...state, notice: action.notice };
    case 'notified':
      return state.phase === 'joined' ? notified(state, action.message) : state;
  }
}

function notified(state: ViewState, message: NotificationMessage): ViewState {
  switch (message.method) {
    case 'participantJoined':
      return {
        ...state,
        participants: [
          ...state.participants.filter(({ participantId }) => participantId !== message.data.participantId),
          message.data,
        ],
        notice: `${message.data.displayName} joined.`,
      };
    case 'participantLeft': {
      const { participantId } = message.data;
      const name = nameOf(state, participantId);
      const { [participantId]: _, ...qualities } = state.qualities;
      return {
        ...state,
        participants: state.participants.filter((one) => one.participantId !== participantId),
        streams: state.streams.filter((one) => one.participantId !== participantId),
        qualities,
        speakerId: state.speakerId === participantId ? null : state.speakerId,
        notice: `${name} left.`,
      };
    }
    case 'producerAdded':
      return {
        ...state,
        streams: [
          ...state.streams.filter(({ producerId }) => producerId !== message.data.producerId),
          newStream(message.data),
        ],
        notice:
          message.data.source === 'screen'
            ? `${nameOf(state, message.data.participantId)} shares a screen.`
            : state.notice,
      };
    case 'producerClosed':
      return {
        ...state,
        streams: state.streams.filter(({ producerId }) => producerId !== message.data.producerId),
      };
    case 'producerPaused':
    case 'producerResumed':
      return withStream(
        state,
        ({ producerId }) => producerId === message.data.producerId,
        () => ({
          paused: message.method === 'producerPaused',
        }),
      );
    case 'consumerPaused': {
      const { consumerId, reason } = message.data;
      return withStream(state, isConsumer(consumerId), () => ({ held: reason || 'The server paused it.' }));
    }
    case 'consumerResumed':
      return withStream(state, isConsumer(message.data.consumerId), () => ({ held: '' }));
    case 'consumerClosed':
      return withStream(state, isConsumer(message.data.consumerId), () => ({
        consumerId: null,
        track: null,
        held: '',
        spatialLayer: null,
      }));
    case 'layersChanged': {
      const { consumerId, spatialLayer } = message.data;
      return withStream(state, isConsumer(consumerId), () => ({ spatialLayer }));
    }
    case 'audioBounded':
    case 'relaysLost':
    case 'nodeLeaving':
      return state;
    case 'mediaRestarted':
      return { ...state, streams: [], speakerId: null };
    case 'dominantSpeaker':
      return { ...state, speakerId: message.data.participantId };
    case 'qualityChanged': {
      const { participantId, ...quality } = message.data;
      return { ...state, qualities: { ...state.qualities, [participantId]: quality } };
    }
  }
}

const newStream = (producer: ProducerInfo): Stream => ({
  ...producer,
  consumerId: null,
  track: null,
  held: '',
  spatialLayer: null,
});

const isConsumer = (consumerId: string) => (stream: Stream) => stream.consumerId === consumerId;

function withStream(
  state: ViewState,
  matches: (stream: Stream) => boolean,
  change: () => Partial<Stream>,
): ViewState {
  return {
    ...state,
    streams: state.streams.map((stream) => (matches(stream) ? { ...stream, ...change() } : stream)),
  };
}

export const nameOf = (state: ViewState, participantId: string): string =>
  participantId === state.selfId
    ? state.name
    : (state.participants.find((one) => one.participantId === participantId)?.displayName ?? 'Somebody');

function joinedNotice(others: readonly ParticipantInfo[]): string {
  if (others.length === 0) return 'You are in the call.';
  return `You are in the call with ${others.map(({ displayName }) => displayName).join(', ')}.`;
}
