/**
 * Signed tokens (JWT, HS256 by `jose`). Each has one purpose, in its audience, so that none can stand in for
 * another: an invite opens one room, a join token admits one participant once-named, a telemetry token lets
 * that participant write its own telemetry and nothing else. A node token opens one media node's way to another. An
 * inspector link signs in once, which begins an inspector session; an inspector login is one that is under way at an
 * OpenID Connect provider.
 */
import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';

const id = z.string().min(1).max(128);

export const inviteClaims = z.object({
  tenantId: id,
  roomId: id,
  /** The call is recorded from this admission on; `transcribed`: and its speech written down. */
  recording: z.enum(['recorded', 'transcribed']).optional(),
});
export const joinClaims = z.object({
  tenantId: id,
  roomId: id,
  callId: id,
  participantId: id,
  displayName: z.string().min(1).max(80),
  /** The media node that has the call, where there are several; the call is begun there if it is not yet. */
  nodeId: id.optional(),
  /** Where it is not that one: the participant sits there, and the call has its home here. */
  homeNodeId: id.optional(),
  /** As in the invitation. */
  recording: z.enum(['recorded', 'transcribed']).optional(),
});
export const telemetryClaims = z.object({ tenantId: id, roomId: id, callId: id, participantId: id });
const role = z.enum(['support', 'admin']);
/** Of one media node to another, about a call that is to go on at both. */
export const nodeClaims = z.object({ tenantId: id, roomId: id, callId: id, nodeId: id, toNodeId: id });
export const inspectorLinkClaims = z.object({ tenantId: id, role, linkId: id });
export const inspectorSessionClaims = z.object({ tenantId: id, role, actor: id, sessionId: id });

/** What a sign-in by OpenID Connect must bring back; `to`: the view that was asked for. */
export const inspectorLoginClaims = z.object({
  state: id,
  nonce: id,
  verifier: id,
  to: z.string().max(600),
});

export type InviteClaims = z.infer<typeof inviteClaims>;
export type JoinClaims = z.infer<typeof joinClaims>;
export type TelemetryClaims = z.infer<typeof telemetryClaims>;
export type NodeClaims = z.infer<typeof nodeClaims>;

const purposes = {
  invite: inviteClaims,
  join: joinClaims,
  telemetry: telemetryClaims,
  node: nodeClaims,
  inspectorLink: inspectorLinkClaims,
  inspectorSession: inspectorSessionClaims,
  inspectorLogin: inspectorLoginClaims,
} as const;
export type Purpose = keyof typeof purposes;
export type Claims<P extends Purpose> = z.infer<(typeof purposes)[P]>;

const issuer = 'callscope';

export async function signToken<P extends Purpose>(
  purpose: P,
  claims: Claims<P>,
  options: { secret: string; ttlSeconds: number },
): Promise<string> {
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(issuer)
    .setAudience(purpose)
    .setIssuedAt()
    .setExpirationTime(`${options.ttlSeconds}s`)
    .sign(new TextEncoder().encode(options.secret));
}

/** Imported once: that costs as much as a verification. */
const keys = new Map<string, Promise<CryptoKey>>();
/** A process has one secret or two; tests have more. */
const maxKeys = 100;

function keyOf(secret: string): Promise<CryptoKey> {
  let key = keys.get(secret);
  if (!key) {
    const bytes = new TextEncoder().encode(secret);
    key = crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
    if (keys.size >= maxKeys) keys.clear();
    keys.set(secret, key);
  }
  return key;
}

/** @throws a jose error (expired, bad signature, wrong purpose) or a ZodError (claims missing). */
export async function verifyToken<P extends Purpose>(
  purpose: P,
  token: string,
  secret: string,
): Promise<Claims<P>> {
  const { payload } = await jwtVerify(token, await keyOf(secret), {
    issuer,
    audience: purpose,
    algorithms: ['HS256'],
    clockTolerance: 5,
  });
  return purposes[purpose].parse(payload) as Claims<P>;
}
