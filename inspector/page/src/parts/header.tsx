/** What stands on top of every view: the box, and what one does rarely. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { CallPage, SessionAnswer } from '../../../contract.ts';
import { api } from '../api.ts';
import { go, onLink, type Place } from '../router.ts';
import { OpenRecording } from './drop.tsx';
import { ThemeButton } from './theme.tsx';

export function Header(props: {
  session: SessionAnswer;
  place: Place;
  onSignedOut: () => void;
  onRecording: (page: CallPage) => void;
}) {
  const { session, place } = props;
  const asked = place.query.get('q') ?? '';
  const [typed, setTyped] = useState(asked);
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => setTyped(place.path === '/' ? asked : ''), [asked, place.path]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing =
        event.target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
      if (event.key !== '/' || typing || event.metaKey || event.ctrlKey) return;
      event.preventDefault();
      box.current?.focus();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  return (
    <header class="top">
      <a class="brand" href="/" onClick={onLink}>
        <img src="/favicon.svg" alt="" width="26" height="26" />
        <span>Callscope</span>
      </a>
      <search>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            go(`/?q=${encodeURIComponent(typed.trim())}`);
          }}
        >
          <input
            ref={box}
            type="search"
            name="q"
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
            placeholder="Find a call: name, room, id, time, device, issue …"
            aria-label="Find a call"
            maxLength={500}
            autocomplete="off"
            spellcheck={false}
          />
        </form>
      </search>
      <nav aria-label="More">
        <OpenRecording onRecording={props.onRecording} />
        {session.role === 'admin' && (
          <>
            <a href="/keys" onClick={onLink}>
              Keys
            </a>
            <a href="/webhooks" onClick={onLink}>
              Webhooks
            </a>
            <a href="/audit" onClick={onLink}>
              Audit log
            </a>
          </>
        )}
        <ThemeButton />
        <button
          type="button"
          class="quiet"
          title={`Signed in as ${session.role} of ${session.tenantId}`}
          onClick={() => void signOut().finally(props.onSignedOut)}
        >
          Sign out
        </button>
      </nav>
    </header>
  );
}

/** Here, and then at the provider that one signed in with. */
async function signOut(): Promise<void> {
  const { endSessionUrl } = await api.signOut();
  if (endSessionUrl !== null) location.assign(endSessionUrl);
}
