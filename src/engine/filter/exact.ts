/**
 * The fallback: exact pre-activations of doubtful neurons, of those and of what they depend on only.
 *
 * In dyadics where the network and the point are dyadic, in rationals otherwise. Whatever the filter
 * holds without error is taken from there, and the piece of every activation below is known by then,
 * so nothing is decided twice. What was computed for one sample at one point is kept until the next.
 */
import * as dyadic from '../num/dyadic.js';
import type { Dyadic } from '../num/dyadic.js';
import { fromDouble } from '../num/float64.js';
import * as rational from '../num/rational.js';
import type { Rational } from '../num/rational.js';
import type { ChainNetwork } from '../net/chain.js';
import type { Entry } from '../net/ir.js';

/** What an exact sum of products needs of its numbers. */
interface Ring<T> {
  readonly ofDouble: (x: number) => T;
  readonly ofRational: (r: Rational) => T;
  readonly toRational: (x: T) => Rational;
  readonly isZero: (x: T) => boolean;
  readonly multiply: (a: T, b: T) => T;
  readonly add: (a: T, b: T) => T;
  readonly sum: (terms: readonly T[]) => T;
}

const DYADICS: Ring<Dyadic> = {
  ofDouble: dyadic.ofDouble,
  ofRational: dyadic.fromRational,
  toRational: dyadic.toRational,
  isZero: ({ m }) => m === 0n,
  multiply: dyadic.multiply,
  add: dyadic.add,
  sum: dyadic.sum,
};

const RATIONALS: Ring<Rational> = {
  ofDouble: fromDouble,
  ofRational: (r) => r,
  toRational: (r) => r,
  isZero: rational.isZero,
  multiply: rational.multiply,
  add: rational.add,
  sum: (terms) => terms.reduce(rational.add, rational.ZERO),
};

/** A point: doubles that are its parameters exactly, or its parameters themselves. */
export type Point = Float64Array | readonly Rational[];

/** What the filter knows of the current sample, by variable. */
export interface Known {
  readonly value: readonly Float64Array[];
  /** Bound on the error of `value`; 0 where it is exact. */
  readonly error: readonly Float64Array[];
  /** Of a unit that an activation yields; see pieces.ts. */
  readonly positionAt: (variable: number, unit: number) => number;
}

export interface ExactEvaluator {
  /** Forgets; what is asked next is of this point and sample. */
  readonly begin: (point: Point, sample: number) => void;
  /** *Exact.* The value of a unit of a variable; what it depends on must have been decided. */
  readonly valueOf: (variable: number, unit: number) => Rational;
}

/** *Exact.* The evaluator of a network beside a filter. */
export function exactEvaluatorOf(network: ChainNetwork, known: Known): ExactEvaluator {
  const isDyadic = numbersOf(network).every(dyadic.isDyadic);
  const dyadics = evaluatorOver(DYADICS, network, known);
  const rationals = evaluatorOver(RATIONALS, network, known);
  let point: Point | null = null;
  let sample = 0;
  let evaluator: ExactEvaluator | null = null;
  return {
    begin(at, of) {
      point = at;
      sample = of;
      evaluator = null;
    },
    valueOf(variable, unit) {
      if (evaluator === null) {
        if (point === null) throw new Error('exactEvaluatorOf: asked before a point was given');
        const inDyadics =
          isDyadic && (point instanceof Float64Array || point.every(dyadic.isDyadic));
        evaluator = inDyadics ? dyadics : rationals;
        evaluator.begin(point, sample);
      }
      return evaluator.valueOf(variable, unit);
    },
  };
}

/** Every number that evaluation multiplies or adds; breakpoints are only compared. */
function numbersOf(network: ChainNetwork): Rational[] {
  const ofEntry = (entry: Entry): Rational => ('parameter' in entry ? entry.scale : entry.constant);
  return [
    ...network.inputs.flat(),
    ...network.equations.flatMap((equation) =>
      equation.op === 'dense'
        ? [...equation.weight.flat(), ...equation.bias].map(ofEntry)
        : equation.activation.pieces.flat(),
    ),
  ];
}

function evaluatorOver<T>(ring: Ring<T>, network: ChainNetwork, known: Known): ExactEvaluator {
  const equationOf = new Map(network.equations.map((equation) => [equation.out, equation]));
  const kept = network.widths.map(() => new Map<number, T>());
  const constants = new Map<Rational, T>();
  let point: Point = [];
  let sample = 0;

  const constant = (r: Rational): T => {
    const found = constants.get(r) ?? ring.ofRational(r);
    constants.set(r, found);
    return found;
  };
  const entry = (of: Entry): T => {
    if (!('parameter' in of)) return constant(of.constant);
    const at = point[of.parameter];
    if (at === undefined)
      throw new RangeError(`the point has no parameter ${String(of.parameter)}`);
    const value = typeof at === 'number' ? ring.ofDouble(at) : ring.ofRational(at);
    return rational.equal(of.scale, rational.ONE)
      ? value
      : ring.multiply(constant(of.scale), value);
  };
  const compute = (variable: number, unit: number): T => {
    if (variable === 0) return constant(network.inputs[sample]?.[unit] ?? rational.ZERO);
    const equation = equationOf.get(variable);
    if (equation?.op === 'dense') {
      const terms = [entry(equation.bias[unit] ?? { constant: rational.ZERO })];
      (equation.weight[unit] ?? []).forEach((weight, j) => {
        const z = valueOf(equation.in, j);
        if (!ring.isZero(z)) terms.push(ring.multiply(entry(weight), z));
      });
      return ring.sum(terms);
    }
    // Neighbouring pieces agree on the breakpoint between them: its left one will do.
    const piece = equation?.activation.pieces[known.positionAt(variable, unit) >> 1] ?? [];
    const [constantTerm, ...rest] = piece.map(constant);
    if (rest.length === 0) return constantTerm ?? ring.ofRational(rational.ZERO);
    const y = valueOf(equation?.in ?? 0, unit);
    return piece.reduceRight<T>(
      (sum, coefficient) => ring.add(ring.multiply(sum, y), constant(coefficient)),
      ring.ofRational(rational.ZERO),
    );
  };
  const valueOf = (variable: number, unit: number): T => {
    const found = kept[variable]?.get(unit);
    if (found !== undefined) return found;
    const isExact = variable > 0 && known.error[variable]?.[unit] === 0;
    const value = isExact
      ? ring.ofDouble(known.value[variable]?.[unit] ?? 0)
      : compute(variable, unit);
    kept[variable]?.set(unit, value);
    return value;
  };
  return {
    begin(at, of) {
      point = at;
      sample = of;
      for (const values of kept) values.clear();
    },
    valueOf(variable, unit) {
      const value = compute(variable, unit);
      kept[variable]?.set(unit, value);
      return ring.toRational(value);
    },
  };
}
