/**
 * Random networks whose layers mostly have no biases, with zeros among inputs, weights and values:
 * where ties are bound, forms still or dependent, and AD wrong.
 */
import fc from 'fast-check';
import { spaceOf } from '../../../../src/engine/count/space.js';
import { caseOf, type Case } from '../../../arbitraries-networks.js';

const ACTIVATIONS: readonly unknown[] = [
  'relu',
  'relu',
  'hardtanh',
  'abs',
  { type: 'leaky_relu', slope: '1/2' },
  'identity',
  'relu6',
  { type: 'hardtanh', min: '0', max: '1' },
  { type: 'piecewise', breakpoints: ['-1', '1'], pieces: [['0'], ['1', '0', '-1'], ['0']] },
];

const VALUES = [
  ['-1', '0', '1'],
  ['0', '1'],
  ['-1', '1'],
  ['-1', '0', '2'],
  ['0', '1/2', '-1'],
];

/** Networks of at most so many points; larger draws are thrown away. */
export function biasFreeCase({ maxPoints }: { readonly maxPoints: number }): fc.Arbitrary<Case> {
  return fc
    .array(fc.integer({ min: 1, max: 3 }), { minLength: 3, maxLength: 5 })
    .chain(([inputs = 1, ...widths]) =>
      fc.record({
        input: fc.array(fc.constantFrom('0', '1', '-1', '2', '-2'), {
          minLength: inputs,
          maxLength: inputs,
        }),
        layers: fc.tuple(
          ...widths.map((units, k) => layer(k, units, k === 0 ? inputs : (widths[k - 1] ?? 1))),
        ),
        affine: fc.boolean(),
        values: fc.constantFrom(...VALUES),
        proxies: fc.constantFrom('left', 'right'),
      }),
    )
    .map(({ input, layers, affine, values, proxies }) =>
      caseOf({
        network: {
          inputs: [input],
          layers: layers.map((one, k) =>
            affine && k === layers.length - 1 ? { ...one, activation: 'identity' } : one,
          ),
        },
        format: { values },
        mode: 'exhaustive',
        proxies,
      }),
    )
    .filter(
      (found): found is Case =>
        found !== null && spaceOf(found.network).visits <= BigInt(maxPoints),
    );
}

function layer(index: number, units: number, fanIn: number): fc.Arbitrary<object> {
  const constant = fc.constantFrom('0', '1', '-1', '2');
  const weight = (row: number, column: number): fc.Arbitrary<unknown> =>
    fc.oneof(
      {
        weight: 5,
        arbitrary: fc.constant({ param: `w${String(index)}_${String(row)}_${String(column)}` }),
      },
      { weight: 3, arbitrary: constant },
    );
  const weights = fc.tuple(
    ...Array.from({ length: units }, (_, row) =>
      fc.tuple(...Array.from({ length: fanIn }, (__, column) => weight(row, column))),
    ),
  );
  const mixed = Array.from({ length: units }, (_, row) =>
    (row + index) % 2 === 1 ? { param: `b${String(index)}_${String(row)}` } : '0',
  );
  return fc
    .record({
      activation: fc.constantFrom(...ACTIVATIONS),
      bias: fc.constantFrom<unknown>(false, false, false, true, mixed),
      weight: fc.option(weights, { freq: 2 }),
    })
    .map(({ weight: given, ...rest }) => ({
      type: 'dense',
      units,
      ...rest,
      ...(given === null ? {} : { weight: given }),
    }));
}
