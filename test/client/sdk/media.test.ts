import { describe, expect, it } from 'vitest';
import { type Binding, matchMedia } from '../../../client/sdk/media.ts';
import type { RawStats } from '../../../telemetry/browser-stats.ts';

const track = (id: string) => ({ id }) as MediaStreamTrack;
const stats = (type: string, id: string, members: object): RawStats => ({ type, id, ...members });

const microphone: Binding = {
  role: 'producer',
  media: { id: 'mic', rtpParameters: { mid: '0', encodings: [{ ssrc: 11 }] }, track: track('t-mic') },
};
const camera: Binding = {
  role: 'producer',
  media: {
    id: 'cam',
    rtpParameters: { mid: '1', encodings: [{ rid: 'r0' }, { rid: 'r1' }] },
    track: track('t-cam'),
  },
};
const voice: Binding = {
  role: 'consumer',
  media: {
    id: 'c-voice',
    producerId: 'far-mic',
    rtpParameters: { mid: '0', encodings: [{ ssrc: 21 }] },
    track: track('t-voice'),
  },
};
const all = [microphone, camera, voice];

describe('producer and consumer of a stats object', () => {
  it('are found by mid, for each layer and for what hangs on it', () => {
    const ids = matchMedia(
      [
        stats('outbound-rtp', 'O0', { mid: '1', ssrc: 31, rid: 'r0', mediaSourceId: 'S', remoteId: 'R0' }),
        stats('outbound-rtp', 'O1', { mid: '1', ssrc: 32, rid: 'r1', mediaSourceId: 'S' }),
        stats('remote-inbound-rtp', 'R0', { ssrc: 31, localId: 'O0' }),
        stats('remote-inbound-rtp', 'R1', { ssrc: 32, localId: 'O1' }),
        stats('media-source', 'S', { trackIdentifier: 't-cam' }),
      ],
      all,
    );
    expect([...ids]).toEqual(['O0', 'S', 'R0', 'O1', 'R1'].map((id) => [id, { producerId: 'cam' }]));
  });

  it('include the far producer for a consumer, and never mix sending with receiving', () => {
    const ids = matchMedia([stats('inbound-rtp', 'I', { mid: '0', ssrc: 21, remoteId: 'RO' })], all);
    expect(ids.get('I')).toEqual({ consumerId: 'c-voice', producerId: 'far-mic' });
    expect(ids.get('RO')).toEqual({ consumerId: 'c-voice', producerId: 'far-mic' });
  });

  it.each([
    ['SSRC where there is no mid (older Firefox)', { ssrc: 11 }],
    ['track where there is neither', { trackIdentifier: 't-mic' }],
  ])('are found by %s', (_, members) => {
    expect(matchMedia([stats('outbound-rtp', 'O', members)], all).get('O')).toEqual({ producerId: 'mic' });
  });

  it('are found by the source’s track for Safari’s outbound streams without mid', () => {
    const ids = matchMedia(
      [
        stats('media-source', 'SV2', { trackIdentifier: 't-cam' }),
        stats('outbound-rtp', 'O', { ssrc: 99, mediaSourceId: 'SV2' }),
      ],
      all,
    );
    expect(ids.get('O')).toEqual({ producerId: 'cam' });
  });

  it('are told apart by SSRC when two transports have the same mid', () => {
    const other: Binding = {
      role: 'producer',
      media: { id: 'mic-2', rtpParameters: { mid: '0', encodings: [{ ssrc: 12 }] } },
    };
    const ids = matchMedia([stats('outbound-rtp', 'O', { mid: '0', ssrc: 12 })], [microphone, other]);
    expect(ids.get('O')).toEqual({ producerId: 'mic-2' });
  });

  it('are left out where nothing fits', () => {
    expect(matchMedia([stats('inbound-rtp', 'I', { mid: '7', ssrc: 5 })], all).size).toBe(0);
  });
});
