/** At the door: see yourself, say your name, come in. */
import { maxNameLength } from '../options.ts';
import type { ViewState } from '../state.ts';
import { SourceButton } from './controls.ts';
import { element, setText, setTrack } from './dom.ts';
import type { Intents, Screen } from './screen.ts';
import { initialsOf } from './tile.ts';

export function prejoinScreen(intents: Intents): Screen {
  const video = element('video', { autoplay: true, playsinline: true, 'aria-label': 'Your camera' });
  video.muted = true;
  const initials = element('div', { class: 'initials', 'aria-hidden': 'true' });
  const controls = (['microphone', 'camera'] as const).map((source) => ({
    source,
    button: new SourceButton(source, () => void intents.toggle(source)),
  }));
  const hint = element('p', { class: 'hint' });
  const room = element('p', { class: 'room' });
  const name = element('input', {
    id: 'name',
    name: 'name',
    type: 'text',
    required: true,
    autocomplete: 'name',
    maxlength: String(maxNameLength),
    placeholder: 'How others will see you',
  });
  const join = element('button', { type: 'submit', class: 'primary' });
  const form = element(
    'form',
    { class: 'door-form' },
    element('h1', {}, 'Ready to join?'),
    room,
    element('label', { for: 'name' }, 'Your name'),
    name,
    join,
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const given = name.value.trim();
    if (given) void intents.join(given);
    else name.focus();
  });
  const preview = element(
    'div',
    { class: 'preview' },
    element(
      'div',
      { class: 'tile', 'data-self': 'true', 'data-source': 'camera' },
      initials,
      video,
      element('div', { class: 'preview-controls' }, ...controls.map(({ button }) => button.element)),
    ),
    hint,
  );
  let prefilled = false;

  return {
    element: element('main', { class: 'door' }, preview, form),
    update(state: ViewState) {
      const joining = state.phase === 'joining';
      if (!prefilled) {
        name.value = state.name;
        prefilled = true;
      }
      setTrack(video, state.sources.camera === 'on' ? state.tracks.camera : null);
      video.hidden = state.sources.camera !== 'on';
      setText(initials, initialsOf(name.value) || '·');
      for (const { source, button } of controls) button.update(state.sources[source]);
      setText(hint, hintOf(state));
      room.hidden = state.roomId === '';
      setText(room, `Room ${state.roomId}`);
      name.readOnly = joining;
      join.disabled = joining;
      setText(join, joining ? 'Joining…' : 'Join');
    },
    focus() {
      name.focus();
    },
  };
}

function hintOf({ sources, notice }: ViewState): string {
  if (sources.camera === 'blocked' || sources.microphone === 'blocked') return notice;
  if (sources.camera === 'starting' || sources.microphone === 'starting') {
    return 'Your browser may ask whether this page can use them.';
  }
  if (sources.microphone === 'on') return 'Others hear and see you only after you join.';
  return 'You will join muted.';
}
