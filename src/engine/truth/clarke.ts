/**
 * Clarke membership of a matrix at a point, three-valued (theory.md section 4).
 *
 * Inner hull: the convex hull of the walk's leaves, each a limit of derivatives; inside it means
 * certified. Where every tied quantity is piecewise affine in w near w, the open cones are exactly
 * the patterns that occur and the inner hull is the Clarke subdifferential: outside means refuted.
 * Otherwise the outer hull refutes what lies outside it: it is over all patterns of the ties but those
 * that an exact dependence rules out (`expansion.ts`). Between the two: undecided.
 *
 * A certificate is checked by `verify.ts`, which shares no code with this file, before it leaves.
 */
import { isFlatAt } from '../net/activation.js';
import { varies, type Equation, type Network } from '../net/ir.js';
import {
  ONE,
  ZERO,
  add,
  compare,
  integer,
  isZero,
  multiply,
  rational,
  sign,
  subtract,
  type Rational,
} from '../num/rational.js';
import { largestOf, sides, valuesAt, type Values } from './evaluate.js';
import { constantUnits } from './freedom.js';
import { dot, emptySpan, solveNonNegative, type Row, type Span } from './linear.js';
import { derivativeAlongRay, verifyCertificate, type Vertex } from './verify.js';
import { equalRows, tiesAt, walk, type Leaf } from './walk.js';

/** A linear functional whose value at the candidate exceeds its supremum over the hull. */
export interface Separation {
  /** `[output, parameter]`. */
  readonly normal: readonly Row[];
  readonly candidate: Rational;
  readonly supremum: Rational;
}

export interface Clarke {
  readonly membership: 'certified' | 'refuted' | 'undecided';
  readonly why: string;
  /** Present where certified by hull: a verified convex combination. */
  readonly vertices?: readonly Vertex[];
  /** Present where refuted. */
  readonly separation?: Separation;
}

/**
 * *Exact.* Whether `candidate`, `[output, parameter]`, lies in the Clarke subdifferential of f at
 * w, where at most `maxLeaves` pieces decide it; undecided otherwise.
 */
export function clarkeMembership(
  network: Network,
  point: Row,
  candidate: readonly Row[],
  maxLeaves: number,
): Clarke {
  const direct = walk(network, point, { maxLeaves, until: candidate });
  const vertex = direct.leaves.find((leaf) => equalRows(leaf.gradient, candidate));
  if (vertex !== undefined) {
    const found = certified(network, point, candidate, direct.leaves, [
      { leaf: vertex, weight: ONE },
    ]);
    if (found.vertices !== undefined) return found;
  }
  // Without a ray for that very leaf the others may still show one.
  const inner = vertex === undefined ? direct : walk(network, point, { maxLeaves });
  const hull = membership(distinctGradients(inner.leaves), candidate.flat());
  if (hull.weights !== null) {
    return certified(network, point, candidate, inner.leaves, hull.weights);
  }
  const values = valuesAt(network, point);
  if (inner.complete && tiesArePiecewiseAffine(network, values)) {
    return {
      membership: 'refuted',
      why: 'outside the convex hull of the limits of derivatives, which is all of the Clarke subdifferential here: every tied quantity is piecewise affine in the parameters',
      separation: separationOf(hull.normal, inner.leaves, candidate),
    };
  }
  const outer = walk(network, point, { maxLeaves, allPatterns: true });
  const outerHull = membership(distinctGradients(outer.leaves), candidate.flat());
  if (outer.complete && outerHull.weights === null) {
    return {
      membership: 'refuted',
      why: 'outside the convex hull over all patterns of the ties that no exact dependence rules out, which contains the Clarke subdifferential',
      separation: separationOf(outerHull.normal, outer.leaves, candidate),
    };
  }
  return {
    membership: 'undecided',
    why:
      inner.limit ??
      outer.limit ??
      'between the hull of the pieces seen to first order and the hull of all patterns',
  };
}

/** Leaves with distinct gradients, each with the first leaf that has it. */
function distinctGradients(leaves: readonly Leaf[]): Leaf[] {
  const seen: Leaf[] = [];
  for (const leaf of leaves) {
    if (!seen.some((other) => equalRows(other.gradient, leaf.gradient))) seen.push(leaf);
  }
  return seen;
}

type Hull =
  | { readonly weights: readonly { readonly leaf: Leaf; readonly weight: Rational }[] }
  | { readonly weights: null; readonly normal: Row };

/** Whether the candidate is a convex combination of the leaves' gradients, or a normal that separates. */
function membership(leaves: readonly Leaf[], candidate: Row): Hull {
  const [first, ...others] = leaves.map((leaf) => leaf.gradient.flat());
  if (first === undefined) throw new Error('clarke: a walk has at least one leaf');
  const minus = (row: Row): Rational[] =>
    row.map((entry, k) => subtract(entry, first[k] as Rational));
  let span: Span = emptySpan(first.length);
  const offsets = others.map(minus);
  for (const offset of offsets) {
    if (span.coordinates(offset) === null) span = span.extended(offset);
  }
  const target = minus(candidate);
  const wanted = span.coordinates(target);
  if (wanted === null) {
    const normal = span.annihilator(target);
    const outward = sign(dot(normal, target)) > 0;
    return {
      weights: null,
      normal: outward ? normal : normal.map((entry) => subtract(ZERO, entry)),
    };
  }
  const columns = [minus(first), ...offsets].map((offset) => span.coordinates(offset) as Row);
  const rows = Array.from({ length: span.rank }, (_, k) =>
    columns.map((column) => column[k] as Rational),
  );
  rows.push(columns.map(() => ONE));
  const answer = solveNonNegative(rows, [...wanted, ONE]);
  if (!answer.feasible) {
    const inward = span.pointWith(answer.farkas.slice(0, span.rank));
    return { weights: null, normal: inward.map((entry) => subtract(ZERO, entry)) };
  }
  const weights = leaves
    .map((leaf, k) => ({ leaf, weight: answer.solution[k] as Rational }))
    .filter(({ weight }) => !isZero(weight));
  return { weights };
}

function certified(
  network: Network,
  point: Row,
  candidate: readonly Row[],
  leaves: readonly Leaf[],
  weights: readonly { readonly leaf: Leaf; readonly weight: Rational }[],
): Clarke {
  const vertices = weights.map(({ leaf, weight }): Vertex | null => {
    for (const same of leaves.filter((other) => equalRows(other.gradient, leaf.gradient))) {
      const direction = realisingDirection(network, point, same);
      if (direction !== null) return { weight, direction, gradient: leaf.gradient };
    }
    return null;
  });
  const why = 'a convex combination of limits of derivatives at differentiable points near w';
  const shown = vertices.filter((vertex) => vertex !== null);
  if (shown.length === vertices.length && verifyCertificate(network, point, candidate, shown)) {
    return { membership: 'certified', why, vertices: shown };
  }
  return {
    membership: 'certified',
    why: `${why}; no ray was found that shows each of them, so the proof stands on the walk alone`,
  };
}

/** How many perturbed directions are tried where a tie survives along the ray. */
const PERTURBATIONS = 24;

/** A direction along which f is differentiable with the leaf's gradient as limit; null if none is found. */
function realisingDirection(network: Network, point: Row, leaf: Leaf): Row | null {
  let state = 1n;
  for (let attempt = 0; attempt <= PERTURBATIONS; attempt += 1) {
    // Almost every direction of the cone serves; a fixed recurrence (Knuth's MMIX) picks some.
    const step = rational(1n, 1n << BigInt(4 + 2 * attempt));
    const direction = leaf.direction.map((entry) => {
      if (attempt === 0) return entry;
      state = (state * 6364136223846793005n + 1442695040888963407n) % (1n << 64n);
      return add(entry, multiply(step, integer((state >> 54n) - 512n)));
    });
    const limit = derivativeAlongRay(network, point, direction);
    if (limit !== null && equalRows(limit, leaf.gradient)) return direction;
  }
  return null;
}

function separationOf(normal: Row, leaves: readonly Leaf[], candidate: readonly Row[]): Separation {
  const width = candidate[0]?.length ?? 0;
  const supremum = leaves
    .map((leaf) => dot(normal, leaf.gradient.flat()))
    .reduce((best, value) => (compare(value, best) > 0 ? value : best));
  const atCandidate = dot(normal, candidate.flat());
  if (compare(atCandidate, supremum) <= 0)
    throw new Error('clarke: the separation does not separate');
  return {
    normal: candidate.map((_, i) => normal.slice(i * width, (i + 1) * width)),
    candidate: atCandidate,
    supremum,
  };
}

/**
 * Whether every tied quantity is, near w, constant or piecewise affine in w with pieces cut by the
 * ties alone: no product of two perturbed quantities reaches it, and no curved piece.
 */
export function tiesArePiecewiseAffine(network: Network, values: Values): boolean {
  const constant = constantUnits(network, values);
  const affine: (readonly boolean[])[][] = [network.inputs.map((input) => input.map(() => true))];
  for (const equation of network.equations) {
    affine.push(
      network.inputs.map((_, sample) =>
        affineOutputs(
          equation,
          (variable) => affine[variable]?.[sample] ?? [],
          (variable) => constant[variable]?.[sample] ?? [],
          (variable) => values[variable]?.[sample] ?? [],
        ),
      ),
    );
  }
  return tiesAt(network, values).every((tie) => {
    const equation = network.equations[tie.equation];
    if (equation === undefined || equation.op === 'affine') return false;
    const flags = affine[equation.in]?.[tie.sample] ?? [];
    const read = 'tied' in tie ? tie.tied : [tie.unit];
    return read.every((unit) => flags[unit] === true);
  });
}

function affineOutputs(
  equation: Equation,
  flagsOf: (variable: number) => readonly boolean[],
  constantOf: (variable: number) => readonly boolean[],
  valuesOf: (variable: number) => Row,
): boolean[] {
  switch (equation.op) {
    case 'activation': {
      const { activation } = equation;
      return flagsOf(equation.in).map((flag, unit) => {
        const t = valuesOf(equation.in)[unit] as Rational;
        if (constantOf(equation.in)[unit] === true || isFlatAt(activation, t)) return true;
        const { left, right } = sides(activation, t);
        return flag && [left, right].every((k) => (activation.pieces[k] ?? []).length <= 2);
      });
    }
    case 'dense':
      return equation.weight.map((row) =>
        row.every((entry, input) => {
          if (varies(entry)) return constantOf(equation.in)[input] === true;
          const nothing = !('parameter' in entry) && isZero(entry.constant);
          return flagsOf(equation.in)[input] === true || nothing;
        }),
      );
    case 'affine':
      return equation.terms.map((row) =>
        row.every(
          ({ variable, unit, coefficient }) =>
            isZero(coefficient) || flagsOf(variable)[unit] === true,
        ),
      );
    case 'max':
      return equation.windows.map((window) =>
        largestOf(window, valuesOf(equation.in)).every((unit) => flagsOf(equation.in)[unit]),
      );
  }
}
