/**
 * A collection that is added to and taken from all the time. A set would do but for its tables: those
 * it has outgrown keep each other, and all that was ever in them, until the old generation is
 * collected, and short shards would pay for that with most of their time.
 */

/** What a bag holds knows its place there. */
export interface Bagged {
  /** Below the size of the bag while it is there, −1 elsewhere. Only the bag writes it. */
  place: number;
}

export class Bag<T extends Bagged> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  add(item: T): void {
    item.place = this.#items.push(item) - 1;
  }

  /** Whether it was there. */
  remove(item: T): boolean {
    if (this.#items[item.place] !== item) return false;
    const last = this.#items.pop() as T;
    if (last !== item) {
      this.#items[item.place] = last;
      last.place = item.place;
    }
    item.place = -1;
    return true;
  }

  /** As it is now, in no order: what is done with the items may take them out. */
  items(): T[] {
    return [...this.#items];
  }
}
