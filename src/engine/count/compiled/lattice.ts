/**
 * A network of any layers on the integer grid: what the compiled kernel is generated from, and what
 * a point on it is. `lattice-of.ts` makes it, and proves what is promised here: every number is an integer
 * below 2^53. A step is an equation; those behind the last one that can tie are the tail: they are affine,
 * and only their weights are read, in reverse.
 */
import type { ActivationGrid } from '../on-grid.js';

/** The values of one digit at one entry, on the entry's grid. */
export interface DigitTable {
  readonly digit: number;
  readonly values: Float64Array;
}

/** An entry that no digit sets, or the index of its table among the lattice's. */
export type Coefficient = { readonly constant: number } | { readonly table: number };

interface Base {
  /** Index of the equation, and the variable that it assigns. */
  readonly equation: number;
  readonly out: number;
}

export interface DenseStep extends Base {
  readonly op: 'dense';
  readonly in: number;
  readonly units: number;
  readonly fanIn: number;
  /** `[out, in]` and `[out]`. */
  readonly weight: readonly Coefficient[];
  readonly bias: readonly Coefficient[];
  /** Of the same shapes: the entry depends on w; it is its parameter's only use. */
  readonly weightVaries: Uint8Array;
  readonly biasVaries: Uint8Array;
  readonly weightPrivate: Uint8Array;
  readonly biasPrivate: Uint8Array;
}

export interface ActivationStep extends Base {
  readonly op: 'activation';
  readonly in: number;
  readonly units: number;
  readonly grid: ActivationGrid['tables'];
  /** Per kink of σ: the index of its breakpoint. */
  readonly kinks: number;
  /** Index of its first unit among `neuronsOf`; −1 where it has no kinks. */
  readonly firstNeuron: number;
  /** Whether the slope of every piece is a constant. */
  readonly straight: boolean;
}

export interface AffineStep extends Base {
  readonly op: 'affine';
  readonly units: number;
  readonly terms: readonly (readonly {
    readonly variable: number;
    readonly unit: number;
    readonly coefficient: number;
  }[])[];
  readonly offset: Float64Array;
}

export interface MaxStep extends Base {
  readonly op: 'max';
  readonly in: number;
  readonly units: number;
  readonly windows: readonly (readonly number[])[];
  /** Per unit, its index among `neuronsOf`; −1 where it cannot tie. */
  readonly neurons: Int32Array;
}

export type Step = DenseStep | ActivationStep | AffineStep | MaxStep;

export interface Lattice {
  readonly samples: number;
  /** Width, denominator and largest magnitude of each variable; the tail's are not on the grid. */
  readonly widths: readonly number[];
  readonly denominators: readonly bigint[];
  readonly bounds: readonly (readonly bigint[])[];
  /** `[sample, in]`. */
  readonly inputs: Float64Array;
  readonly steps: readonly Step[];
  /** Steps before this one are enumerated; from here on comes the tail. */
  readonly tail: number;
  readonly tables: readonly DigitTable[];
  /** Per dense step, largest magnitude of its weights `[out][in]`; of activations, of its slopes. */
  readonly weightBounds: ReadonlyMap<number, readonly (readonly bigint[])[]>;
  readonly slopeBounds: ReadonlyMap<number, readonly bigint[]>;
  /** Per dense step: a weight w stands as w times this. */
  readonly weightScales: ReadonlyMap<number, bigint>;
  /** Per activation: slopes and proxies stand times this. */
  readonly slopeScales: ReadonlyMap<number, bigint>;
}
