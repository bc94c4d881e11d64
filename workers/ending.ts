/**
 * The early end of a piece of work, and its reason. An AbortController would do, but for its price:
 * one costs as much as storing a tally, so it is made only for who asks for its signal.
 */
export class Ending<Reason = string> {
  #reason: Reason | null = null;
  #controller: AbortController | null = null;
  readonly #listeners: (() => void)[] = [];

  /** Why it was ended; null where it was not. */
  ended(): Reason | null {
    return this.#reason;
  }

  /** The first reason stays. */
  end(reason: Reason): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
    for (const listener of [...this.#listeners]) listener();
  }

  /** Calls the listener at the end, unless it is forgotten before. */
  onEnd(listener: () => void): void {
    this.#listeners.push(listener);
  }

  forget(listener: () => void): void {
    const at = this.#listeners.indexOf(listener);
    if (at !== -1) this.#listeners.splice(at, 1);
  }

  /** Aborts at the end, with its reason. */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#reason !== null) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }
}
