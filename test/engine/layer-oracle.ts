/**
 * The oracle for every layer type: what theory.md section 1 defines, from the definitions alone. It
 * reads the canonical question, numbers the parameters by itself, knows nothing of the intermediate
 * representation, and shares nothing with the engine but rational arithmetic.
 *
 * A network is run over an algebra: numbers (values, and derivatives along rays from values alone),
 * dual numbers (AD with its proxies), and formulas (`truth/z3/script.ts`).
 */
import {
  ONE,
  ZERO,
  add,
  compare,
  divide,
  equal,
  integer,
  multiply,
  negate,
  subtract,
  type Rational,
} from '../../src/engine/num/rational.js';
import type {
  QuestionActivation,
  QuestionEntry,
  QuestionLayer,
  QuestionNetwork,
} from '../../src/plan/question.js';
import { meaningOf, oneSided, slopeAtZero, STEP, type Meaning } from './oracle.js';
import { exact } from './recipe.js';

/** Arithmetic that a network can be run over. */
export interface Algebra<T> {
  readonly constant: (value: Rational) => T;
  /** The parameter of this index, times a scale. */
  readonly parameter: (index: number, scale: Rational) => T;
  readonly add: (a: T, b: T) => T;
  readonly multiply: (a: T, b: T) => T;
  readonly activate: (kinks: readonly Kink[], meaning: Meaning, x: T) => T;
  /** The largest, in the order in which ties are resolved, by the rule of this name. */
  readonly largest: (xs: readonly T[], rule: string) => T;
}

export interface Kink {
  readonly at: Rational;
  readonly proxy: Rational;
}

interface Tensor<T> {
  readonly shape: readonly number[];
  readonly data: readonly T[];
}

/** Numbers the parameters as the contract does; `fresh` for those without a name. */
class Numbering {
  readonly names = new Map<string, number>();
  count = 0;
  fresh(): number {
    this.count += 1;
    return this.count - 1;
  }
  named(name: string): number {
    const known = this.names.get(name) ?? this.fresh();
    this.names.set(name, known);
    return known;
  }
}

function range(length: number): number[] {
  return Array.from({ length }, (_, k) => k);
}

/** The k-th item, which must be there. */
export function at<T>(list: readonly T[] | undefined, k: number): T {
  if (list === undefined || k < 0 || k >= list.length)
    throw new Error('layer oracle: no such item');
  return list[k] as T;
}

/** *Exact.* The outputs of a network over an algebra, or its loss; and the number of parameters. */
export function runOver<T>(
  network: QuestionNetwork,
  proxies: readonly (readonly string[])[],
  algebra: Algebra<T>,
): { readonly outputs: readonly T[]; readonly parameters: number } {
  let parameters = 0;
  const rows = network.inputs.map((input) => {
    // The same numbering for every sample: all samples share the parameters.
    const numbering = new Numbering();
    const first: Tensor<T> = {
      shape: network.inputShape ?? [input.length],
      data: input.map((x) => algebra.constant(exact(x))),
    };
    const outputs: Tensor<T>[] = [];
    network.layers.forEach((layer, l) => {
      const sources = [layer.from ?? (l === 0 ? 'input' : l - 1)].flat();
      const inputs = sources.map((s) => (s === 'input' ? first : at(outputs, s)));
      const own = [...(proxies[l] ?? [])];
      const rule = layer.type === 'max' || layer.type === 'maxPool2d' ? (own.shift() ?? '') : '';
      const y = layerOver(layer, inputs, numbering, algebra, rule);
      outputs.push({ shape: y.shape, data: activated(layer.activation, own, y.data, algebra) });
    });
    parameters = numbering.count;
    return at(outputs, outputs.length - 1).data;
  });
  const stacked = rows.flat();
  const { loss } = network;
  if (loss === undefined) return { outputs: stacked, parameters };
  const summands =
    loss.type === 'sum'
      ? stacked
      : loss.targets.flat().map((target, k) => {
          const e = algebra.add(at(stacked, k), algebra.constant(negate(exact(target))));
          const mean = algebra.constant(divide(ONE, integer(stacked.length)));
          return algebra.multiply(mean, algebra.multiply(e, e));
        });
  return { outputs: [summands.reduce(algebra.add)], parameters };
}

function activated<T>(
  activation: QuestionActivation | null,
  proxies: readonly string[],
  data: readonly T[],
  algebra: Algebra<T>,
): readonly T[] {
  if (activation === null || activation.type === 'identity') return data;
  const { type, ...rest } = activation;
  const meaning = meaningOf(
    type === 'piecewise'
      ? {
          type,
          breakpoints: rest['breakpoints'] as string[],
          pieces: rest['pieces'] as string[][],
        }
      : { type, settings: rest as Record<string, string> },
  );
  const kinks = meaning.candidates
    .filter((t, k, all) => k === 0 || !equal(t, at(all, k - 1)))
    .filter((t) => !equal(oneSided(meaning, t, -1), oneSided(meaning, t, 1)))
    .map((t, k): Kink => ({ at: t, proxy: exact(proxies[k] ?? '0') }));
  return data.map((x) => algebra.activate(kinks, meaning, x));
}

function layerOver<T>(
  layer: QuestionLayer,
  inputs: readonly Tensor<T>[],
  numbering: Numbering,
  algebra: Algebra<T>,
  rule: string,
): Tensor<T> {
  const [x] = inputs;
  if (x === undefined) throw new Error('layer oracle: a layer reads nothing');
  const sum = (terms: readonly T[]): T => terms.reduce(algebra.add, algebra.constant(ZERO));
  const entry = (given: QuestionEntry): T =>
    typeof given === 'string'
      ? algebra.constant(exact(given))
      : algebra.parameter(numbering.named(given.param), exact(given.scale));
  const own = (): T => algebra.parameter(numbering.fresh(), ONE);
  const biases = (bias: boolean | readonly QuestionEntry[], count: number): T[] => {
    if (bias === false) return range(count).map(() => algebra.constant(ZERO));
    return bias === true ? range(count).map(own) : bias.map(entry);
  };
  switch (layer.type) {
    case 'dense': {
      const weight = range(layer.units).map((i) =>
        x.data.map((_, j) => (layer.weight === null ? own() : entry(at(at(layer.weight, i), j)))),
      );
      const bias = biases(layer.bias, layer.units);
      const data = weight.map((row, i) =>
        algebra.add(at(bias, i), sum(row.map((w, j) => algebra.multiply(w, at(x.data, j))))),
      );
      return { shape: [layer.units], data };
    }
    case 'conv2d':
    case 'conv1d': {
      // A signal of one dimension is an image of one row.
      const flat = layer.type === 'conv1d';
      const [channels = 0, height = 0, width = 0] = flat
        ? [at(x.shape, 0), 1, at(x.shape, 1)]
        : x.shape;
      const [kh, kw] = flat ? [1, layer.kernelSize] : layer.kernelSize;
      const [sh, sw] = flat ? [1, layer.stride] : layer.stride;
      const [ph, pw] = flat ? [0, layer.padding] : layer.padding;
      const [dh, dw] = flat ? [1, layer.dilation] : layer.dilation;
      const perGroup = channels / layer.groups;
      const given = (f: number, c: number, i: number, j: number): T => {
        if (layer.weight === null) return own();
        return entry(
          layer.type === 'conv1d'
            ? at(at(at(layer.weight, f), c), j)
            : at(at(at(at(layer.weight, f), c), i), j),
        );
      };
      const weight = range(layer.filters).map((f) =>
        range(perGroup).map((c) => range(kh).map((i) => range(kw).map((j) => given(f, c, i, j)))),
      );
      const bias = biases(layer.bias, layer.filters);
      const rows = Math.floor((height + 2 * ph - dh * (kh - 1) - 1) / sh) + 1;
      const columns = Math.floor((width + 2 * pw - dw * (kw - 1) - 1) / sw) + 1;
      const pixel = (c: number, r: number, q: number): T | null =>
        r < 0 || q < 0 || r >= height || q >= width
          ? null
          : at(x.data, (c * height + r) * width + q);
      const data = range(layer.filters).flatMap((f) => {
        const group = Math.floor((f * layer.groups) / layer.filters);
        return range(rows).flatMap((p) =>
          range(columns).map((q) => {
            let y = at(bias, f);
            for (const c of range(perGroup)) {
              for (const i of range(kh)) {
                for (const j of range(kw)) {
                  const z = pixel(group * perGroup + c, p * sh - ph + i * dh, q * sw - pw + j * dw);
                  if (z === null) continue;
                  y = algebra.add(y, algebra.multiply(at(at(at(at(weight, f), c), i), j), z));
                }
              }
            }
            return y;
          }),
        );
      });
      return { shape: flat ? [layer.filters, columns] : [layer.filters, rows, columns], data };
    }
    case 'maxPool2d':
    case 'avgPool2d': {
      const [channels = 0, height = 0, width = 0] = x.shape;
      const [[kh, kw], [sh, sw], [ph, pw]] = [layer.kernelSize, layer.stride, layer.padding];
      const rows = Math.floor((height + 2 * ph - kh) / sh) + 1;
      const columns = Math.floor((width + 2 * pw - kw) / sw) + 1;
      const data = range(channels).flatMap((c) =>
        range(rows).flatMap((p) =>
          range(columns).map((q) => {
            const seen: T[] = [];
            for (let r = p * sh - ph; r < p * sh - ph + kh; r += 1) {
              for (let s = q * sw - pw; s < q * sw - pw + kw; s += 1) {
                const inside = r >= 0 && s >= 0 && r < height && s < width;
                if (inside) seen.push(at(x.data, (c * height + r) * width + s));
              }
            }
            if (layer.type === 'maxPool2d') return algebra.largest(seen, rule);
            const divisor = layer.countIncludePad ? kh * kw : seen.length;
            return algebra.multiply(algebra.constant(divide(ONE, integer(divisor))), sum(seen));
          }),
        ),
      );
      return { shape: [channels, rows, columns], data };
    }
    case 'flatten':
      return { shape: [x.data.length], data: x.data };
    case 'add':
      return { shape: x.shape, data: x.data.map((_, k) => sum(inputs.map((i) => at(i.data, k)))) };
    case 'concat':
      return {
        shape: [inputs.reduce((n, i) => n + at(i.shape, 0), 0), ...x.shape.slice(1)],
        data: inputs.flatMap((i) => i.data),
      };
    case 'scale': {
      const perChannel = x.data.length / at(x.shape, 0);
      const data = x.data.map((z, k) => {
        const c = Math.floor(k / perChannel);
        const scaled = algebra.multiply(algebra.constant(exact(at(layer.scale, c))), z);
        return algebra.add(scaled, algebra.constant(exact(at(layer.shift, c))));
      });
      return { shape: x.shape, data };
    }
    case 'max': {
      const lists = layer.of ?? [range(x.data.length)];
      const data = lists.map((list) =>
        algebra.largest(
          list.map((k) => at(x.data, k)),
          rule,
        ),
      );
      return { shape: [lists.length], data };
    }
  }
}

/** The most a network's degree along a ray can be: parameters multiply, pieces compose. */
function degreeOver(network: QuestionNetwork): number {
  const degree: Algebra<number> = {
    constant: () => 0,
    parameter: () => 1,
    add: (a, b) => Math.max(a, b),
    multiply: (a, b) => a + b,
    activate: (_, meaning, x) => x * meaning.degree,
    largest: (xs) => Math.max(...xs),
  };
  return Math.max(...runOver(network, [], degree).outputs);
}

interface Dual {
  readonly value: Rational;
  readonly gradient: readonly Rational[];
}

/** What the definitions say of one network. */
export interface LayerOracle {
  readonly parameters: number;
  readonly value: (point: readonly Rational[]) => readonly Rational[];
  /** f'(w; d), exactly. */
  readonly along: (point: readonly Rational[], direction: readonly Rational[]) => Rational[];
  /** D^AD f(w), `[output][parameter]`, by dual numbers. */
  readonly automatic: (point: readonly Rational[]) => (readonly Rational[])[];
  /** Whether some pre-activation is on a kink, or some maximum is attained twice. */
  readonly touched: (point: readonly Rational[]) => boolean;
}

/** *Exact.* The oracle of a question's network with its proxies as text. */
export function layerOracleOf(
  network: QuestionNetwork,
  proxies: readonly (readonly string[])[],
): LayerOracle {
  const degree = degreeOver(network);
  const numbers = (point: readonly Rational[], onTie: () => void): Algebra<Rational> => ({
    constant: (c) => c,
    parameter: (index, scale) => multiply(scale, at(point, index)),
    add,
    multiply,
    activate: (kinks, meaning, x) => {
      if (kinks.some((kink) => equal(kink.at, x))) onTie();
      return meaning.value(x);
    },
    largest: (xs) => {
      const best = xs.reduce((a, b) => (compare(a, b) >= 0 ? a : b));
      if (xs.filter((other) => equal(other, best)).length > 1) onTie();
      return best;
    },
  });
  const value = (point: readonly Rational[]): readonly Rational[] =>
    runOver(
      network,
      proxies,
      numbers(point, () => undefined),
    ).outputs;
  const counting: Algebra<null> = {
    constant: () => null,
    parameter: () => null,
    add: () => null,
    multiply: () => null,
    activate: () => null,
    largest: () => null,
  };
  const { parameters } = runOver(network, proxies, counting);
  return {
    parameters,
    value,
    along: (point, direction) => {
      const rays = range(degree + 2).map((k) => {
        const epsilon = multiply(integer(k), STEP);
        return value(point.map((w, i) => add(w, multiply(epsilon, at(direction, i)))));
      });
      return at(rays, 0).map((_, output) =>
        slopeAtZero(
          rays.map((values) => at(values, output)),
          STEP,
        ),
      );
    },
    automatic: (point) => {
      const still = range(parameters).map(() => ZERO);
      const scaled = (factor: Rational, row: readonly Rational[]): Rational[] =>
        row.map((g) => multiply(factor, g));
      const plus = (a: readonly Rational[], b: readonly Rational[]): Rational[] =>
        a.map((g, k) => add(g, at(b, k)));
      const duals: Algebra<Dual> = {
        constant: (c) => ({ value: c, gradient: still }),
        parameter: (index, scale) => ({
          value: multiply(scale, at(point, index)),
          gradient: still.map((_, k) => (k === index ? scale : ZERO)),
        }),
        add: (a, b) => ({
          value: add(a.value, b.value),
          gradient: plus(a.gradient, b.gradient),
        }),
        multiply: (a, b) => ({
          value: multiply(a.value, b.value),
          gradient: plus(scaled(a.value, b.gradient), scaled(b.value, a.gradient)),
        }),
        activate: (kinks, meaning, { value: t, gradient }) => {
          const slope = kinks.find((k) => equal(k.at, t))?.proxy ?? oneSided(meaning, t, 1);
          return { value: meaning.value(t), gradient: scaled(slope, gradient) };
        },
        largest: (xs, rule) => {
          const best = xs.map((x) => x.value).reduce((a, b) => (compare(a, b) >= 0 ? a : b));
          const tied = xs.filter((x) => equal(x.value, best));
          const gradient = {
            first: () => at(tied, 0).gradient,
            last: () => at(tied, tied.length - 1).gradient,
            all: () => tied.map((x) => x.gradient).reduce(plus),
            even: () =>
              scaled(divide(ONE, integer(tied.length)), tied.map((x) => x.gradient).reduce(plus)),
          }[rule as 'first' | 'last' | 'all' | 'even']();
          return { value: best, gradient };
        },
      };
      return runOver(network, proxies, duals).outputs.map(({ gradient }) => gradient);
    },
    touched: (point) => {
      let tied = false;
      runOver(
        network,
        proxies,
        numbers(point, () => {
          tied = true;
        }),
      );
      return tied;
    },
  };
}

/** *Exact.* The scalar product of a matrix's rows with a direction. */
export function applied(
  matrix: readonly (readonly Rational[])[],
  direction: readonly Rational[],
): Rational[] {
  return matrix.map((row) =>
    row.reduce((total, entry, k) => add(total, multiply(entry, at(direction, k))), ZERO),
  );
}

/** *Exact.* Whether two rows are equal. */
export function sameRow(a: readonly Rational[], b: readonly Rational[]): boolean {
  return a.length === b.length && a.every((x, k) => subtract(x, at(b, k)).n === 0n);
}
