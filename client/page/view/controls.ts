/** The buttons for microphone, camera and screen, before and in the call. */
import type { MediaSource } from '../../../telemetry/rows.ts';
import type { SourceState } from '../state.ts';
import { element, setText } from './dom.ts';
import { type IconName, icon } from './icons.ts';

interface Wording {
  readonly on: IconName;
  readonly off: IconName;
  readonly turnOff: string;
  readonly turnOn: string;
}

const wording: Record<MediaSource, Wording> = {
  microphone: { on: 'microphone', off: 'microphoneOff', turnOff: 'Mute', turnOn: 'Unmute' },
  camera: { on: 'camera', off: 'cameraOff', turnOff: 'Stop video', turnOn: 'Start video' },
  screen: { on: 'screenOff', off: 'screen', turnOff: 'Stop sharing', turnOn: 'Share screen' },
};

export class SourceButton {
  readonly element: HTMLButtonElement;
  private readonly source: MediaSource;
  private readonly label = element('span');
  private readonly picture = element('span', { class: 'picture' });
  private shown: IconName | null = null;

  constructor(source: MediaSource, onClick: () => void) {
    this.source = source;
    this.element = element('button', { type: 'button', class: 'control' }, this.picture, this.label);
    this.element.dataset.control = source;
    this.element.addEventListener('click', onClick);
  }

  update(state: SourceState): void {
    const { on, off, turnOff, turnOn } = wording[this.source];
    const name = state === 'on' ? on : off;
    if (name !== this.shown) {
      this.picture.replaceChildren(icon(name));
      this.shown = name;
    }
    this.element.dataset.state = state;
    this.element.setAttribute('aria-busy', String(state === 'starting'));
    setText(this.label, state === 'on' ? turnOff : turnOn);
    if (state === 'blocked') this.element.title = `The ${this.source} did not start. Click to try again.`;
    else this.element.removeAttribute('title');
  }
}
