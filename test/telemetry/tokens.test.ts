import { describe, expect, test } from 'vitest';
import { signToken, verifyToken } from '../../telemetry/tokens.ts';

const secret = 'a-secret-of-good-length';
const claims = { tenantId: 't', roomId: 'r', callId: 'c', participantId: 'p' };

describe('a telemetry token', () => {
  test('gives its claims back', async () => {
    const token = await signToken('telemetry', claims, { secret, ttlSeconds: 60 });
    expect(await verifyToken('telemetry', token, secret)).toEqual(claims);
  });

  test.each([
    [
      'under another secret',
      async () => signToken('telemetry', claims, { secret: 'another-secret-altogether', ttlSeconds: 60 }),
    ],
    ['expired', async () => signToken('telemetry', claims, { secret, ttlSeconds: -60 })],
    [
      'made for another purpose',
      async () => signToken('invite', { tenantId: 't', roomId: 'r' }, { secret, ttlSeconds: 60 }),
    ],
    [
      'changed on the way',
      async () => {
        const [head, body, signature] = (
          await signToken('telemetry', claims, { secret, ttlSeconds: 60 })
        ).split('.');
        const other = { ...JSON.parse(Buffer.from(body ?? '', 'base64url').toString()), callId: 'another' };
        return [head, Buffer.from(JSON.stringify(other)).toString('base64url'), signature].join('.');
      },
    ],
    ['not a token', async () => 'nonsense'],
  ])('is refused when %s', async (_, make) => {
    await expect(verifyToken('telemetry', await make(), secret)).rejects.toThrow();
  });
});
