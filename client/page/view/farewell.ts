/** After leaving: how was it, from 1 to 5, and the way back in. */
import { element, setText } from './dom.ts';
import { icon } from './icons.ts';
import type { Intents, Screen } from './screen.ts';

const ratings = [
  [1, 'Bad'],
  [2, 'Poor'],
  [3, 'Fair'],
  [4, 'Good'],
  [5, 'Excellent'],
] as const;

export function farewellScreen(intents: Intents): Screen {
  const verdict = element('p', { class: 'verdict', 'aria-hidden': 'true' });
  // The five words are those of the opinion scale in ITU-T P.800, Annex B.
  const stars = ratings.map(([value, word]) => {
    const input = element('input', { type: 'radio', name: 'rating', value: String(value), required: true });
    input.addEventListener('change', () => setText(verdict, word));
    const text = element('span', { class: 'visually-hidden' }, `${value}, ${word}`);
    return {
      value,
      input,
      label: element('label', { class: 'star', title: word }, input, icon('star'), text),
    };
  });
  const comment = element('textarea', { id: 'comment', rows: '2', maxlength: '1000' });
  const send = element('button', { type: 'submit', class: 'primary' }, 'Send');
  const thanks = element('p', { class: 'thanks', hidden: true, role: 'status' }, 'Thank you. It was sent.');
  const form = element(
    'form',
    { class: 'rating' },
    element(
      'fieldset',
      {},
      element('legend', {}, 'How was the quality of this call?'),
      element('div', { class: 'stars' }, ...stars.map(({ label }) => label)),
      verdict,
    ),
    element('label', { for: 'comment' }, 'Anything to add? (optional)'),
    comment,
    send,
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const chosen = stars.find(({ input }) => input.checked);
    if (!chosen) return;
    form.hidden = true;
    thanks.hidden = false;
    rejoin.focus();
    void intents.rate(chosen.value, comment.value.trim());
  });
  const rejoin = element(
    'button',
    { type: 'button', class: 'secondary', 'data-control': 'rejoin' },
    'Rejoin',
  );
  rejoin.addEventListener('click', () => intents.comeBack());

  return {
    element: element('main', { class: 'card' }, element('h1', {}, 'You left the call'), form, thanks, rejoin),
    update() {},
    focus() {
      stars[0]?.input.focus();
    },
  };
}
