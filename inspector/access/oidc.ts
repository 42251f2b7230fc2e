/**
 * Signing in with an OpenID Connect provider: authorization code with PKCE, by `openid-client`. Who somebody is, which role
 * and which tenant they have is read from the claims of the ID token, and nowhere else; without a role nobody comes in.
 */
import * as openid from 'openid-client';
import { signToken, verifyToken } from '../../telemetry/tokens.ts';
import type { Role } from '../contract.ts';
import { InspectorError } from '../errors.ts';

/** So long a person may take at the provider. */
const loginSeconds = 600;
export const loginCookieName = 'callscope_inspector_login';
/** Where the provider sends people back to, below the inspector's own address. */
export const callbackPath = '/api/v1/session/oidc/callback';

export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** As people reach the inspector, without a slash at the end. */
  readonly baseUrl: string;
  readonly scope: string;
  /** Claim with the role: text, or a list of texts. */
  readonly roleClaim: string;
  readonly adminValue: string;
  readonly supportValue: string;
  /** Claim with the tenant; undefined: all belong to `tenantId`. */
  readonly tenantClaim: string | undefined;
  readonly tenantId: string;
}

export interface Identity {
  readonly tenantId: string;
  readonly role: Role;
  /** `oidc:` and the address or, without one, the subject. */
  readonly name: string;
}

export interface Oidc {
  /**
   * @param to the view to come back to
   * @returns where to send the browser, and what it must bring back
   * @throws InspectorError `provider_unavailable`
   */
  begin(to: string): Promise<{ url: string; cookie: string; seconds: number }>;
  /**
   * @param search of the address that the provider sent the browser to
   * @throws InspectorError `login_invalid`, `no_role`, `provider_unavailable`
   */
  finish(search: string, cookie: string): Promise<{ identity: Identity; to: string }>;
  /**
   * RP-initiated logout, without a hint of who it is: the provider asks.
   * @returns where to send the browser that signed out here; null where the provider knows no such place or is away
   */
  end(): Promise<string | null>;
}

/** Whether it was a provider who vouched for this one. */
export const byProvider = ({ name }: Pick<Identity, 'name'>): boolean => name.startsWith(providerPrefix);
const providerPrefix = 'oidc:';

export function openOidc(settings: OidcSettings, secret: string): Oidc {
  const redirectUri = `${settings.baseUrl}${callbackPath}`;
  let discovered: Promise<openid.Configuration> | undefined;

  /** Asked for once; a provider that does not answer is asked again by the next one who comes. */
  function provider(): Promise<openid.Configuration> {
    const issuer = new URL(settings.issuer);
    discovered ??= openid
      .discovery(issuer, settings.clientId, settings.clientSecret, undefined, {
        timeout: 10,
        // The settings let plain http through for loopback only.
        ...(issuer.protocol === 'http:' && { execute: [openid.allowInsecureRequests] }),
      })
      .catch((cause: unknown) => {
        discovered = undefined;
        throw new InspectorError('provider_unavailable', '', { cause });
      });
    return discovered;
  }

  return {
    async begin(to) {
      const config = await provider();
      const verifier = openid.randomPKCECodeVerifier();
      const state = openid.randomState();
      const nonce = openid.randomNonce();
      const url = openid.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: settings.scope,
        state,
        nonce,
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      });
      const cookie = await signToken(
        'inspectorLogin',
        { state, nonce, verifier, to: ownView(to) },
        { secret, ttlSeconds: loginSeconds },
      );
      return { url: url.href, cookie, seconds: loginSeconds };
    },
    async finish(search, cookie) {
      const login = await verifyToken('inspectorLogin', cookie, secret).catch((cause: unknown) => {
        throw new InspectorError('login_invalid', 'It was not begun here, or too long ago.', { cause });
      });
      const config = await provider();
      let claims: Readonly<Record<string, unknown>> | undefined;
      try {
        const tokens = await openid.authorizationCodeGrant(config, new URL(`${redirectUri}${search}`), {
          pkceCodeVerifier: login.verifier,
          expectedState: login.state,
          expectedNonce: login.nonce,
          idTokenExpected: true,
        });
        claims = tokens.claims();
      } catch (cause) {
        throw new InspectorError('login_invalid', 'The provider did not confirm it.', { cause });
      }
      return { identity: identityOf(claims ?? {}, settings), to: login.to };
    },
    async end() {
      const config = await provider().catch(() => undefined);
      if (config?.serverMetadata().end_session_endpoint === undefined) return null;
      return openid.buildEndSessionUrl(config, { post_logout_redirect_uri: `${settings.baseUrl}/` }).href;
    },
  };
}

/** @throws InspectorError `no_role` */
export function identityOf(
  claims: Readonly<Record<string, unknown>>,
  settings: Pick<OidcSettings, 'roleClaim' | 'adminValue' | 'supportValue' | 'tenantClaim' | 'tenantId'>,
): Identity {
  const { roleClaim, adminValue, supportValue, tenantClaim } = settings;
  const values = [claims[roleClaim]].flat();
  const role: Role | undefined = values.includes(adminValue)
    ? 'admin'
    : values.includes(supportValue)
      ? 'support'
      : undefined;
  if (!role) throw new InspectorError('no_role', `Its claim “${roleClaim}” names none.`);
  const tenantId = tenantClaim === undefined ? settings.tenantId : claims[tenantClaim];
  if (typeof tenantId !== 'string' || !/^[\w.-]{1,128}$/.test(tenantId)) {
    throw new InspectorError('no_role', `Its claim “${tenantClaim}” names no tenant.`);
  }
  const verified = claims.email_verified === false ? undefined : claims.email;
  const who = typeof verified === 'string' && verified !== '' ? verified : String(claims.sub);
  return { tenantId, role, name: `${providerPrefix}${who}`.slice(0, 128) };
}

/** A path of ours: nobody is led elsewhere. */
export const ownView = (to: string): string => (/^\/(?![/\\])[^\s\\]{0,500}$/.test(to) ? to : '/');
