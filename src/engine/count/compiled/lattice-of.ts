/**
 * From a network of any layers to its lattice, with the proof that doubles hold it.
 *
 * Like `grid.ts`, which takes chains only, by the same bounds (`on-grid.ts`): every variable gets one
 * denominator, every constant and every value of a parameter is an integer, and the largest
 * magnitude of each variable over all of Ω is known, below 2^53. A step is an equation; those behind
 * the last one that can tie are the tail: they are affine, and only their weights are read, in
 * reverse. Declined (null): numbers too wide, a loss on top, a tail that is not affine, maxima of
 * more than eight units.
 */
import { isAffine } from '../../net/activation.js';
import {
  varies,
  type AffineEquation,
  type DenseEquation,
  type Entry,
  type MaxEquation,
  type Network,
} from '../../net/ir.js';
import type { ValueSet } from '../../format/domain.js';
import { doubleOf } from '../../num/exact-double.js';
import {
  ZERO,
  integer,
  isZero,
  lcm,
  multiply,
  rational,
  type Rational,
} from '../../num/rational.js';
import { toText } from '../../num/text.js';
import {
  activationOnGrid,
  denominatorOf,
  denseOnGrid,
  onGrid,
  type ActivationGrid,
} from '../on-grid.js';
import { neuronsOf, type Space } from '../space.js';
import type { ActivationStep, Coefficient, DigitTable, Lattice, Step } from './lattice.js';

const EXACT = 2n ** 53n;
/** Largest set that a digit may range over, most table entries, and most units of a maximum. */
const MAX_RADIX = 65536n;
const MAX_TABLE = 1 << 22;
const MAX_WINDOW = 8;
/** Most products of one forward pass: what is generated grows with them. */
const MAX_TERMS = 40_000;

/** *Exact.* The lattice of a network and its space; null where it is declined. */
export function latticeOf(
  network: Network,
  proxies: readonly (readonly Rational[])[],
  space: Space,
): Lattice | null {
  if (network.loss !== undefined || space.radices.some((radix) => radix > MAX_RADIX)) return null;
  if (termsOf(network) > MAX_TERMS) return null;
  const last = network.equations.findLastIndex(
    (equation) =>
      (equation.op === 'activation' && equation.activation.kinks.length > 0) ||
      (equation.op === 'max' && equation.windows.some((window) => window.length > 1)),
  );
  const draft = new Draft(network, space);
  if (draft.tableSize > MAX_TABLE) return null;
  for (const [index, equation] of network.equations.entries()) {
    const inTail = index > last;
    let taken: boolean;
    switch (equation.op) {
      case 'dense':
        taken = draft.dense(index, equation, inTail);
        break;
      case 'affine':
        taken = draft.affine(index, equation, inTail);
        break;
      case 'max':
        taken = draft.max(index, equation);
        break;
      case 'activation': {
        const { activation } = equation;
        if (inTail && !isAffine(activation)) return null;
        const bounds = inTail
          ? Array.from({ length: network.widths[equation.out] ?? 0 }, () => 0n)
          : draft.boundsOf(equation.in);
        const denominator = inTail ? 1n : draft.denominatorOf(equation.in);
        const grid = activationOnGrid(equation, { denominator, bounds }, proxies[index] ?? []);
        if (grid === null) return null;
        taken = draft.activation(index, equation.in, grid, {
          kinks: activation.kinks.length,
          straight: activation.slopes.every((slope) => slope.length <= 1),
        });
        break;
      }
    }
    if (!taken) return null;
  }
  return draft.finished(last + 1);
}

function termsOf(network: Network): number {
  let terms = 0;
  for (const equation of network.equations) {
    if (equation.op === 'dense') {
      for (const row of equation.weight) {
        for (const entry of row) if ('parameter' in entry || !isZero(entry.constant)) terms += 1;
      }
    }
    if (equation.op === 'affine') terms += equation.terms.flat().length;
    if (equation.op === 'activation') terms += network.widths[equation.out] ?? 0;
    if (equation.op === 'max') terms += equation.windows.flat().length;
  }
  return terms * network.inputs.length;
}

class Draft {
  readonly tableSize: number;
  readonly #network: Network;
  readonly #positionOf: ReadonlyMap<number, number>;
  readonly #uses: Space['uses'];
  readonly #lists = new Map<ValueSet, readonly Rational[]>();
  readonly #tables: DigitTable[] = [];
  readonly #tableOf = new Map<string, number>();
  readonly #steps: Step[] = [];
  readonly #denominators: bigint[];
  readonly #bounds: (readonly bigint[])[];
  readonly #weightBounds = new Map<number, readonly (readonly bigint[])[]>();
  readonly #slopeBounds = new Map<number, readonly bigint[]>();
  readonly #weightScales = new Map<number, bigint>();
  readonly #slopeScales = new Map<number, bigint>();
  readonly #firstNeuron = new Map<number, number>();
  readonly #neuronAt = new Map<string, number>();
  readonly #inputs: Float64Array | null;

  constructor(network: Network, space: Space) {
    this.#network = network;
    this.#positionOf = new Map(space.digits.map((parameter, position) => [parameter, position]));
    this.#uses = space.uses;
    this.tableSize = space.digits.reduce(
      (sum, parameter) =>
        sum +
        (this.#uses[parameter]?.length ?? 0) *
          doubleOf(network.parameters[parameter]?.values.size ?? 0n),
      0,
    );
    neuronsOf(network).forEach(({ equation, unit }, k) => {
      if (!this.#firstNeuron.has(equation)) this.#firstNeuron.set(equation, k);
      this.#neuronAt.set(`${String(equation)} ${String(unit)}`, k);
    });
    const denominator = denominatorOf(network.inputs.flat());
    const scaled = network.inputs.map((row) => row.map((x) => multiply(x, integer(denominator)).n));
    this.#denominators = [denominator];
    this.#bounds = [
      (scaled[0] ?? []).map((_, j) =>
        scaled.reduce((most, row) => larger(most, magnitude(row[j] ?? 0n)), 0n),
      ),
    ];
    const exact = this.#bounds.flat().every((bound) => bound < EXACT);
    this.#inputs = exact ? new Float64Array(scaled.flat().map(doubleOf)) : null;
  }

  boundsOf(variable: number): readonly bigint[] {
    return this.#bounds[variable] ?? [];
  }

  denominatorOf(variable: number): bigint {
    return this.#denominators[variable] ?? 1n;
  }

  /** The values of a parameter's digit, or its lowest where it is inert. */
  #valuesOf(parameter: number): readonly Rational[] {
    const set = this.#network.parameters[parameter]?.values;
    if (set === undefined) throw new Error('lattice: an entry names no parameter');
    if (!this.#positionOf.has(parameter)) return [set.at(0n)];
    const known = this.#lists.get(set);
    if (known !== undefined) return known;
    const list = Array.from({ length: doubleOf(set.size) }, (_, rank) => set.at(BigInt(rank)));
    this.#lists.set(set, list);
    return list;
  }

  #coefficient(entry: Entry, scale: bigint): Coefficient {
    if (!('parameter' in entry)) return { constant: onGrid(entry.constant, scale) };
    const digit = this.#positionOf.get(entry.parameter);
    const values = this.#valuesOf(entry.parameter);
    if (digit === undefined || isZero(entry.scale)) {
      return { constant: onGrid(multiply(entry.scale, values[0] ?? ZERO), scale) };
    }
    const key = `${String(digit)} ${toText(entry.scale)} ${String(scale)}`;
    const known = this.#tableOf.get(key);
    if (known !== undefined) return { table: known };
    const table = this.#tables.length;
    this.#tables.push({
      digit,
      values: new Float64Array(values.map((v) => onGrid(multiply(entry.scale, v), scale))),
    });
    this.#tableOf.set(key, table);
    return { table };
  }

  dense(index: number, equation: DenseEquation, inTail: boolean): boolean {
    const grid = denseOnGrid(
      equation,
      inTail ? 1n : this.denominatorOf(equation.in),
      inTail ? [] : this.boundsOf(equation.in),
      (parameter) => this.#valuesOf(parameter),
    );
    if (grid === null) return false;
    const weights = equation.weight.flat();
    const flags = (entries: readonly Entry[], holds: (entry: Entry) => boolean): Uint8Array => {
      const held = new Uint8Array(entries.length);
      for (const [k, entry] of entries.entries()) if (holds(entry)) held[k] = 1;
      return held;
    };
    const isOwn = (entry: Entry): boolean =>
      varies(entry) && 'parameter' in entry && this.#uses[entry.parameter]?.length === 1;
    this.#steps.push({
      op: 'dense',
      equation: index,
      out: equation.out,
      in: equation.in,
      units: equation.weight.length,
      fanIn: equation.weight[0]?.length ?? 0,
      weight: weights.map((entry) => this.#coefficient(entry, grid.weightScale)),
      bias: equation.bias.map((entry) => this.#coefficient(entry, grid.denominator)),
      weightVaries: flags(weights, varies),
      biasVaries: flags(equation.bias, varies),
      weightPrivate: flags(weights, isOwn),
      biasPrivate: flags(equation.bias, isOwn),
    });
    this.#weightScales.set(index, grid.weightScale);
    this.#weightBounds.set(index, grid.weightBounds);
    this.#assign(grid.denominator, grid.bounds);
    return true;
  }

  affine(index: number, equation: AffineEquation, inTail: boolean): boolean {
    const of = (variable: number): bigint => (inTail ? 1n : this.denominatorOf(variable));
    let denominator = denominatorOf(equation.offset);
    for (const { variable, coefficient } of equation.terms.flat()) {
      denominator = lcm(denominator, lcm(coefficient.d * of(variable), 1n));
    }
    const terms = equation.terms.map((row) =>
      row
        .filter(({ coefficient }) => !isZero(coefficient))
        .map(({ variable, unit, coefficient }) => ({
          variable,
          unit,
          coefficient: multiply(coefficient, rational(denominator, of(variable))).n,
        })),
    );
    const offsets = equation.offset.map((offset) => multiply(offset, integer(denominator)).n);
    const bounds = terms.map((row, unit) =>
      row.reduce(
        (sum, term) =>
          sum +
          magnitude(term.coefficient) *
            (inTail ? 0n : (this.boundsOf(term.variable)[term.unit] ?? 0n)),
        magnitude(offsets[unit] ?? 0n),
      ),
    );
    const coefficients = terms.flat().map(({ coefficient }) => magnitude(coefficient));
    if ([...bounds, ...coefficients].some((bound) => bound >= EXACT)) return false;
    this.#steps.push({
      op: 'affine',
      equation: index,
      out: equation.out,
      units: terms.length,
      terms: terms.map((row) =>
        row.map((term) => ({ ...term, coefficient: doubleOf(term.coefficient) })),
      ),
      offset: Float64Array.from(offsets, doubleOf),
    });
    this.#assign(denominator, bounds);
    return true;
  }

  max(index: number, equation: MaxEquation): boolean {
    if (equation.windows.some((window) => window.length > MAX_WINDOW)) return false;
    const read = this.boundsOf(equation.in);
    this.#steps.push({
      op: 'max',
      equation: index,
      out: equation.out,
      in: equation.in,
      units: equation.windows.length,
      windows: equation.windows,
      neurons: Int32Array.from(
        equation.windows,
        (_, unit) => this.#neuronAt.get(`${String(index)} ${String(unit)}`) ?? -1,
      ),
    });
    this.#assign(
      this.denominatorOf(equation.in),
      equation.windows.map((window) =>
        window.reduce((most, unit) => larger(most, read[unit] ?? 0n), 0n),
      ),
    );
    return true;
  }

  activation(
    index: number,
    read: number,
    grid: ActivationGrid,
    shape: Pick<ActivationStep, 'kinks' | 'straight'>,
  ): boolean {
    this.#steps.push({
      op: 'activation',
      equation: index,
      out: index + 1,
      in: read,
      units: this.#network.widths[index + 1] ?? 0,
      grid: grid.tables,
      firstNeuron: this.#firstNeuron.get(index) ?? -1,
      ...shape,
    });
    this.#slopeBounds.set(index, grid.slopeBounds);
    this.#slopeScales.set(index, grid.slopeScale);
    this.#assign(grid.denominator, grid.bounds);
    return true;
  }

  #assign(denominator: bigint, bounds: readonly bigint[]): void {
    this.#denominators.push(denominator);
    this.#bounds.push(bounds);
  }

  finished(tail: number): Lattice | null {
    if (this.#inputs === null) return null;
    return {
      samples: this.#network.inputs.length,
      widths: this.#network.widths,
      denominators: this.#denominators,
      bounds: this.#bounds,
      inputs: this.#inputs,
      steps: this.#steps,
      tail,
      tables: this.#tables,
      weightBounds: this.#weightBounds,
      slopeBounds: this.#slopeBounds,
      weightScales: this.#weightScales,
      slopeScales: this.#slopeScales,
    };
  }
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function magnitude(n: bigint): bigint {
  return n < 0n ? -n : n;
}
