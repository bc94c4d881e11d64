/**
 * Which rank a double has in a list of values: an open hash of the bits of the doubles, without a
 * number on the heap. It is asked several times per neuron and sample.
 */

/** *Exact.* The rank of a value that is in the list, −1 for any other; +0 and −0 are one value. */
export type RankOfDouble = (value: number) => number;

/** At most a third of the places are taken. */
const ROOM = 3;

/** The look-up of a list of distinct values. */
export function ranksOf(values: Float64Array): RankOfDouble {
  let bits = 4;
  while (2 ** bits < ROOM * values.length) bits += 1;
  const shift = 32 - bits;
  const places = 2 ** bits;
  const ranks = new Int32Array(places).fill(-1);
  const held = new Float64Array(places);
  const double = new Float64Array(1);
  const words = new Uint32Array(double.buffer);
  const placeOf = (value: number): number => {
    double[0] = value + 0;
    const mixed = Math.imul(
      (words[0] as number) ^ Math.imul(words[1] as number, 0x85ebca6b),
      0x9e3779b1,
    );
    return mixed >>> shift;
  };
  values.forEach((value, rank) => {
    let place = placeOf(value);
    while (ranks[place] !== -1) place = (place + 1) % places;
    ranks[place] = rank;
    held[place] = value;
  });
  const least = values.reduce((all, value) => Math.min(all, value), Infinity);
  const most = values.reduce((all, value) => Math.max(all, value), -Infinity);
  const greatest = Math.max(-least, most);
  const perStep = stepsPerUnit(values, greatest);
  const splitter = splitterOf(values);
  const splits = Number.isFinite(greatest * splitter);
  return (value) => {
    // Most of what is asked for lies outside, between the multiples of a common step, or is too long.
    if (!(value >= least && value <= most)) return -1;
    const steps = value * perStep;
    if (Math.floor(steps) !== steps) return -1;
    if (splits) {
      // As many leading bits as any value has: whatever has more is none of them.
      const scaled = value * splitter;
      if (scaled - (scaled - value) !== value) return -1;
    }
    let place = placeOf(value);
    for (;;) {
      const rank = ranks[place] as number;
      if (rank === -1 || held[place] === value) return rank;
      place = (place + 1) % places;
    }
  };
}

/**
 * *Exact.* The reciprocal of a power of 2 of which all values are multiples; 0 where that is no finite
 * double. Multiplying by it is exact, or overflows or underflows to an integer.
 */
function stepsPerUnit(values: Float64Array, greatest: number): number {
  // The logarithm of the largest doubles rounds to 1024, whose power is none.
  let step = greatest > 0 ? 2 ** Math.min(1023, Math.floor(Math.log2(greatest))) : 1;
  for (const value of values) {
    for (; step > 0; step /= 2) {
      const steps = value / step;
      // Beyond the doubles it is a multiple of far more; 0 may be what underflow left of it.
      if (!Number.isFinite(steps) || (Math.floor(steps) === steps && steps * step === value)) break;
    }
  }
  const perStep = 1 / step;
  return Number.isFinite(perStep) ? perStep : 0;
}

/**
 * *Exact.* 2^(53 − p) + 1, by which Dekker's splitting leaves a number as it is where p bits hold it; p
 * is as many as the longest value has. Infinite where that is more than half of a double's, or where a
 * value is so large that splitting it overflows.
 */
function splitterOf(values: Float64Array): number {
  let splitter = 2 ** 52 + 1;
  for (const value of values) {
    for (; splitter > LEAST_SPLITTER; splitter = (splitter - 1) / 2 + 1) {
      const scaled = value * splitter;
      if (!Number.isFinite(scaled)) return Infinity;
      if (scaled - (scaled - value) === value) break;
    }
  }
  return splitter > LEAST_SPLITTER ? splitter : Infinity;
}

const LEAST_SPLITTER = 2 ** 26;
