import { describe, expect, it } from 'vitest';
import { FaultError } from '../../../client/page/faults.ts';
import { type Action, initialState, reduce, type ViewState } from '../../../client/page/state.ts';
import { tilesOf } from '../../../client/page/tiles.ts';
import type { NotificationMessage } from '../../../telemetry/signaling.ts';

const track = (id: string) => ({ id }) as MediaStreamTrack;

const after = (state: ViewState, ...actions: Action[]) => actions.reduce(reduce, state);
const told = (...messages: NotificationMessage[]): Action[] =>
  messages.map((message) => ({ type: 'notified', message }));

const camera = (participantId: string, paused = false) =>
  ({ producerId: `${participantId}-cam`, participantId, kind: 'video', source: 'camera', paused }) as const;
const microphone = (participantId: string, paused = false) =>
  ({
    producerId: `${participantId}-mic`,
    participantId,
    kind: 'audio',
    source: 'microphone',
    paused,
  }) as const;
const screen = (participantId: string) =>
  ({
    producerId: `${participantId}-scr`,
    participantId,
    kind: 'video',
    source: 'screen',
    paused: false,
  }) as const;

/** Ana is in a call with Bo, whose camera and microphone arrive. */
const inCall = after(
  initialState({ name: 'Ana', roomId: 'room' }),
  { type: 'joinStarted', name: 'Ana' },
  {
    type: 'joined',
    selfId: 'ana',
    roomId: 'room',
    participants: [
      { participantId: 'ana', displayName: 'Ana' },
      { participantId: 'bo', displayName: 'Bo' },
    ],
    producers: [camera('bo'), microphone('bo')],
  },
  { type: 'consuming', producerId: 'bo-cam', consumerId: 'c1', track: track('video') },
  { type: 'consuming', producerId: 'bo-mic', consumerId: 'c2', track: track('audio') },
);
const bo = (state: ViewState) => tilesOf(state).find(({ key }) => key === 'bo/camera');

describe('in a call', () => {
  it('shows everybody once, oneself last', () => {
    expect(tilesOf(inCall).map(({ key }) => key)).toEqual(['bo/camera', 'self/camera']);
    expect(bo(inCall)).toMatchObject({
      name: 'Bo',
      muted: false,
      consumerId: 'c1',
      video: { id: 'video' },
      audio: { id: 'audio' },
    });
  });

  it('never plays one’s own sound', () => {
    const self = tilesOf(inCall).find(({ self }) => self);
    expect(self).toMatchObject({ name: 'Ana', audio: null, muted: true });
  });

  it('shows who mutes, and who comes back', () => {
    const muted = after(inCall, ...told({ method: 'producerPaused', data: { producerId: 'bo-mic' } }));
    expect(bo(muted)?.muted).toBe(true);
    const back = after(muted, ...told({ method: 'producerResumed', data: { producerId: 'bo-mic' } }));
    expect(bo(back)?.muted).toBe(false);
  });

  it('shows who has no microphone at all as muted', () => {
    const gone = after(inCall, ...told({ method: 'producerClosed', data: { producerId: 'bo-mic' } }));
    expect(bo(gone)).toMatchObject({ muted: true, audio: null });
  });

  it('says why the server withholds a video, and stops saying it', () => {
    const reason = 'Your downlink is congested.';
    const held = after(inCall, ...told({ method: 'consumerPaused', data: { consumerId: 'c1', reason } }));
    expect(bo(held)).toMatchObject({ held: reason, video: null, audio: { id: 'audio' } });
    const sent = after(held, ...told({ method: 'consumerResumed', data: { consumerId: 'c1' } }));
    expect(bo(sent)).toMatchObject({ held: '', video: { id: 'video' } });
  });

  it('knows a hold that came before the track did', () => {
    const held = after(
      inCall,
      ...told({ method: 'producerAdded', data: screen('bo') }),
      { type: 'consuming', producerId: 'bo-scr', consumerId: 'c3', track: null },
      ...told({ method: 'consumerPaused', data: { consumerId: 'c3', reason: 'congested' } }),
      { type: 'consuming', producerId: 'bo-scr', consumerId: 'c3', track: track('screen') },
    );
    expect(tilesOf(held)[0]).toMatchObject({ source: 'screen', held: 'congested', video: null });
  });

  it('says nothing of a decision while the owner’s camera is off anyway', () => {
    const off = after(
      inCall,
      ...told(
        { method: 'consumerPaused', data: { consumerId: 'c1', reason: 'congested' } },
        { method: 'producerPaused', data: { producerId: 'bo-cam' } },
      ),
    );
    expect(bo(off)).toMatchObject({ held: '', video: null });
  });

  it('puts a shared screen first, and takes it away', () => {
    const shared = after(inCall, ...told({ method: 'producerAdded', data: screen('bo') }));
    expect(tilesOf(shared)[0]).toMatchObject({ key: 'bo/screen/bo-scr', name: 'Bo’s screen' });
    expect(shared.notice).toBe('Bo shares a screen.');
    const over = after(shared, ...told({ method: 'producerClosed', data: { producerId: 'bo-scr' } }));
    expect(tilesOf(over)).toHaveLength(2);
  });

  it('marks the speaker and the quality of both sides', () => {
    const quality = { level: 'poor', reason: 'Loss.', audioMos: 2.1, videoMos: null } as const;
    const state = after(
      inCall,
      ...told(
        { method: 'dominantSpeaker', data: { participantId: 'bo' } },
        { method: 'qualityChanged', data: { participantId: 'bo', ...quality } },
        { method: 'qualityChanged', data: { participantId: 'ana', ...quality, level: 'good' } },
      ),
    );
    expect(bo(state)).toMatchObject({ speaking: true, quality });
    expect(tilesOf(state).at(-1)).toMatchObject({ speaking: false, quality: { level: 'good' } });
  });

  it('takes everything of somebody who leaves', () => {
    const alone = after(
      inCall,
      ...told(
        { method: 'dominantSpeaker', data: { participantId: 'bo' } },
        { method: 'participantLeft', data: { participantId: 'bo' } },
      ),
    );
    expect(alone).toMatchObject({ participants: [], streams: [], speakerId: null, notice: 'Bo left.' });
  });

  it('shows nobody twice when an announcement is repeated', () => {
    const twice = after(
      inCall,
      ...told(
        { method: 'participantJoined', data: { participantId: 'bo', displayName: 'Bo' } },
        { method: 'producerAdded', data: camera('bo') },
      ),
    );
    expect(twice.participants).toHaveLength(1);
    expect(twice.streams).toHaveLength(2);
  });
});

describe('when the connection is lost', () => {
  const lost = after(inCall, { type: 'connectionLost', attempt: 0 });

  it('keeps everybody on the screen', () => {
    expect(lost.reconnecting).toBe(0);
    expect(tilesOf(lost)).toEqual(tilesOf(inCall));
  });

  it('replaces everybody by whom it finds on coming back', () => {
    const back = after(lost, {
      type: 'joined',
      selfId: 'ana-2',
      roomId: 'room',
      participants: [{ participantId: 'bo-2', displayName: 'Bo' }],
      producers: [],
    });
    expect(back).toMatchObject({ reconnecting: null, selfId: 'ana-2', notice: 'You are back in the call.' });
    expect(tilesOf(back).map(({ participantId }) => participantId)).toEqual(['bo-2', 'ana-2']);
  });

  it('stops at a refusal that will not pass', () => {
    const { fault } = new FaultError('invite_expired');
    expect(after(lost, { type: 'failed', fault })).toMatchObject({ phase: 'error', fault, participants: [] });
  });
});

it('hears nothing of a call it has left', () => {
  const left = after(inCall, { type: 'left' });
  const late = after(
    left,
    ...told({ method: 'participantJoined', data: { participantId: 'x', displayName: 'X' } }),
  );
  expect(late).toEqual(left);
  expect(tilesOf(late)).toEqual([]);
});
