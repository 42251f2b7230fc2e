/** What was opened, to be closed in reverse order whatever happens. */
export class Closers {
  readonly #closers: (() => Promise<void>)[] = [];

  add(close: () => Promise<void>): void {
    this.#closers.push(close);
  }

  /** Closes everything added, also what is added meanwhile. One that fails is told and does not stop the others. */
  async closeAll(failed: (error: unknown) => void): Promise<void> {
    for (let close = this.#closers.pop(); close; close = this.#closers.pop()) {
      try {
        await close();
      } catch (error) {
        failed(error);
      }
    }
  }
}
