/**
 * The oracle: what theory.md section 1 defines, computed from the definitions alone. It shares
 * nothing with the engine but rational arithmetic: it reads the recipe, numbers the parameters,
 * evaluates the network and differentiates by itself.
 *
 * Along a ray w + εd every output is, for small ε > 0, one polynomial in ε of bounded degree D, so
 * f'(w; d) follows exactly from D + 1 values by Newton's forward differences; one value more proves
 * that ε was small enough for all of them to lie on one piece.
 */
import {
  ONE,
  ZERO,
  add,
  compare,
  divide,
  equal,
  integer,
  isZero,
  multiply,
  negate,
  rational,
  sign,
  subtract,
  type Rational,
} from '../../src/engine/num/rational.js';
import { exact, type ActivationRecipe, type EntryRecipe, type NetworkRecipe } from './recipe.js';

type Scalar = (t: Rational) => Rational;

export const STEP = rational(1n, 1n << 120n);

function larger(a: Rational, b: Rational): Rational {
  return compare(a, b) >= 0 ? a : b;
}

function smaller(a: Rational, b: Rational): Rational {
  return compare(a, b) <= 0 ? a : b;
}

function clip(t: Rational, low: Rational, high: Rational): Rational {
  return smaller(larger(t, low), high);
}

/** σ by its definition, with the points where a kink can be and its degree. */
export interface Meaning {
  readonly value: Scalar;
  readonly candidates: readonly Rational[];
  readonly degree: number;
}

export function meaningOf(recipe: ActivationRecipe): Meaning {
  const setting = (name: string, otherwise: string): Rational =>
    exact(recipe.settings?.[name] ?? otherwise);
  const six = integer(6);
  const three = integer(3);
  switch (recipe.type) {
    case 'identity':
      return { value: (t) => t, candidates: [], degree: 1 };
    case 'relu':
      return { value: (t) => larger(t, ZERO), candidates: [ZERO], degree: 1 };
    case 'leaky_relu': {
      const slope = setting('slope', '1/100');
      return {
        value: (t) => (sign(t) > 0 ? t : multiply(slope, t)),
        candidates: [ZERO],
        degree: 1,
      };
    }
    case 'relu6':
      return { value: (t) => clip(t, ZERO, six), candidates: [ZERO, six], degree: 1 };
    case 'hardtanh': {
      const [low, high] = [setting('min', '-1'), setting('max', '1')];
      return { value: (t) => clip(t, low, high), candidates: [low, high], degree: 1 };
    }
    case 'hardsigmoid': {
      const [alpha, beta] = [setting('alpha', '1/6'), setting('beta', '1/2')];
      const ends = [divide(negate(beta), alpha), divide(subtract(ONE, beta), alpha)];
      return {
        value: (t) => clip(add(multiply(alpha, t), beta), ZERO, ONE),
        candidates: ends.sort(compare),
        degree: 1,
      };
    }
    case 'hardswish':
      return {
        value: (t) => multiply(t, divide(clip(add(t, three), ZERO, six), six)),
        candidates: [negate(three), three],
        degree: 2,
      };
    case 'abs':
      return { value: (t) => larger(t, negate(t)), candidates: [ZERO], degree: 1 };
    case 'softshrink': {
      const lambda = setting('lambda', '1/2');
      return {
        value: (t) =>
          compare(t, lambda) > 0
            ? subtract(t, lambda)
            : compare(t, negate(lambda)) < 0
              ? add(t, lambda)
              : ZERO,
        candidates: [negate(lambda), lambda],
        degree: 1,
      };
    }
    case 'piecewise': {
      const breakpoints = (recipe.breakpoints ?? []).map(exact);
      const pieces = (recipe.pieces ?? []).map((piece) => piece.map(exact));
      return {
        value: (t) => {
          const piece = pieces[breakpoints.filter((at) => compare(at, t) < 0).length] ?? [];
          let power = ONE;
          let sum = ZERO;
          for (const coefficient of piece) {
            sum = add(sum, multiply(coefficient, power));
            power = multiply(power, t);
          }
          return sum;
        },
        candidates: breakpoints,
        degree: pieces.reduce((most, piece) => Math.max(most, piece.length - 1), 1),
      };
    }
    default:
      throw new Error(`the oracle does not know ${recipe.type}`);
  }
}

/** P'(0) of a polynomial of degree ≤ D in k ↦ P(k·step), from its values at k = 0 … D + 1. */
export function slopeAtZero(values: readonly Rational[], step: Rational): Rational {
  let differences = [...values];
  let slope = ZERO;
  for (let order = 1; order < values.length; order += 1) {
    differences = differences.slice(1).map((v, k) => subtract(v, differences[k] ?? ZERO));
    const leading = differences[0] ?? ZERO;
    if (order === values.length - 1 && !isZero(leading)) {
      throw new Error('oracle: the step is too large; two pieces were mixed');
    }
    const share = divide(leading, integer(order));
    slope = order % 2 === 1 ? add(slope, share) : subtract(slope, share);
  }
  return divide(slope, step);
}

/** The derivative of σ at t from one side. */
export function oneSided({ value, degree }: Meaning, t: Rational, side: 1 | -1): Rational {
  const step = multiply(integer(side), STEP);
  const values = Array.from({ length: degree + 2 }, (_, k) =>
    value(add(t, multiply(integer(k), step))),
  );
  return slopeAtZero(values, step);
}

interface Kink {
  readonly at: Rational;
  readonly proxy: Rational;
}

export interface Oracle {
  /** Names of the parameters, in the contract's order; nameless ones are `#k`. */
  readonly names: readonly string[];
  readonly value: (point: readonly Rational[]) => Rational[];
  /** f'(w; d), exactly. */
  readonly along: (point: readonly Rational[], direction: readonly Rational[]) => Rational[];
  /** D^AD f(w), `[output][parameter]`, by dual numbers. */
  readonly automatic: (point: readonly Rational[]) => Rational[][];
  /** Whether some pre-activation is on a kink. */
  readonly touched: (point: readonly Rational[]) => boolean;
}

type Entry = { readonly constant: Rational } | { readonly index: number; readonly scale: Rational };

/** *Exact.* The oracle of a recipe. */
export function oracleOf(recipe: NetworkRecipe): Oracle {
  const names: string[] = [];
  const entryOf = (entry: EntryRecipe): Entry => {
    if (typeof entry === 'string') return { constant: exact(entry) };
    if (!names.includes(entry.param)) names.push(entry.param);
    return { index: names.indexOf(entry.param), scale: exact(entry.scale) };
  };
  const fresh = (): Entry => ({ index: names.push(`#${String(names.length)}`) - 1, scale: ONE });
  let fanIn = recipe.inputs[0]?.length ?? 0;
  let degree = 0;
  const layers = recipe.layers.map((layer) => {
    const weight = Array.from({ length: layer.units }, (_, unit) =>
      Array.from({ length: fanIn }, (__, j) => {
        const entry = layer.weight?.[unit]?.[j];
        return entry === undefined ? fresh() : entryOf(entry);
      }),
    );
    const bias = Array.from({ length: layer.units }, (_, unit): Entry => {
      if (layer.bias === false) return { constant: ZERO };
      return layer.bias === true ? fresh() : entryOf(layer.bias[unit] ?? '0');
    });
    fanIn = layer.units;
    const meaning = meaningOf(layer.activation);
    degree = (degree + 1) * meaning.degree;
    const kinks = meaning.candidates
      .filter((at, k, all) => k === 0 || !equal(at, all[k - 1] ?? ZERO))
      .filter((at) => !equal(oneSided(meaning, at, -1), oneSided(meaning, at, 1)))
      .map((at, k): Kink => ({ at, proxy: exact(layer.proxies?.[k] ?? '0') }));
    return { weight, bias, meaning, kinks };
  });

  const at = (entry: Entry, point: readonly Rational[]): Rational =>
    'constant' in entry ? entry.constant : multiply(entry.scale, point[entry.index] ?? ZERO);
  /** Pre-activations, `[sample][layer][unit]`, and outputs. */
  const run = (
    point: readonly Rational[],
  ): { pre: Rational[][][]; outputs: Rational[]; inputs: Rational[][][] } => {
    const outputs: Rational[] = [];
    const inputs: Rational[][][] = [];
    const pre = recipe.inputs.map((row) => {
      let z = row.map(exact);
      const before: Rational[][] = [];
      const all = layers.map(({ weight, bias, meaning }) => {
        before.push(z);
        const y = weight.map((entries, unit) =>
          entries.reduce(
            (sum, entry, j) => add(sum, multiply(at(entry, point), z[j] ?? ZERO)),
            at(bias[unit] ?? { constant: ZERO }, point),
          ),
        );
        z = y.map(meaning.value);
        return y;
      });
      outputs.push(...z);
      inputs.push(before);
      return all;
    });
    return { pre, outputs, inputs };
  };

  return {
    names,
    value: (point) => run(point).outputs,
    along: (point, direction) => {
      const rays = Array.from({ length: degree + 2 }, (_, k) => {
        const epsilon = multiply(integer(k), STEP);
        return run(point.map((w, i) => add(w, multiply(epsilon, direction[i] ?? ZERO)))).outputs;
      });
      return (rays[0] ?? []).map((_, output) =>
        slopeAtZero(
          rays.map((values) => values[output] ?? ZERO),
          STEP,
        ),
      );
    },
    automatic: (point) => {
      const { pre, inputs } = run(point);
      const rows: Rational[][] = [];
      pre.forEach((perLayer, sample) => {
        let tangents: Rational[][] = (inputs[sample]?.[0] ?? []).map(() => names.map(() => ZERO));
        layers.forEach(({ weight, bias, meaning, kinks }, l) => {
          const z = inputs[sample]?.[l] ?? [];
          tangents = weight.map((entries, unit) => {
            const t = perLayer[l]?.[unit] ?? ZERO;
            const slope = kinks.find((kink) => equal(kink.at, t))?.proxy ?? oneSided(meaning, t, 1);
            return names.map((_, p) => {
              const own = (entry: Entry | undefined): Rational =>
                entry !== undefined && 'index' in entry && entry.index === p ? entry.scale : ZERO;
              let sum = own(bias[unit]);
              entries.forEach((entry, j) => {
                sum = add(sum, multiply(own(entry), z[j] ?? ZERO));
                sum = add(sum, multiply(at(entry, point), tangents[j]?.[p] ?? ZERO));
              });
              return multiply(slope, sum);
            });
          });
        });
        rows.push(...tangents);
      });
      return rows;
    },
    touched: (point) =>
      run(point).pre.some((perLayer) =>
        perLayer.some((y, l) =>
          y.some((t) => layers[l]?.kinks.some((kink) => equal(kink.at, t)) === true),
        ),
      ),
  };
}
