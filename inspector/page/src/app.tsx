/** The page as a whole: who is signed in, the box that finds calls, and the view that the address names. */
import { useCallback, useEffect, useState } from 'preact/hooks';
import type { CallPage, SessionAnswer } from '../../contract.ts';
import { type ErrorCode, errorTable } from '../../errors.ts';
import { AuditView } from './admin/audit-view.tsx';
import { KeysView } from './admin/keys-view.tsx';
import { WebhooksView } from './admin/webhooks-view.tsx';
import { ApiError, api } from './api.ts';
import { CallView } from './call/call-view.tsx';
import { CompareView } from './compare/compare-view.tsx';
import { FindView } from './find/find-view.tsx';
import { DropTarget } from './parts/drop.tsx';
import { Header } from './parts/header.tsx';
import { Failure, Notice } from './parts/notice.tsx';
import { go, usePlace } from './router.ts';

/** The one-time secret of a sign-in link; taken out of the address at once. */
function linkInAddress(): string | undefined {
  const [, link] = /^#sign-in=([\w.-]+)$/.exec(location.hash) ?? [];
  if (location.hash) history.replaceState(null, '', location.pathname + location.search);
  return link;
}

/** Why a sign-in at the provider came to nothing. */
function failureInAddress(): ApiError | undefined {
  const [, code] = /^#sign-in-failed=(\w+)$/.exec(location.hash) ?? [];
  if (!code || !Object.hasOwn(errorTable, code)) return undefined;
  const { title, advice } = errorTable[code as ErrorCode];
  return new ApiError({ code, title, detail: advice });
}

function callInAddress(path: string): string | undefined {
  const [, callId] = /^\/calls\/([^/]+)$/.exec(path) ?? [];
  return callId === undefined ? undefined : decodeURIComponent(callId);
}

export function App() {
  const [session, setSession] = useState<SessionAnswer | 'unknown' | 'none'>('unknown');
  const [fault, setFault] = useState<unknown>();
  const [dropped, setDropped] = useState<CallPage>();
  const place = usePlace();

  useEffect(() => {
    const failed = failureInAddress();
    const link = linkInAddress();
    const asked = callInAddress(location.pathname);
    if (asked && link === undefined) api.callAhead(asked);
    const begun =
      link === undefined ? api.session() : api.signIn(link).catch((error) => signedInAlready(error));
    begun.then(setSession, (error: unknown) => {
      setSession('none');
      if (failed) setFault(failed);
      else if (!(error instanceof ApiError) || error.code !== 'not_signed_in') setFault(error);
    });
  }, []);

  const onRecording = useCallback((page: CallPage) => {
    setDropped(page);
    go(`/calls/${page.callId}`);
  }, []);

  if (session === 'unknown') return <main class="waiting" aria-busy="true" />;
  if (session === 'none') return <SignedOut fault={fault} />;
  const callId = callInAddress(place.path);
  return (
    <DropTarget onRecording={onRecording}>
      <Header
        session={session}
        place={place}
        onSignedOut={() => setSession('none')}
        onRecording={onRecording}
      />
      {callId ? (
        <CallView
          key={callId}
          callId={callId}
          known={dropped?.callId === callId ? dropped : undefined}
          session={session}
        />
      ) : place.path === '/keys' ? (
        <KeysView />
      ) : place.path === '/compare' ? (
        <CompareView place={place} />
      ) : place.path === '/webhooks' ? (
        <WebhooksView />
      ) : place.path === '/audit' ? (
        <AuditView />
      ) : (
        <FindView typed={place.query.get('q') ?? ''} />
      )}
    </DropTarget>
  );
}

/** A link that was used may be opened again by who used it: their session still holds. */
async function signedInAlready(error: unknown): Promise<SessionAnswer> {
  return api.session().catch(() => {
    throw error;
  });
}

function SignedOut({ fault }: { fault: unknown }) {
  const [byProvider, setByProvider] = useState(false);
  useEffect(() => {
    api.waysIn().then(
      ({ oidc }) => setByProvider(oidc),
      () => {},
    );
  }, []);
  return (
    <main class="narrow">
      <h1>Callscope inspector</h1>
      {fault !== undefined && <Failure error={fault} />}
      <Notice title="You are not signed in">
        {byProvider && (
          <p>
            <a class="button" href={api.oidcUrl(location.pathname + location.search)}>
              Sign in with your organisation
            </a>
          </p>
        )}
        <p>Open the link that was printed when Callscope was started: it signs you in, once.</p>
        <p>
          For another link, run <code>npm run inspector-link</code> where Callscope runs.
        </p>
      </Notice>
    </main>
  );
}
