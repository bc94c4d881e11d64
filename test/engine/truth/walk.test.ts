/**
 * The walk and AD against the definitions: the oracle knows neither pieces nor cones nor rules, only
 * values of the network near a point.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { forwardMode, reverseMode } from '../../../src/engine/index.js';
import { ZERO, add, integer, rational, type Rational } from '../../../src/engine/num/rational.js';
import { dot } from '../../../src/engine/truth/linear.js';
import { equalRows, walk } from '../../../src/engine/truth/walk.js';
import { judgeOf } from '../../../src/engine/verdict.js';
import { runs } from '../../arbitraries.js';
import { anyLayeredCase } from '../../arbitraries-layers.js';
import { anyCase, pointsOf } from '../../arbitraries-networks.js';
import { anyRecipe, somePoints } from '../../arbitraries-recipes.js';
import { oracleOf } from '../oracle.js';
import { build } from '../recipe.js';

const NUDGE = rational(1n, 1n << 30n);

/** The direction nudged along one axis; inside an open cone it stays there. */
function nudged(direction: readonly Rational[], axis: number): Rational[] {
  return direction.map((entry, k) => (k === axis ? add(entry, NUDGE) : entry));
}

test('values, AD and the ties are those of the definitions', () => {
  fc.assert(
    fc.property(anyRecipe({ maxPoints: 1n << 40n }), (recipe) => {
      const built = build(recipe);
      const { network, proxies } = built;
      const oracle = oracleOf(recipe);
      assert.equal(network.parameters.length, oracle.names.length);
      for (const point of somePoints(built, 12n)) {
        const forward = forwardMode(network, proxies, point);
        const reverse = reverseMode(network, proxies, point);
        assert.deepEqual(forward.value, oracle.value(point));
        assert.deepEqual(forward.jacobian, oracle.automatic(point));
        assert.deepEqual(reverse.value, forward.value);
        assert.deepEqual(reverse.jacobian, forward.jacobian);
        const verdict = judgeOf(network, proxies)(point);
        assert.equal(verdict.ties.length > 0, oracle.touched(point));
      }
    }),
    runs(150),
  );
});

test('every leaf is a piece of f, every direction lies on a leaf, one gradient means linear', () => {
  const seen = { smooth: 0, tiedSmooth: 0, kinked: 0 };
  fc.assert(
    fc.property(
      anyRecipe({ maxPoints: 1n << 30n, maxLayers: 3 }).filter(
        (recipe) => build(recipe).network.parameters.length <= 6,
      ),
      fc.array(fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 6, maxLength: 6 }), {
        minLength: 6,
        maxLength: 6,
      }),
      (recipe, numbers) => {
        const built = build(recipe);
        const { network } = built;
        const oracle = oracleOf(recipe);
        const axes = network.parameters.map((_, k) => k);
        for (const point of somePoints(built, 6n)) {
          const truth = walk(network, point, { maxLeaves: 24 });
          if (!truth.complete) continue;
          const random = numbers.map((row) => axes.map((k) => integer(row[k] ?? 0)));
          const unit = axes.flatMap((k) =>
            [1, -1].map((s) => axes.map((j) => (j === k ? integer(s) : ZERO))),
          );
          for (const direction of [...random, ...unit]) {
            const slope = oracle.along(point, direction);
            const onSome = truth.leaves.some(({ gradient }) =>
              gradient.every((row, i) => {
                const { n, d } = dot(row, direction);
                return slope[i]?.n === n && slope[i].d === d;
              }),
            );
            assert.ok(onSome, `no leaf explains direction ${JSON.stringify(direction, text)}`);
            if (truth.differentiable === true) {
              assert.deepEqual(
                slope,
                truth.derivative?.map((row) => dot(row, direction)),
              );
            }
          }
          // The gradient of a leaf is what the directions of its open cone say: two leaves of
          // different gradients therefore prove that f'(w; ·) is not linear.
          for (const { direction, gradient } of truth.leaves) {
            const probes = [direction, ...axes.map((axis) => nudged(direction, axis))];
            for (const probe of probes) {
              assert.deepEqual(
                oracle.along(point, probe),
                gradient.map((row) => dot(row, probe)),
              );
            }
          }
          if (truth.differentiable === false) seen.kinked += 1;
          else if (truth.ties.length > 0) seen.tiedSmooth += 1;
          else seen.smooth += 1;
        }
      },
    ),
    runs(150),
  );
  // A few runs alone may miss a kind; a whole suite may not.
  const rarest = Math.min(seen.smooth, seen.tiedSmooth, seen.kinked);
  if (runs(150).numRuns >= 100) assert.ok(rarest > 10, JSON.stringify(seen));
});

test('the verdict, by either path, does not depend on the order of the samples', () => {
  fc.assert(
    fc.property(
      anyRecipe({ maxPoints: 1n << 30n }).filter(({ inputs }) => inputs.length > 1),
      (recipe) => {
        const built = build(recipe);
        const turned = build({ ...recipe, inputs: [...recipe.inputs].reverse() });
        const judges = [built, turned].flatMap(({ network, proxies }) =>
          [true, false].map((fastPath) => judgeOf(network, proxies, { fastPath, maxLeaves: 256 })),
        );
        for (const point of somePoints(built, 8n)) {
          const verdicts = judges.map((judge) => judge(point));
          if (verdicts.some(({ differentiable }) => differentiable === null)) continue;
          const [first, ...others] = verdicts.map(({ differentiable, adCorrect }) => ({
            differentiable,
            adCorrect,
          }));
          for (const other of others) assert.deepEqual(other, first);
        }
      },
    ),
    runs(100),
  );
});

test('a walk that leaves ties out which no output reads says the same of differentiability', () => {
  const saved = { points: 0, smooth: 0 };
  const cases = fc.oneof(anyLayeredCase({ maxPoints: 81n }), anyCase({ maxPoints: 81n }));
  fc.assert(
    fc.property(cases, ({ network }) => {
      for (const point of pointsOf(network)) {
        const whole = walk(network, point, { maxLeaves: 1024 });
        if (!whole.complete) continue;
        const short = walk(network, point, { maxLeaves: 1024, stopWhenDecided: true });
        assert.equal(short.differentiable, whole.differentiable);
        assert.deepEqual(short.derivative, whole.derivative);
        for (const { choices, gradient, direction } of short.leaves) {
          assert.equal(choices.length, whole.ties.length);
          // A piece of f it is, and its direction lies in a cone where f'(w; ·) has that gradient.
          assert.ok(whole.leaves.some((leaf) => equalRows(leaf.gradient, gradient)));
          assert.equal(direction.length, network.parameters.length);
        }
        if (short.leaves.length < whole.leaves.length && short.complete) {
          saved.points += 1;
          if (short.differentiable === true) saved.smooth += 1;
        }
      }
    }),
    runs(150),
  );
  if (runs(150).numRuns >= 100) assert.ok(saved.smooth > 0, JSON.stringify(saved));
});

function text(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
