/** The tiles: people in a grid; beside shared screens, people in a strip. */
import { fitGrid } from '../grid.ts';
import type { Tile } from '../tiles.ts';
import { element } from './dom.ts';
import { type TileHost, TileView } from './tile.ts';

/** As in the style sheet. */
const gap = 12;

export class Stage {
  readonly element: HTMLElement;
  private readonly screens = element('ul', { class: 'tiles screens', 'aria-label': 'Shared screens' });
  private readonly people = element('ul', { class: 'tiles people', 'aria-label': 'Participants' });
  private readonly views = new Map<string, TileView>();
  private readonly host: TileHost;

  constructor(host: TileHost) {
    this.host = host;
    this.element = element('div', { class: 'stage' }, this.screens, this.people);
    const sizes = new ResizeObserver(() => this.arrange());
    sizes.observe(this.screens);
    sizes.observe(this.people);
  }

  update(tiles: readonly Tile[]): void {
    const keys = new Set(tiles.map(({ key }) => key));
    for (const [key, view] of this.views) {
      if (keys.has(key)) continue;
      view.remove();
      this.views.delete(key);
    }
    this.screens.hidden = !tiles.some(({ source }) => source === 'screen');
    this.element.dataset.screens = String(!this.screens.hidden);
    for (const list of [this.screens, this.people]) {
      const mine = tiles.filter(({ source }) => (source === 'screen') === (list === this.screens));
      this.place(list, mine);
    }
    this.arrange();
    for (const tile of tiles) this.views.get(tile.key)?.update(tile);
  }

  playSound(): void {
    for (const view of this.views.values()) view.playSound();
  }

  /** Moves as little as possible: a video element that is moved in the document goes black for a moment. */
  private place(list: HTMLElement, tiles: readonly Tile[]): void {
    for (const [index, tile] of tiles.entries()) {
      let view = this.views.get(tile.key);
      if (!view) {
        view = new TileView(tile, this.host);
        this.views.set(tile.key, view);
      }
      const there = list.children[index];
      if (there !== view.element) list.insertBefore(view.element, there ?? null);
    }
  }

  private arrange(): void {
    for (const list of [this.screens, this.people]) {
      if (list.hidden) continue;
      const { clientWidth, clientHeight } = list;
      const { tileWidth, tileHeight } = fitGrid(list.childElementCount, clientWidth, clientHeight, gap);
      list.style.setProperty('--tile-width', `${tileWidth}px`);
      list.style.setProperty('--tile-height', `${tileHeight}px`);
    }
  }
}
