/**
 * The kernel on wide recipes (batches, curved pieces, small floats, shared and zero-scaled entries):
 * digit for digit the reference enumerator, which visits every point of Ω; every bound holds.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  compare,
  enumerationOf,
  mergeTallies,
  neuronsOf,
  rational,
  reportTheorems,
  spaceSize,
  type Tally,
} from '../../../src/engine/index.js';
import { toText } from '../../../src/engine/num/text.js';
import { emptyTally } from '../../../src/engine/tally.js';
import { runs } from '../../arbitraries.js';
import { anyRecipe } from '../../arbitraries-recipes.js';
import { build } from '../recipe.js';

const silent = (): void => undefined;

function multiplied(tally: Tally, by: bigint): object {
  return {
    counts: [
      tally.done,
      tally.touched,
      tally.nonDifferentiable,
      tally.incorrect,
      tally.undecided,
    ].map((count) => count * by),
    neurons: tally.neurons.map(({ touched, relevant }) => [touched * by, relevant * by]),
  };
}

test('kernel, reference and all of Ω agree on wide networks, however they are cut; bounds hold', () => {
  let compiled = 0;
  let bounded = 0;
  fc.assert(
    fc.property(
      anyRecipe({ maxPoints: 700n }),
      fc.array(fc.nat({ max: 1_000_000 }), { maxLength: 5 }),
      (recipe, cuts) => {
        const { network, proxies } = build(recipe);
        const kernel = enumerationOf(network, proxies);
        const { visits, multiplicity } = kernel.space;
        const size = spaceSize(network);
        assert.equal(visits * multiplicity, size);
        const fast = kernel.tallyOf(0n, visits, silent);
        if (kernel.compiled) compiled += 1;
        const reference = enumerationOf(network, proxies, { kernel: false });
        assert.deepEqual(fast, reference.tallyOf(0n, visits, silent));
        const ranks = [0n, visits, ...cuts.map((cut) => BigInt(cut) % (visits + 1n))];
        ranks.sort((a, b) => Number(a - b));
        const parts = ranks.slice(1).map((to, k) => kernel.tallyOf(ranks[k] ?? 0n, to, silent));
        const empty = emptyTally(neuronsOf(network).length);
        assert.deepEqual(parts.reverse().reduce(mergeTallies, empty), fast);

        const whole = enumerationOf(network, proxies, { kernel: false, keepInert: true });
        const all = whole.tallyOf(0n, size, silent);
        assert.deepEqual(multiplied(fast, multiplicity), multiplied(all, 1n));
        for (const kind of ['nonDifferentiable', 'incorrect', 'undecided'] as const) {
          const [a, b] = [fast.witnesses[kind], all.witnesses[kind]];
          assert.deepEqual(a?.point.map(toText), b?.point.map(toText));
        }

        if (all.undecided > 0n) return;
        const counted = {
          nonDifferentiable: all.nonDifferentiable,
          incorrect: all.incorrect,
          nonDifferentiableOrIncorrect: all.nonDifferentiable + all.incorrect,
        };
        for (const { id, on, applies, direction, exact } of reportTheorems(network, proxies)) {
          if (!applies || exact === null || on === 'clarke') continue;
          bounded += 1;
          const order = compare(rational(counted[on], size), exact);
          if (direction === 'upper') assert.ok(order <= 0, id);
          else if (direction === 'lower') assert.ok(order >= 0, id);
          else assert.equal(order, 0, id);
        }
      },
    ),
    runs(150),
  );
  if (runs(150).numRuns >= 100) {
    assert.ok(compiled > 50, `${String(compiled)} were compiled`);
    assert.ok(bounded > 20, `${String(bounded)} bounds applied`);
  }
});
