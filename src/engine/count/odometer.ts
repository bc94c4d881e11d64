/**
 * The odometer of the interpreting kernel: the digits of the current rank, written through into weights and
 * biases. Digits of the tail feed only layers behind the last kink, so that no value of theirs ties a unit.
 */
import { doubleOf } from '../num/exact-double.js';
import type { GridLayer, GridProgram } from './grid.js';
import type { Space } from './space.js';

/** The digits of the current rank, written through into the layers' weights and biases. */
export class Odometer {
  readonly #program: GridProgram;
  readonly #radices: Float64Array;
  readonly #digits: Float64Array;
  /** First layer that any digit from this position on feeds. */
  readonly #firstLayerFrom: Int32Array;
  /** Digits from here on feed only layers without kinks, behind the last layer that has any. */
  readonly #tail: number;
  /** Product of the radices behind each position, as far as a double holds it. */
  readonly #tailSize: number;

  constructor(program: GridProgram, space: Space, rank: bigint) {
    this.#program = program;
    const count = program.digits.length;
    this.#radices = Float64Array.from(space.radices, doubleOf);
    this.#digits = new Float64Array(count);
    this.#firstLayerFrom = new Int32Array(count + 1).fill(program.layers.length);
    for (let position = count - 1; position >= 0; position -= 1) {
      const behind = this.#firstLayerFrom[position + 1] as number;
      const own = (program.digits[position] ?? []).reduce(
        (least, use) => Math.min(least, use.layer),
        behind,
      );
      this.#firstLayerFrom[position] = own;
    }
    let lastKinked = -1;
    program.layers.forEach((layer, index) => {
      if (layer.kinkAt.some((kink) => kink !== -1)) lastKinked = index;
    });
    let tail = count;
    let tailSize = 1;
    while (tail > 0 && (this.#firstLayerFrom[tail - 1] as number) > lastKinked) {
      const larger = tailSize * (this.#radices[tail - 1] as number);
      if (larger > Number.MAX_SAFE_INTEGER) break;
      tailSize = larger;
      tail -= 1;
    }
    this.#tail = tail;
    this.#tailSize = tailSize;
    let rest = rank;
    for (let position = count - 1; position >= 0; position -= 1) {
      const radix = space.radices[position] ?? 1n;
      this.#set(position, doubleOf(rest % radix));
      rest /= radix;
    }
  }

  /** How many points share all digits before the tail. */
  get tailSize(): number {
    return this.#tailSize;
  }

  /** The digit at a position. */
  digitAt(position: number): number {
    return this.#digits[position] as number;
  }

  /** The first position of the tail. */
  get tail(): number {
    return this.#tail;
  }

  #set(position: number, digit: number): void {
    this.#digits[position] = digit;
    for (const use of this.#program.digits[position] ?? []) {
      const layer = this.#program.layers[use.layer] as GridLayer;
      (use.isBias ? layer.bias : layer.weight)[use.index] = use.values[digit] as number;
    }
  }

  /** How many points, this one included, share all digits before the tail from here on. */
  leftInTail(): number {
    let inTail = 0;
    for (let position = this.#tail; position < this.#digits.length; position += 1) {
      inTail = inTail * (this.#radices[position] as number) + (this.#digits[position] as number);
    }
    return this.#tailSize - inTail;
  }

  /** Moves on by `steps`: 1, or within the tail or just past it. Returns the first changed layer. */
  advance(steps: number): number {
    let carry = steps;
    let position = this.#digits.length - 1;
    for (; position >= 0 && carry > 0; position -= 1) {
      const radix = this.#radices[position] as number;
      const sum = (this.#digits[position] as number) + carry;
      const digit = sum % radix;
      carry = (sum - digit) / radix;
      if (digit !== this.#digits[position]) this.#set(position, digit);
    }
    return this.#firstLayerFrom[position + 1] as number;
  }
}
