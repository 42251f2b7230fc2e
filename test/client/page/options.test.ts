import { describe, expect, it } from 'vitest';
import { readOptions } from '../../../client/page/options.ts';
import { signToken } from '../../../telemetry/tokens.ts';

const secret = 'a-secret-for-tests-only';

describe('the address of the page', () => {
  it('names the invite, and through it the room', async () => {
    const roomId = 'Küche 2';
    const invite = await signToken('invite', { tenantId: 't', roomId }, { secret, ttlSeconds: 60 });
    expect(readOptions(`?invite=${invite}`)).toEqual({
      invite,
      roomId,
      name: '',
      autojoin: false,
      camera: true,
      microphone: true,
    });
  });

  it.each([
    ['', { invite: '', roomId: '' }],
    ['?invite=nonsense', { invite: 'nonsense', roomId: '' }],
    ['?invite=a.!!!.c', { invite: 'a.!!!.c', roomId: '' }],
    [`?invite=a.${btoa('[1]')}.c`, { roomId: '' }],
    [`?invite=a.${btoa('{"roomId":7}')}.c`, { roomId: '' }],
    ['?invite=x&name=%20Ana%20&autojoin=1', { name: 'Ana', autojoin: true }],
    ['?invite=x&autojoin=1', { name: '', autojoin: false }],
    ['?invite=x&camera=off', { camera: false, microphone: true }],
    ['?invite=x&mic=off', { camera: true, microphone: false }],
    [`?name=${'n'.repeat(200)}`, { name: 'n'.repeat(80) }],
  ])('%s', (search, expected) => {
    expect(readOptions(search)).toMatchObject(expected);
  });
});
