/** L-nobias where the zero boundary is hard to count: a bound must stay above the exact density. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare, enumerationOf, rational, reportTheorems } from '../../../src/engine/index.js';
import { toText } from '../../../src/engine/num/text.js';
import { build, type LayerRecipe } from '../recipe.js';

function layer(activation: LayerRecipe['activation']): LayerRecipe {
  return { units: 1, weight: null, bias: false, activation, proxies: ['1/2'] };
}

test('zeros behind a breakpoint that is a double root belong to the zero boundary', () => {
  // 0 below 0, t²(t − 1)(t − 2)(t − 3) above: bdz = {0, 1, 2, 3}, and no kink.
  const sigma = {
    type: 'piecewise',
    breakpoints: ['0'],
    pieces: [['0'], ['0', '0', '-6', '11', '-6', '1']],
  };
  const values = ['1', '2', '3', '4'];
  const { network, proxies } = build({
    inputs: [['1']],
    weights: { values },
    biases: { values },
    layers: [layer(sigma), layer({ type: 'relu' }), layer({ type: 'identity' })],
  });
  const { space, tallyOf } = enumerationOf(network, proxies);
  const tally = tallyOf(0n, space.visits, () => undefined);
  const bad = (tally.nonDifferentiable + tally.incorrect) * space.multiplicity;
  assert.equal(bad, 48n);
  const bound = reportTheorems(network, proxies).find(({ id }) => id === 'L-nobias')?.exact;
  assert.ok(bound !== null && bound !== undefined);
  assert.equal(toText(bound), '5/4');
  assert.ok(compare(rational(bad, 64n), bound) <= 0);
});
