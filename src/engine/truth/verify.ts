/**
 * Checks a Clarke certificate, sharing no code with its producer: smaller and duller than what it
 * checks (theory.md section 4).
 *
 * A certificate says: D^AD f(w) is a convex combination of matrices, each of which is the limit,
 * as ε → 0 from above, of the derivative at w + εd. Along the ray every pre-activation is a
 * polynomial in ε, whose sign for small ε is that of its lowest non-zero coefficient; so the pieces
 * in force, and the limit of the derivative, follow exactly.
 */
import { kinkIndexAt, type Activation } from '../net/activation.js';
import type { Entry, Network } from '../net/ir.js';
import {
  ONE,
  ZERO,
  add,
  equal,
  integer,
  isZero,
  multiply,
  sign,
  subtract,
  type Rational,
} from '../num/rational.js';

type Series = readonly Rational[];
type Row = readonly Rational[];

/** One vertex of a certificate. `gradient` is `[output, parameter]`. */
export interface Vertex {
  readonly weight: Rational;
  readonly direction: Row;
  readonly gradient: readonly Row[];
}

/** A unit along the ray w + εd, for all small ε > 0. */
interface Unit {
  /** Its value, a polynomial in ε. */
  readonly series: Series;
  /** Limit of its gradient as ε → 0, through the pieces in force on the ray. */
  readonly gradient: Row;
  /** Whether it is constant on a neighbourhood of every point of the ray. */
  readonly constant: boolean;
}

/**
 * *Exact.* The limit of Df(w + εd) as ε → 0 from above, `[output, parameter]`; null where a unit
 * that may vary stays on a kink along the whole ray, so that the ray shows no derivative.
 */
export function derivativeAlongRay(
  network: Network,
  point: Row,
  direction: Row,
): readonly Row[] | null {
  const still = network.parameters.map(() => ZERO);
  const limit: Row[] = [];
  for (const input of network.inputs) {
    const vectors: (readonly Unit[])[] = [
      input.map((x) => ({ series: [x], gradient: still, constant: true })),
    ];
    for (const equation of network.equations) {
      const from = vectors[equation.in] ?? [];
      if (equation.op === 'dense') {
        vectors.push(
          equation.weight.map((row, unit) =>
            affineUnit(row, equation.bias[unit] ?? { constant: ZERO }, from, point, direction),
          ),
        );
        continue;
      }
      const next = from.map((unit) => activatedUnit(equation.activation, unit));
      if (next.includes(null)) return null;
      vectors.push(next.filter((unit) => unit !== null));
    }
    for (const { gradient } of vectors[network.output] ?? []) limit.push(gradient);
  }
  return limit;
}

function activatedUnit(activation: Activation, unit: Unit): Unit | null {
  const { series, gradient, constant } = unit;
  const start = series[0] ?? ZERO;
  const resting =
    series.slice(1).every(isZero) && activation.breakpoints.some((t) => equal(t, start));
  if (resting && !constant && kinkIndexAt(activation, start) !== -1) return null;
  const piece =
    activation.pieces[activation.breakpoints.filter((t) => isAbove(series, t)).length] ?? [];
  const slope = valueOf(
    piece.slice(1).map((coefficient, k) => multiply(coefficient, integer(k + 1))),
    start,
  );
  return {
    series: compose(piece, series),
    // A constant unit has gradient zero, so at a kink it does not matter which piece is taken.
    gradient: gradient.map((entry) => multiply(slope, entry)),
    constant: constant || (!resting && piece.length <= 1),
  };
}

function affineUnit(
  row: readonly Entry[],
  bias: Entry,
  from: readonly Unit[],
  point: Row,
  direction: Row,
): Unit {
  let series = along(bias, point, direction);
  let constant = !('parameter' in bias);
  const gradient: Rational[] = point.map(() => ZERO);
  if ('parameter' in bias) gradient[bias.parameter] = bias.scale;
  row.forEach((entry, j) => {
    const z = from[j];
    if (z === undefined) return;
    const weight = along(entry, point, direction);
    series = sum(series, product(weight, z.series));
    z.gradient.forEach((slope, p) => {
      gradient[p] = add(gradient[p] ?? ZERO, multiply(weight[0] ?? ZERO, slope));
    });
    if ('parameter' in entry) {
      const share = multiply(entry.scale, z.series[0] ?? ZERO);
      gradient[entry.parameter] = add(gradient[entry.parameter] ?? ZERO, share);
      constant &&= z.constant && z.series.every(isZero);
    } else {
      constant &&= z.constant || isZero(entry.constant);
    }
  });
  return { series, gradient, constant };
}

/**
 * *Exact.* Whether the vertices prove that `candidate` lies in the Clarke subdifferential at w:
 * weights not negative and of sum 1, vertices that combine to it, each realised along its ray.
 */
export function verifyCertificate(
  network: Network,
  point: Row,
  candidate: readonly Row[],
  vertices: readonly Vertex[],
): boolean {
  if (vertices.some(({ weight }) => sign(weight) < 0)) return false;
  const total = vertices.reduce((partial, { weight }) => add(partial, weight), ZERO);
  if (!equal(total, ONE)) return false;
  const combines = candidate.every((row, i) =>
    row.every((entry, j) => {
      const combined = vertices.reduce(
        (partial, { weight, gradient }) => add(partial, multiply(weight, gradient[i]?.[j] ?? ZERO)),
        ZERO,
      );
      return equal(combined, entry);
    }),
  );
  if (!combines) return false;
  return vertices.every(({ direction, gradient }) => {
    const limit = derivativeAlongRay(network, point, direction);
    return (
      limit?.every((row, i) => row.every((entry, j) => equal(entry, gradient[i]?.[j] ?? ZERO))) ??
      false
    );
  });
}

/** Whether the series exceeds t for all small ε > 0. */
function isAbove(series: Series, t: Rational): boolean {
  const [first = ZERO, ...rest] = series;
  const order = [subtract(first, t), ...rest].find((coefficient) => !isZero(coefficient));
  return order !== undefined && sign(order) > 0;
}

function along(entry: Entry, point: Row, direction: Row): Series {
  if (!('parameter' in entry)) return [entry.constant];
  return [point, direction].map((vector) => multiply(entry.scale, vector[entry.parameter] ?? ZERO));
}

function sum(a: Series, b: Series): Series {
  const length = Math.max(a.length, b.length);
  return Array.from({ length }, (_, k) => add(a[k] ?? ZERO, b[k] ?? ZERO));
}

function product(a: Series, b: Series): Series {
  const out: Rational[] = Array.from({ length: a.length + b.length - 1 }, () => ZERO);
  a.forEach((x, i) => {
    if (isZero(x)) return;
    b.forEach((y, j) => {
      out[i + j] = add(out[i + j] ?? ZERO, multiply(x, y));
    });
  });
  return out;
}

function compose(polynomial: Series, inner: Series): Series {
  let out: Series = [ZERO];
  for (const coefficient of [...polynomial].reverse())
    out = sum(product(out, inner), [coefficient]);
  return out;
}

function valueOf(polynomial: Series, t: Rational): Rational {
  return compose(polynomial, [t])[0] ?? ZERO;
}
