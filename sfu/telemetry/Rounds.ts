/**
 * When the rooms of one media worker are asked about: each once a second, in rounds of many rooms together. What is asked
 * at once wakes the worker once and comes back in few pieces; a question of its own costs several times as much.
 */
const intervalMs = 1_000;
/** So many rounds within the interval: each keeps the worker for a part of what one of all rooms would. */
const rounds = 4;

export class Rounds {
  readonly #rounds = Array.from({ length: rounds }, () => new Set<() => void>());
  readonly #timer: NodeJS.Timeout;
  #next = 0;

  constructor() {
    this.#timer = setInterval(() => this.#turn(), intervalMs / rounds).unref();
  }

  /**
   * @param pass begins to ask, and does not throw; called once a second from within the next one on
   * @returns ends it
   */
  add(pass: () => void): () => void {
    const emptiest = this.#rounds.reduce((best, round) => (round.size < best.size ? round : best));
    emptiest.add(pass);
    return () => emptiest.delete(pass);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #turn(): void {
    const round = this.#rounds[this.#next]!;
    this.#next = (this.#next + 1) % rounds;
    for (const pass of round) pass();
  }
}
