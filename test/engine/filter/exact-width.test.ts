/** The static test of widths: where it says so, doubles are the exact values, at every point. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { chainOf } from '../../../src/engine/net/chain.js';
import fc from 'fast-check';
import { exactVariables } from '../../../src/engine/filter/exact-width.js';
import { resolveFormat, type FormatSpec } from '../../../src/engine/format/resolve.js';
import { ACTIVATIONS } from '../../../src/engine/net/activations.js';
import { buildNetwork } from '../../../src/engine/net/build.js';
import type { Entry, Network } from '../../../src/engine/net/ir.js';
import { fromDouble, toDouble } from '../../../src/engine/num/float64.js';
import { equal, integer, type Rational } from '../../../src/engine/num/rational.js';
import { sides, valuesAt } from '../../../src/engine/truth/evaluate.js';
import { runs } from '../../arbitraries.js';
import { anyRecipe, somePoints } from '../../arbitraries-recipes.js';
import { build } from '../recipe.js';

function reluNetwork(
  format: FormatSpec,
  inputs: readonly bigint[],
  units: readonly number[],
): Network {
  const { values } = resolveFormat(format);
  const relu = ACTIVATIONS.get('relu')!.build({});
  return buildNetwork(
    {
      inputs: [inputs.map(integer)],
      layers: units.map((count) => ({ units: count, weight: null, bias: true, activation: relu })),
    },
    { weights: values, biases: values, params: new Map() },
  );
}

test('narrow formats pass, wide ones do not', () => {
  assert.deepEqual(
    exactVariables(reluNetwork('float4_e2m1fn', [1n, 3n], [8, 8, 8])),
    Array(7).fill(true),
  );
  // E4M3FN: 2^-9 to 448, so 18 bits a layer and then some: two layers of products, and no third.
  assert.deepEqual(exactVariables(reluNetwork('float8_e4m3fn', [1n], [4, 4, 4])), [
    ...[true, true, true, true, true],
    ...[false, false],
  ]);
  // Float16 spans 40 bits: one layer behind integer inputs.
  assert.deepEqual(exactVariables(reluNetwork('float16', [255n, 1n], [2, 2])), [
    true,
    true,
    true,
    false,
    false,
  ]);
  for (const format of ['bfloat16', 'float32', 'float64']) {
    assert.deepEqual(exactVariables(reluNetwork(format, [1n], [1])), [true, false, false], format);
  }
});

test('53 bits are enough and 54 are not', () => {
  const values = { values: ['-1', '1'] };
  assert.deepEqual(exactVariables(reluNetwork(values, [2n ** 53n - 2n], [1])), [true, true, true]);
  assert.deepEqual(exactVariables(reluNetwork(values, [2n ** 53n - 1n], [1])), [
    true,
    false,
    false,
  ]);
});

function doubleOfEntry(entry: Entry, point: readonly number[]): number {
  return 'parameter' in entry
    ? toDouble(entry.scale) * (point[entry.parameter] ?? NaN)
    : toDouble(entry.constant);
}

/** Evaluation in doubles, as plainly as can be; the pieces are those of the exact values. */
function doublesAt(network: Network, point: readonly Rational[], sample: number): number[][] {
  const exact = valuesAt(network, point);
  const doubles = point.map(toDouble);
  const values: number[][] = [(network.inputs[sample] ?? []).map(toDouble)];
  for (const equation of chainOf(network).equations) {
    const z = values[equation.in] ?? [];
    if (equation.op === 'dense') {
      values[equation.out] = equation.weight.map((row, unit) =>
        row.reduce(
          (sum, entry, j) => sum + doubleOfEntry(entry, doubles) * (z[j] ?? NaN),
          doubleOfEntry(equation.bias[unit] ?? { constant: integer(0) }, doubles),
        ),
      );
    } else {
      const { activation } = equation;
      values[equation.out] = z.map((y, unit) => {
        const t = exact[equation.in]?.[sample]?.[unit] ?? integer(0);
        const piece = activation.pieces[sides(activation, t).left] ?? [];
        return piece.reduceRight((sum, c) => sum * y + toDouble(c), 0);
      });
    }
  }
  return values;
}

test('where the test says so, plain doubles are the exact values', () => {
  let proved = 0;
  fc.assert(
    fc.property(anyRecipe({ maxPoints: 1_000_000n, maxLayers: 3 }), (recipe) => {
      const built = build(recipe);
      const { network } = built;
      const exact = exactVariables(network);
      for (const point of somePoints(built, 8n)) {
        const truth = valuesAt(network, point);
        network.inputs.forEach((_, sample) => {
          doublesAt(network, point, sample).forEach((vector, variable) => {
            if (exact[variable] !== true) return;
            proved += variable > 0 ? 1 : 0;
            vector.forEach((x, unit) => {
              assert.ok(equal(fromDouble(x), truth[variable]?.[sample]?.[unit] ?? integer(7)));
            });
          });
        });
      }
    }),
    runs(200),
  );
  assert.ok(proved > 100);
});
