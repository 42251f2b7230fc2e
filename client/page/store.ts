/** The one place that holds the view state. */
import { type Action, reduce, type ViewState } from './state.ts';

export class Store {
  private current: ViewState;
  private readonly listeners = new Set<(state: ViewState) => void>();

  constructor(initial: ViewState) {
    this.current = initial;
  }

  get state(): ViewState {
    return this.current;
  }

  /** Listeners run at once, in the order they came. */
  dispatch = (action: Action): void => {
    this.current = reduce(this.current, action);
    for (const listener of this.listeners) listener(this.current);
  };

  /** Called with the present state first. */
  subscribe(listener: (state: ViewState) => void): void {
    this.listeners.add(listener);
    listener(this.current);
  }
}
