import { expect, test } from 'vitest';
import { parseLinkMessage } from '../../../sfu/pipes/messages.ts';

const srtpParameters = { cryptoSuite: 'AEAD_AES_256_GCM', keyBase64: 'a'.repeat(60) };

test.each<[string, unknown]>([
  ['a type that is none', { type: 'everythingClosed' }],
  ['a port that is none', { type: 'hello', address: '127.0.0.1', port: 70_000, srtpParameters }],
  ['no encryption', { type: 'hello', address: '127.0.0.1', port: 7_000 }],
  [
    'a cipher that is none',
    {
      type: 'hello',
      address: '127.0.0.1',
      port: 7_000,
      srtpParameters: { ...srtpParameters, cryptoSuite: 'NULL' },
    },
  ],
  ['an id without end', { type: 'participantLeft', participantId: 'p'.repeat(129) }],
  ['a name without end', { type: 'participantJoined', participantId: 'p', displayName: 'n'.repeat(81) }],
  [
    'a source that is none',
    {
      type: 'producerAdded',
      producerId: 'a',
      participantId: 'p',
      kind: 'audio',
      source: 'radio',
      paused: false,
      rtpParameters: {},
    },
  ],
])('%s is refused', (_, message) => {
  expect(() => parseLinkMessage(JSON.stringify(message))).toThrow(/not valid/);
});

test('what is no JSON is refused', () => {
  expect(() => parseLinkMessage('hello')).toThrow(/not JSON/);
});
