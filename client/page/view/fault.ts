/** Could not come in: what is wrong, and what can be done about it. */
import type { ViewState } from '../state.ts';
import { element, setText } from './dom.ts';
import type { Intents, Screen } from './screen.ts';

export function faultScreen(intents: Intents): Screen {
  const title = element('h1', { tabindex: '-1' });
  const text = element('p');
  const again = element('button', { type: 'button', class: 'primary' }, 'Try again');
  again.addEventListener('click', () => intents.comeBack());
  return {
    element: element('main', { class: 'card', role: 'alert' }, title, text, again),
    update({ fault }: ViewState) {
      setText(title, fault?.title ?? '');
      setText(text, fault?.text ?? '');
      again.hidden = !fault?.retry;
    },
    focus() {
      (again.hidden ? title : again).focus();
    },
  };
}
