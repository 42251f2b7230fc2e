/** The one screen that fits the phase, and the status line that screen readers follow. */
import type { Phase, ViewState } from '../state.ts';
import { callScreen } from './call.ts';
import { element, setText } from './dom.ts';
import { farewellScreen } from './farewell.ts';
import { faultScreen } from './fault.ts';
import { prejoinScreen } from './prejoin.ts';
import type { Intents, Screen } from './screen.ts';

type ScreenName = 'prejoin' | 'call' | 'farewell' | 'fault';

/** Joining happens at the door, so that nothing moves until there is something to see. */
const screenOf: Record<Phase, ScreenName> = {
  prejoin: 'prejoin',
  joining: 'prejoin',
  joined: 'call',
  left: 'farewell',
  error: 'fault',
};

const screens: Record<ScreenName, (intents: Intents) => Screen> = {
  prejoin: prejoinScreen,
  call: callScreen,
  farewell: farewellScreen,
  fault: faultScreen,
};

/** @returns called with every new state */
export function mountPage(root: HTMLElement, intents: Intents): (state: ViewState) => void {
  const status = element('p', { class: 'status', role: 'status', 'aria-live': 'polite' });
  const slot = element('div', { class: 'slot' });
  root.replaceChildren(slot, status);
  let shown: { name: ScreenName; screen: Screen } | null = null;

  return (state) => {
    document.documentElement.dataset.state = state.phase;
    const name = screenOf[state.phase];
    if (shown?.name === name) shown.screen.update(state);
    else {
      const screen = screens[name](intents);
      screen.update(state);
      slot.replaceChildren(screen.element);
      shown = { name, screen };
      screen.update(state);
      screen.focus();
    }
    if (status.textContent !== state.notice) {
      setText(status, state.notice);
      // For the eye it shows for some seconds; door, cards and the loss banner say the same in place.
      status.classList.remove('fresh');
      const toShow = name === 'call' && state.notice && state.reconnecting === null;
      if (toShow) requestAnimationFrame(() => status.classList.add('fresh'));
    }
  };
}
