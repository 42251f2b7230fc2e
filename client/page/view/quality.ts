/** How well somebody's media does: bars on the tile; the level, the reason and the scores on hover and focus. */
import type { Quality } from '../state.ts';
import { element, setText } from './dom.ts';
import { bars } from './icons.ts';

const words: Record<Quality['level'], string> = {
  good: 'Good quality',
  fair: 'Fair quality',
  poor: 'Poor quality',
  unknown: 'Quality not known',
};

export class QualityMark {
  readonly element: HTMLElement;
  private readonly button: HTMLButtonElement;
  private readonly level: HTMLElement;
  private readonly reason: HTMLElement;
  private readonly scores: HTMLElement;

  constructor() {
    const id = `quality-${crypto.randomUUID()}`;
    this.level = element('strong');
    this.reason = element('span');
    this.scores = element('span', { class: 'scores' });
    this.button = element('button', { type: 'button', class: 'quality-mark', 'aria-describedby': id });
    this.button.append(bars());
    const tip = element('div', { class: 'tip', role: 'tooltip', id }, this.level, this.reason, this.scores);
    this.element = element('div', { class: 'quality' }, this.button, tip);
    // Whoever opened it by keyboard or pointer can put it away without moving (WCAG 2.2, 1.4.13).
    this.element.addEventListener('keydown', ({ key }) => {
      if (key === 'Escape') this.element.dataset.dismissed = '';
    });
    for (const event of ['focusin', 'pointerenter']) {
      this.element.addEventListener(event, () => delete this.element.dataset.dismissed);
    }
  }

  update(name: string, quality: Quality | null): void {
    const level = quality?.level ?? 'unknown';
    this.element.dataset.level = level;
    this.button.setAttribute('aria-label', `${name}: ${words[level].toLowerCase()}`);
    setText(this.level, words[level]);
    setText(
      this.reason,
      quality ? quality.reason || untroubled[level] : 'Measured within the first seconds.',
    );
    setText(this.scores, quality ? scoreText(quality) : '');
  }
}

const untroubled: Record<Quality['level'], string> = {
  good: 'Sound and picture arrive as they should.',
  fair: 'Something is a little below its best.',
  poor: 'Something is wrong; the cause is not known yet.',
  unknown: 'Nothing to measure just now.',
};

function scoreText({ audioMos, videoMos }: Quality): string {
  const parts = [
    ...(audioMos === null ? [] : [`Sound ${audioMos.toFixed(1)}`]),
    ...(videoMos === null ? [] : [`Picture ${videoMos.toFixed(1)}`]),
  ];
  return parts.length > 0 ? `${parts.join(' · ')} of 5` : '';
}
