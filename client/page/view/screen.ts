/** What every screen of the page is, and what it may ask for. */
import type { MediaSource } from '../../../telemetry/rows.ts';
import type { ViewState } from '../state.ts';

export interface Screen {
  readonly element: HTMLElement;
  update(state: ViewState): void;
  /** Called once it is on the page: puts the focus where a person would begin. */
  focus(): void;
}

/** What buttons do. */
export interface Intents {
  join(name: string): Promise<void>;
  toggle(source: MediaSource): Promise<void>;
  leave(): Promise<void>;
  comeBack(): void;
  rate(rating: 1 | 2 | 3 | 4 | 5, comment: string): Promise<void>;
  displayed(consumerId: string, lines: number): void;
  watchFirstFrame(video: HTMLVideoElement): void;
}
