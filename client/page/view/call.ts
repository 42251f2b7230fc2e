/** In the call: the tiles, the status line above them, the buttons below. */
import type { ViewState } from '../state.ts';
import { tilesOf } from '../tiles.ts';
import { SourceButton } from './controls.ts';
import { element, setText } from './dom.ts';
import { icon } from './icons.ts';
import type { Intents, Screen } from './screen.ts';
import { Stage } from './stage.ts';

export function callScreen(intents: Intents): Screen {
  const sound = element('button', { type: 'button', class: 'banner-button' }, 'Turn on sound');
  const soundBanner = element(
    'div',
    { class: 'banner', hidden: true },
    'Your browser keeps this page silent.',
    sound,
  );
  const stage = new Stage({
    displayed: (consumerId, lines) => intents.displayed(consumerId, lines),
    watchFirstFrame: (video) => intents.watchFirstFrame(video),
    soundBlocked: () => {
      soundBanner.hidden = false;
    },
  });
  sound.addEventListener('click', () => {
    soundBanner.hidden = true;
    stage.playSound();
  });
  const room = element('h1', { class: 'room' });
  const count = element('span');
  const lostText = element('span');
  const lost = element(
    'div',
    { class: 'banner lost', hidden: true },
    element('span', { class: 'spinner', 'aria-hidden': 'true' }),
    lostText,
  );
  const alone = element(
    'p',
    { class: 'alone' },
    'Nobody else is here yet. Send others the link with their invitation.',
  );
  const controls = (['microphone', 'camera', 'screen'] as const).map((source) => ({
    source,
    button: new SourceButton(source, () => void intents.toggle(source)),
  }));
  const leave = element(
    'button',
    { type: 'button', class: 'control leave', 'data-control': 'leave' },
    element('span', { class: 'picture' }, icon('leave')),
    element('span', {}, 'Leave'),
  );
  leave.addEventListener('click', () => void intents.leave());
  const bar = element(
    'div',
    { class: 'bar', role: 'toolbar', 'aria-label': 'Call' },
    ...controls.map(({ button }) => button.element),
    leave,
  );

  return {
    element: element(
      'main',
      { class: 'call' },
      element('header', {}, room, element('p', { class: 'count' }, icon('people'), count)),
      element('div', { class: 'banners' }, lost, soundBanner),
      stage.element,
      alone,
      bar,
    ),
    update(state: ViewState) {
      setText(room, state.roomId);
      setText(count, String(state.participants.length + 1));
      count.setAttribute('aria-label', `${state.participants.length + 1} participants`);
      for (const { source, button } of controls) button.update(state.sources[source]);
      lost.hidden = state.reconnecting === null;
      setText(lostText, lossText(state.reconnecting ?? 0));
      alone.hidden = state.participants.length > 0 || state.reconnecting !== null;
      stage.update(tilesOf(state));
    },
    focus() {
      controls[0]?.button.element.focus({ preventScroll: true });
    },
  };
}

const lossText = (attempt: number) =>
  attempt === 0
    ? 'The connection to the server is lost. Reconnecting…'
    : `The connection to the server is lost. Reconnecting, attempt ${attempt + 1}…`;
