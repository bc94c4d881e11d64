/**
 * Checks a Clarke certificate, sharing no code with its producer: smaller and duller than what it
 * checks (theory.md section 4).
 *
 * A certificate says: D^AD f(w) is a convex combination of matrices, each of which is the limit,
 * as ε → 0 from above, of the derivative at w + εd. Along the ray every unit is a polynomial in ε,
 * whose sign for small ε is that of its lowest non-zero coefficient; so the pieces in force, the
 * largest unit of a window, and the limit of the derivative follow exactly. Where a unit stays on a
 * kink, or two units of a window stay equal, along the whole ray, it shows no derivative, unless they
 * are constant, or built alike from the same numbers: then they are one function.
 */
import { kinkIndexAt, type Activation } from '../net/activation.js';
import type { Entry, Equation, Network } from '../net/ir.js';
import {
  ONE,
  ZERO,
  add,
  divide,
  equal,
  integer,
  isZero,
  multiply,
  sign,
  subtract,
  type Rational,
} from '../num/rational.js';
import { toText } from '../num/text.js';

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
  /** Units with equal names are built alike from the same numbers: one function of w. */
  readonly name: number;
}

/** Gives equal texts equal numbers. */
type Naming = (text: () => string) => number;

/** The ray, and the names of what was met on it. */
interface Ray {
  readonly point: Row;
  readonly direction: Row;
  readonly naming: Naming;
}

/**
 * *Exact.* The limit of Df(w + εd) as ε → 0 from above, `[output, parameter]`; null where a unit
 * that may vary stays on a kink, or two stay tied, along the whole ray, so that it shows no
 * derivative.
 */
export function derivativeAlongRay(
  network: Network,
  point: Row,
  direction: Row,
): readonly Row[] | null {
  const names = new Map<string, number>();
  // Only a maximum asks whether two units are one function.
  const named = network.equations.some(({ op }) => op === 'max');
  const naming: Naming = (text) => {
    if (!named) return 0;
    const name = text();
    const known = names.get(name) ?? names.size;
    names.set(name, known);
    return known;
  };
  const ray = { point, direction, naming };
  const still = network.parameters.map(() => ZERO);
  const outputs: Unit[] = [];
  for (const input of network.inputs) {
    const vectors: (readonly Unit[])[] = [
      input.map((x) => ({
        series: [x],
        gradient: still,
        constant: true,
        name: naming(() => toText(x)),
      })),
    ];
    for (const equation of network.equations) {
      const next = unitsOf(equation, vectors, ray);
      if (next.includes(null)) return null;
      vectors.push(next.filter((unit) => unit !== null));
    }
    outputs.push(...(vectors[network.output] ?? []));
  }
  return lossGradient(network, outputs);
}

function unitsOf(
  equation: Equation,
  vectors: readonly (readonly Unit[])[],
  ray: Ray,
): (Unit | null)[] {
  switch (equation.op) {
    case 'dense':
      return equation.weight.map((row, unit) =>
        affineUnit(row, equation.bias[unit] ?? { constant: ZERO }, vectors[equation.in] ?? [], ray),
      );
    case 'affine':
      return equation.terms.map((row, unit) =>
        affineUnit(
          row.map(({ coefficient }) => ({ constant: coefficient })),
          { constant: equation.offset[unit] ?? ZERO },
          row.map((term) => unitAt(vectors, term.variable, term.unit)),
          ray,
        ),
      );
    case 'activation':
      return (vectors[equation.in] ?? []).map((unit) =>
        activatedUnit(equation.activation, unit, ray),
      );
    case 'max':
      return equation.windows.map((window) =>
        largestUnit(window.map((unit) => unitAt(vectors, equation.in, unit))),
      );
  }
}

function unitAt(vectors: readonly (readonly Unit[])[], variable: number, unit: number): Unit {
  const found = vectors[variable]?.[unit];
  if (found === undefined) throw new Error('verify: an equation reads what does not exist');
  return found;
}

function activatedUnit(activation: Activation, unit: Unit, { naming }: Ray): Unit | null {
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
    name: naming(() => `${textOf(activation)} of ${String(unit.name)}`),
  };
}

/** The largest of some units for all small ε > 0; null where that is not one function. */
function largestUnit(units: readonly Unit[]): Unit | null {
  const [first, ...others] = units;
  if (first === undefined) return null;
  let best = first;
  for (const unit of others) {
    if (isAbove(sum(unit.series, scale(best.series, integer(-1))), ZERO)) best = unit;
  }
  const equals = units.filter(({ series }) =>
    sum(series, scale(best.series, integer(-1))).every(isZero),
  );
  const one = equals.every(({ name }) => name === best.name);
  return one || equals.every(({ constant }) => constant) ? best : null;
}

function affineUnit(
  row: readonly Entry[],
  bias: Entry,
  from: readonly Unit[],
  { point, direction, naming }: Ray,
): Unit {
  let series = along(bias, point, direction);
  let constant = !('parameter' in bias);
  const gradient: Rational[] = point.map(() => ZERO);
  if ('parameter' in bias) gradient[bias.parameter] = bias.scale;
  const summands = [() => `+ ${nameOf(bias)}`];
  row.forEach((entry, j) => {
    const z = from[j];
    if (z === undefined || (!('parameter' in entry) && isZero(entry.constant))) return;
    if (z.constant && z.series.every(isZero)) return;
    summands.push(() => `${nameOf(entry)} of ${String(z.name)}`);
    const weight = along(entry, point, direction);
    series = sum(series, product(weight, z.series));
    z.gradient.forEach((slope, p) => {
      gradient[p] = add(gradient[p] ?? ZERO, multiply(weight[0] ?? ZERO, slope));
    });
    if ('parameter' in entry) {
      const share = multiply(entry.scale, z.series[0] ?? ZERO);
      gradient[entry.parameter] = add(gradient[entry.parameter] ?? ZERO, share);
      constant = false;
    } else {
      constant &&= z.constant;
    }
  });
  const name = naming(() =>
    summands
      .map((text) => text())
      .sort()
      .join(', '),
  );
  return { series, gradient, constant, name };
}

function textOf({ breakpoints, pieces }: Activation): string {
  return JSON.stringify([breakpoints, ...pieces].map((list) => list.map(toText)));
}

function nameOf(entry: Entry): string {
  if (!('parameter' in entry)) return toText(entry.constant);
  return `${toText(entry.scale)} w${String(entry.parameter)}`;
}

/** The gradient of f from those of the stacked outputs. */
function lossGradient({ loss }: Network, outputs: readonly Unit[]): readonly Row[] {
  if (loss === undefined) return outputs.map(({ gradient }) => gradient);
  const targets = loss.type === 'mse' ? loss.targets.flat() : [];
  const rows = outputs.map(({ series, gradient }, k) => {
    if (loss.type === 'sum') return gradient;
    const error = subtract(series[0] ?? ZERO, targets[k] ?? ZERO);
    const slope = divide(multiply(integer(2), error), integer(outputs.length));
    return gradient.map((entry) => multiply(slope, entry));
  });
  const [first = [], ...others] = rows;
  return [others.reduce((total, row) => total.map((t, p) => add(t, row[p] ?? ZERO)), first)];
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

function scale(a: Series, factor: Rational): Series {
  return a.map((entry) => multiply(factor, entry));
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
