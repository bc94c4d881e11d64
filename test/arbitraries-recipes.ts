/**
 * Random networks as recipes, wider than what requests are drawn from: curved pieces, widths up to
 * 3, small floats and asymmetric integers, sets without 0, proxies outside the Clarke interval,
 * parameters shared between layers, scales of 0.
 */
import fc from 'fast-check';
import type { FormatSpec } from '../src/engine/index.js';
import type { Rational } from '../src/engine/num/rational.js';
import {
  build,
  type ActivationRecipe,
  type Built,
  type EntryRecipe,
  type LayerRecipe,
  type NetworkRecipe,
} from './engine/recipe.js';

const small = fc.constantFrom('-2', '-1', '-1/2', '-1/3', '0', '0', '1/2', '1', '1', '2', '3');

const format: fc.Arbitrary<FormatSpec> = fc.oneof(
  fc.constant({ values: ['-1', '0', '1'] }),
  fc.constant({ values: ['-1', '1'] }),
  fc.constant({ values: ['1', '2'] }),
  fc.constant('float4_e2m1fn'),
  fc.constant({ type: 'minifloat' as const, exponentBits: 2, mantissaBits: 0 }),
  fc.constant({ type: 'integer' as const, bits: 2, signed: false }),
  fc.constant({ type: 'fixed' as const, integerBits: 1, fractionBits: 1 }),
  fc.uniqueArray(small, { minLength: 1, maxLength: 4 }).map((values) => ({ values })),
);

const named: fc.Arbitrary<ActivationRecipe> = fc.oneof(
  fc.constantFrom(
    { type: 'relu' },
    { type: 'relu' },
    { type: 'abs' },
    { type: 'identity' },
    { type: 'leaky_relu' },
    { type: 'relu6' },
    { type: 'hardtanh' },
    { type: 'hardsigmoid' },
    { type: 'hardswish' },
    { type: 'softshrink' },
  ),
  small.map((slope) => ({ type: 'leaky_relu', settings: { slope } })),
  fc.constantFrom('0', '1', '2').map((lambda) => ({ type: 'softshrink', settings: { lambda } })),
  fc.constantFrom(['-2', '0'], ['0', '1'], ['-1/2', '1/3'], ['1', '2']).map(([min, max]) => ({
    type: 'hardtanh',
    settings: { min: min ?? '-1', max: max ?? '1' },
  })),
  fc.constantFrom(['-1', '0'], ['1', '0'], ['1/2', '-1'], ['2', '1']).map(([alpha, beta]) => ({
    type: 'hardsigmoid',
    settings: { alpha: alpha ?? '1', beta: beta ?? '0' },
  })),
);

/** Continuous by design: each next piece starts where the one before ended, up to degree 2. */
const piecewise: fc.Arbitrary<ActivationRecipe> = fc
  .record({
    breakpoints: fc.uniqueArray(fc.integer({ min: -2, max: 2 }), { minLength: 1, maxLength: 3 }),
    slopes: fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 4, maxLength: 4 }),
    curves: fc.array(fc.constantFrom(0, 0, 1, -1), { minLength: 4, maxLength: 4 }),
    start: fc.integer({ min: -1, max: 1 }),
  })
  .map(({ breakpoints, slopes, curves, start }) => {
    const at = breakpoints.sort((a, b) => a - b);
    const pieces: number[][] = [];
    at.concat([0]).forEach((_, k) => {
      const anchor = at[Math.max(0, k - 1)] ?? 0;
      const before = pieces[k - 1];
      const value = before === undefined ? start : horner(before, anchor);
      const [slope, curve] = [slopes[k] ?? 0, curves[k] ?? 0];
      // value + slope·(t − anchor) + curve·(t − anchor)².
      pieces.push([
        value - slope * anchor + curve * anchor * anchor,
        slope - 2 * curve * anchor,
        curve,
      ]);
    });
    return {
      type: 'piecewise',
      breakpoints: at.map(String),
      pieces: pieces.map((piece) => piece.map((c) => String(c + 0))),
    };
  });

function horner(coefficients: readonly number[], t: number): number {
  return coefficients.reduceRight((sum, c) => sum * t + c, 0);
}

const entry: fc.Arbitrary<EntryRecipe> = fc.oneof(
  { weight: 2, arbitrary: small },
  {
    weight: 3,
    arbitrary: fc.record({
      param: fc.constantFrom('a', 'b', 'c'),
      scale: fc.constantFrom('1', '1', '-1', '2', '0', '1/2'),
    }),
  },
);

function layer(units: number, fanIn: number): fc.Arbitrary<LayerRecipe> {
  const row = fc.array(entry, { minLength: fanIn, maxLength: fanIn });
  return fc.record({
    units: fc.constant(units),
    weight: fc.option(fc.array(row, { minLength: units, maxLength: units }), { freq: 2 }),
    bias: fc.oneof(fc.boolean(), fc.array(entry, { minLength: units, maxLength: units })),
    activation: fc.oneof({ weight: 4, arbitrary: named }, { weight: 1, arbitrary: piecewise }),
    proxies: fc.array(small, { minLength: 3, maxLength: 3 }),
  });
}

export interface RecipeOptions {
  readonly maxPoints: bigint;
  readonly maxLayers?: number;
}

/** A random recipe whose Ω has at most `maxPoints` points, and at least one parameter. */
export function anyRecipe({
  maxPoints,
  maxLayers = 4,
}: RecipeOptions): fc.Arbitrary<NetworkRecipe> {
  return fc
    .tuple(
      fc.array(fc.constantFrom(1, 1, 2, 3), { minLength: 2, maxLength: maxLayers + 1 }),
      fc.constantFrom(1, 1, 2, 3),
    )
    .chain(([widths, samples]) => {
      const [width = 1, ...units] = widths;
      const input = fc.array(small, { minLength: width, maxLength: width });
      return fc.record({
        inputs: fc.array(input, { minLength: samples, maxLength: samples }),
        layers: fc.tuple(...units.map((count, k) => layer(count, widths[k] ?? 1))),
        weights: format,
        biases: format,
      });
    })
    .filter((recipe) => {
      const { network } = build(recipe);
      const size = network.parameters.reduce((all, { values }) => all * values.size, 1n);
      return network.parameters.length > 0 && size <= maxPoints;
    });
}

/** At most `most` points of Ω, spread evenly over the ranks, the first and the last among them. */
export function somePoints({ network }: Built, most: bigint): Rational[][] {
  const sizes = network.parameters.map(({ values }) => values.size);
  const total = sizes.reduce((all, size) => all * size, 1n);
  const count = total < most ? total : most;
  return Array.from({ length: Number(count) }, (_, k) => {
    let rest = count === 1n ? 0n : (BigInt(k) * (total - 1n)) / (count - 1n);
    return network.parameters
      .map(({ values }) => values)
      .reverse()
      .map((values) => {
        const value = values.at(rest % values.size);
        rest /= values.size;
        return value;
      })
      .reverse();
  });
}
