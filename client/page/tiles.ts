/** From the view state to the tiles on the screen: one for every participant, one more for a shared screen. */
import { nameOf, type Quality, type Stream, type ViewState } from './state.ts';

export interface Tile {
  /** Stable over the tile's life. */
  readonly key: string;
  readonly participantId: string;
  readonly source: 'camera' | 'screen';
  readonly self: boolean;
  readonly name: string;
  readonly video: MediaStreamTrack | null;
  /** What there is to hear from this tile; null for oneself. */
  readonly audio: MediaStreamTrack | null;
  readonly muted: boolean;
  readonly speaking: boolean;
  readonly quality: Quality | null;
  /** Why the server withholds the video; empty while it does not. */
  readonly held: string;
  /** The video's consumer, which layers can be asked for; null for oneself. */
  readonly consumerId: string | null;
  readonly spatialLayer: number | null;
}

/** Shared screens first, then the others in the order they came, oneself last. */
export function tilesOf(state: ViewState): Tile[] {
  if (state.phase !== 'joined') return [];
  const others = state.participants.flatMap(({ participantId }) => {
    const own = state.streams.filter((stream) => stream.participantId === participantId);
    return remoteTiles(state, participantId, own);
  });
  return [...others, ...selfTiles(state)].sort((a, b) => rank(a) - rank(b));
}

const rank = (tile: Tile) => (tile.source === 'screen' ? 0 : tile.self ? 2 : 1);

function remoteTiles(state: ViewState, participantId: string, streams: readonly Stream[]): Tile[] {
  const common = { participantId, self: false, name: nameOf(state, participantId) };
  const microphone = streams.find(({ source }) => source === 'microphone');
  const camera = streams.find(({ source }) => source === 'camera');
  const tiles: Tile[] = [
    {
      ...common,
      key: `${participantId}/camera`,
      source: 'camera',
      video: camera && !camera.paused && !camera.held ? camera.track : null,
      audio: microphone?.track ?? null,
      muted: !microphone || microphone.paused,
      speaking: state.speakerId === participantId,
      quality: state.qualities[participantId] ?? null,
      held: camera && !camera.paused ? camera.held : '',
      consumerId: camera?.consumerId ?? null,
      spatialLayer: camera?.spatialLayer ?? null,
    },
  ];
  for (const screen of streams.filter(({ source, kind }) => source === 'screen' && kind === 'video')) {
    tiles.push({
      ...common,
      key: `${participantId}/screen/${screen.producerId}`,
      source: 'screen',
      name: `${common.name}’s screen`,
      video: screen.paused || screen.held ? null : screen.track,
      audio: null,
      muted: false,
      speaking: false,
      quality: null,
      held: screen.paused ? '' : screen.held,
      consumerId: screen.consumerId,
      spatialLayer: screen.spatialLayer,
    });
  }
  return tiles;
}

function selfTiles(state: ViewState): Tile[] {
  const common = {
    participantId: state.selfId,
    self: true,
    audio: null,
    held: '',
    consumerId: null,
    spatialLayer: null,
  };
  const tiles: Tile[] = [
    {
      ...common,
      key: 'self/camera',
      source: 'camera',
      name: state.name,
      video: state.sources.camera === 'on' ? state.tracks.camera : null,
      muted: state.sources.microphone !== 'on',
      speaking: state.speakerId === state.selfId,
      quality: state.qualities[state.selfId] ?? null,
    },
  ];
  if (state.sources.screen === 'on') {
    tiles.push({
      ...common,
      key: 'self/screen',
      source: 'screen',
      name: 'Your screen',
      video: state.tracks.screen,
      muted: false,
      speaking: false,
      quality: null,
    });
  }
  return tiles;
}
