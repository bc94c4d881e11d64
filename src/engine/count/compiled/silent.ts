/**
 * Ties that are silent: of units which attain none of the maxima that read them, told from the code key
 * alone, without a pass over the network.
 *
 * Near such a point each of these maxima is what it is without the unit, so that f does not depend on
 * it, and AD gives it no share. Where all ties of a point are silent f is therefore differentiable
 * there, AD is right, and no tie is relevant, under every tail.
 */
import type { Lattice, Step } from './lattice.js';

/** Where a code key has the code of one unit: (key / place) mod radix. */
export interface KeyPlace {
  readonly step: number;
  readonly sample: number;
  readonly unit: number;
  readonly place: number;
  readonly radix: number;
}

interface Unit {
  readonly place: number;
  readonly radix: number;
  readonly isMaximum: boolean;
  /** Index among `neuronsOf`. */
  readonly neuron: number;
  /** The maxima that read it, by index among the places, with its bit in their codes; null where others do. */
  readonly maxima: readonly (readonly [number, number])[] | null;
}

export class Silence {
  readonly #units: readonly Unit[];
  readonly #codes: Int32Array;

  constructor(lattice: Lattice, places: readonly KeyPlace[]) {
    const { steps } = lattice;
    const indexOf = new Map(
      places.map(({ step, sample, unit }, k) => [nameOf(step, sample, unit), k]),
    );
    this.#codes = new Int32Array(places.length);
    this.#units = places.map(({ step: k, sample, unit, place, radix }): Unit => {
      const step = steps[k] as Step;
      const isMaximum = step.op === 'max';
      const neuron = isMaximum
        ? (step.neurons[unit] as number)
        : step.op === 'activation'
          ? step.firstNeuron + unit
          : -1;
      const maxima = isMaximum ? null : maximaOf(lattice, step.out, sample, unit, indexOf);
      return { place, radix, isMaximum, neuron, maxima };
    });
  }

  /** *Exact.* The tied neurons, each once, of a point of this key whose ties are all silent; null of another. */
  neuronsOf(key: number): number[] | null {
    const units = this.#units;
    const codes = this.#codes;
    for (let k = 0; k < units.length; k += 1) {
      const { place, radix } = units[k] as Unit;
      // Below 2^53 no quotient is rounded up to the next integer.
      codes[k] = Math.floor(key / place) % radix;
    }
    const neurons: number[] = [];
    for (let k = 0; k < units.length; k += 1) {
      const code = codes[k] as number;
      const { isMaximum, neuron, maxima } = units[k] as Unit;
      if ((isMaximum ? code & (code - 1) : code & 1) === 0) continue;
      if (maxima === null) return null;
      for (const [maximum, bit] of maxima) {
        if (((codes[maximum] as number) & bit) !== 0) return null;
      }
      if (!neurons.includes(neuron)) neurons.push(neuron);
    }
    return neurons;
  }
}

function nameOf(step: number, sample: number, unit: number): string {
  return `${String(step)} ${String(sample)} ${String(unit)}`;
}

/** The maxima that read a unit; null where something else does, or nothing. */
function maximaOf(
  { steps, tail }: Lattice,
  variable: number,
  sample: number,
  unit: number,
  indexOf: ReadonlyMap<string, number>,
): Unit['maxima'] {
  const maxima: [number, number][] = [];
  for (const [k, step] of steps.entries()) {
    if (step.op === 'affine') {
      if (step.terms.flat().some((term) => term.variable === variable)) return null;
      continue;
    }
    if (step.in !== variable) continue;
    if (step.op !== 'max' || k >= tail) return null;
    for (const [reader, window] of step.windows.entries()) {
      const position = window.indexOf(unit);
      if (position === -1) continue;
      // A window of one unit has no code: it passes on.
      const index = indexOf.get(nameOf(k, sample, reader));
      if (index === undefined) return null;
      maxima.push([index, 1 << position]);
    }
  }
  return maxima.length === 0 ? null : maxima;
}
