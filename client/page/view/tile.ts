/** One tile: picture or initials, name, microphone, quality, and a note when the server withholds the video. */
import type { Tile } from '../tiles.ts';
import { element, setText, setTrack } from './dom.ts';
import { icon } from './icons.ts';
import { QualityMark } from './quality.ts';

export interface TileHost {
  /** @param lines height of the consumer's picture on the screen, device pixels */
  displayed(consumerId: string, lines: number): void;
  watchFirstFrame(video: HTMLVideoElement): void;
  /** The browser plays no sound before the person has touched the page. */
  soundBlocked(): void;
}

/** A window being dragged passes many sizes; only the one it stays at is worth a request. */
const settleMs = 300;

export class TileView {
  readonly element: HTMLLIElement;
  private readonly host: TileHost;
  private readonly video: HTMLVideoElement;
  private readonly audio: HTMLAudioElement;
  private readonly initials = element('span');
  private readonly name = element('span', { class: 'name' });
  private readonly muted: HTMLElement;
  private readonly note: HTMLElement;
  private readonly noteText = element('span');
  private readonly quality: QualityMark | null;
  private readonly sizes: ResizeObserver;
  private consumerId: string | null = null;
  private lines = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(tile: Tile, host: TileHost) {
    this.host = host;
    this.video = element('video', { autoplay: true, playsinline: true });
    // Sound has its own element: a picture that is paused or replaced must not interrupt it.
    this.video.muted = true;
    this.audio = element('audio', { autoplay: true });
    this.muted = element(
      'span',
      { class: 'muted', role: 'img', 'aria-label': 'muted' },
      icon('microphoneOff'),
    );
    this.note = element('p', { class: 'note' }, icon('pause'), this.noteText);
    this.quality = tile.source === 'camera' ? new QualityMark() : null;
    const caption = element('div', { class: 'caption' }, this.muted, this.name);
    this.element = element(
      'li',
      { class: 'tile' },
      element('div', { class: 'initials', 'aria-hidden': 'true' }, this.initials),
      this.video,
      this.audio,
      this.note,
      caption,
      ...(this.quality ? [this.quality.element] : []),
    );
    this.element.dataset.source = tile.source;
    this.element.dataset.self = String(tile.self);
    this.sizes = new ResizeObserver(() => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.tellSize(), settleMs);
    });
    this.sizes.observe(this.element);
  }

  update(tile: Tile): void {
    const { dataset } = this.element;
    dataset.participant = tile.participantId;
    dataset.video = tile.video ? 'on' : tile.held ? 'held' : 'off';
    dataset.microphone = tile.muted ? 'off' : 'on';
    dataset.speaking = String(tile.speaking);
    dataset.layer = tile.spatialLayer === null ? '' : String(tile.spatialLayer);
    const label = tile.self && tile.source === 'camera' ? `${tile.name} (you)` : tile.name;
    setText(this.name, label);
    setText(this.initials, initialsOf(tile.name));
    this.video.setAttribute('aria-label', `Video of ${label}`);
    this.muted.hidden = !tile.muted;
    this.note.hidden = tile.held === '';
    setText(this.noteText, tile.held && `Video paused: ${tile.held}`);
    this.quality?.update(label, tile.quality);
    if (setTrack(this.video, tile.video) && !tile.self) this.host.watchFirstFrame(this.video);
    if (setTrack(this.audio, tile.audio)) this.playSound();
    if (tile.consumerId !== this.consumerId) {
      this.consumerId = tile.consumerId;
      this.tellSize();
    } else if (tile.video && this.lines === 0) this.tellSize();
  }

  playSound(): void {
    this.audio.play().catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'NotAllowedError') this.host.soundBlocked();
    });
  }

  remove(): void {
    this.sizes.disconnect();
    clearTimeout(this.timer);
    this.video.srcObject = null;
    this.audio.srcObject = null;
    this.element.remove();
  }

  private tellSize(): void {
    this.lines = Math.round(this.element.clientHeight * devicePixelRatio);
    if (this.consumerId && this.lines > 0) this.host.displayed(this.consumerId, this.lines);
  }
}

/** `Ana María Ruiz` -> `AR`; by code point, so that no name is cut in the middle of a letter. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const [first] = words[0] ?? '';
  const [last] = words.length > 1 ? (words.at(-1) ?? '') : '';
  return `${first ?? ''}${last ?? ''}`.toUpperCase();
}
