/**
 * The random numbers of one sample: a stream that (seed, sample index) alone determines.
 *
 * Drawing is uniform over ranks, not over reals, and unbiased: words that would make some ranks
 * likelier than others are thrown away and drawn anew, never reduced modulo the size. (A sample that
 * would need 2^64 blocks cannot be drawn; none needs more than a few per parameter.)
 */
import { bitLength } from '../num/bits.js';
import { doubleOf } from '../num/exact-double.js';
import { philoxBlock } from './philox.js';

const TWO_32 = 2 ** 32;
const WORD = 32n;

/** Seeds are integers from 0 to here. */
export const SEED_MAX: bigint = 2n ** 64n - 1n;

export interface Draws {
  /** Begins the stream of a sample; index in [0, 2^53). */
  begin(sample: number): void;
  /** *Exact.* Uniform over [0, size); size in [1, 2^32]. */
  below(size: number): number;
  /** *Exact.* Uniform over [0, size); size at least 1, of any length. */
  belowBig(size: bigint): bigint;
}

/** The streams of a seed. Throws a RangeError where it is not in [0, SEED_MAX]. */
export function drawsOf(seed: bigint): Draws {
  if (seed < 0n || seed > SEED_MAX) {
    throw new RangeError(`drawsOf: the seed ${String(seed)} is not in [0, 2^64)`);
  }
  const k0 = doubleOf(seed & 0xffffffffn);
  const k1 = doubleOf(seed >> WORD);
  const block = new Uint32Array(4);
  let low = 0;
  let high = 0;
  let nextBlock = 0;
  let used = 4;
  const word = (): number => {
    if (used === 4) {
      philoxBlock(nextBlock % TWO_32, Math.floor(nextBlock / TWO_32), low, high, k0, k1, block);
      nextBlock += 1;
      used = 0;
    }
    const next = block[used] as number;
    used += 1;
    return next;
  };
  // Sizes repeat, and remainders of numbers beyond 2^31 are slow.
  let lastSize = 1;
  let end = TWO_32;
  const below = (size: number): number => {
    if (size === 1) return 0;
    if (size !== lastSize) {
      lastSize = size;
      end = TWO_32 - (TWO_32 % size);
    }
    let drawn = word();
    while (drawn >= end) drawn = word();
    // The quotient is below 2^32/size and, where no integer, at least 1/size away from one: 2^20 times
    // what dividing loses. So its floor is that of the exact quotient.
    return drawn - Math.floor(drawn / size) * size;
  };
  return {
    begin(sample) {
      low = sample % TWO_32;
      high = Math.floor(sample / TWO_32);
      nextBlock = 0;
      used = 4;
    },
    below,
    belowBig(size) {
      if (size <= BigInt(TWO_32)) return BigInt(below(doubleOf(size)));
      const bits = bitLength(size - 1n);
      const words = Math.ceil(bits / 32);
      for (;;) {
        let drawn = 0n;
        for (let k = 0; k < words; k += 1) drawn = (drawn << WORD) | BigInt(word());
        drawn = BigInt.asUintN(bits, drawn);
        if (drawn < size) return drawn;
      }
    },
  };
}
