/** AD against AD, AD against the judge, L-iff against the walk: on random networks, point by point. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { examine, forwardMode, judgeOf, reverseMode } from '../../src/engine/index.js';
import { walk } from '../../src/engine/truth/walk.js';
import { valuesAt } from '../../src/engine/truth/evaluate.js';
import { verifyCertificate } from '../../src/engine/truth/verify.js';
import { ONE, add, compare, isZero, type Rational } from '../../src/engine/num/rational.js';
import { dot } from '../../src/engine/truth/linear.js';
import { runs } from '../arbitraries.js';
import { anyCase, caseOf, pointsOf } from '../arbitraries-networks.js';

const SMALL = { maxPoints: 120n };

test('forward and reverse mode are equal, entry by entry', () => {
  fc.assert(
    fc.property(anyCase(SMALL), ({ network, proxies }) => {
      for (const point of pointsOf(network)) {
        const forward = forwardMode(network, proxies, point);
        const reverse = reverseMode(network, proxies, point);
        assert.deepEqual(reverse.value, forward.value);
        assert.deepEqual(reverse.jacobian, forward.jacobian);
      }
    }),
    runs(60),
  );
});

test('the judge computes the same values as AD, and the same derivative where nothing is tied', () => {
  fc.assert(
    fc.property(anyCase(SMALL), ({ network, proxies }) => {
      for (const point of pointsOf(network)) {
        const accused = reverseMode(network, proxies, point);
        assert.deepEqual(valuesAt(network, point)[network.output]?.flat(), accused.value);
        const truth = walk(network, point, { maxLeaves: 4096 });
        if (truth.ties.length === 0) assert.deepEqual(truth.derivative, accused.jacobian);
      }
    }),
    runs(60),
  );
});

test('L-iff and the walk agree wherever the fast path answers', () => {
  let fast = 0;
  fc.assert(
    fc.property(anyCase(SMALL), ({ network, proxies }) => {
      const quick = judgeOf(network, proxies);
      const slow = judgeOf(network, proxies, { fastPath: false });
      for (const point of pointsOf(network)) {
        const a = quick(point);
        const b = slow(point);
        if (a.decidedBy === 'L-iff') fast += 1;
        assert.equal(a.differentiable, b.differentiable);
        assert.equal(a.adCorrect, b.adCorrect);
        assert.deepEqual(a.derivative, b.derivative);
      }
    }),
    runs(120),
  );
  assert.ok(fast > 0, `the fast path answered ${String(fast)} times`);
});

test('the walk is right by the definition: directional derivatives add up exactly where it says so', () => {
  // Piecewise linear in each direction: for small enough ε the one-sided difference is the derivative.
  const epsilon: Rational = { n: 1n, d: 1n << 40n };
  fc.assert(
    fc.property(
      anyCase({ maxPoints: 60n }),
      fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 12, maxLength: 12 }),
      ({ network }, numbers) => {
        const curved = network.equations.some(
          (e) => e.op === 'activation' && e.activation.pieces.some((piece) => piece.length > 2),
        );
        // Products of weights are curved along a ray; one trained layer is linear along it.
        const trained = new Set(
          network.equations.flatMap((e, k) =>
            e.op === 'dense' && [...e.weight.flat(), ...e.bias].some((x) => 'parameter' in x)
              ? [k]
              : [],
          ),
        );
        if (curved || trained.size !== 1) return;
        for (const point of pointsOf(network)) {
          const truth = walk(network, point, { maxLeaves: 4096 });
          if (truth.derivative === null) continue;
          const direction = point.map((_, k): Rational => ({
            n: BigInt(numbers[k % 12] ?? 0),
            d: 1n,
          }));
          const moved = point.map((w, k) =>
            add(
              w,
              { n: (direction[k]?.n ?? 0n) * epsilon.n, d: 1n }.n === 0n
                ? { n: 0n, d: 1n }
                : scale(direction[k]!, epsilon),
            ),
          );
          const before = valuesAt(network, point)[network.output]?.flat() ?? [];
          const after = valuesAt(network, moved)[network.output]?.flat() ?? [];
          after.forEach((value, output) => {
            const slope = dot(truth.derivative?.[output] ?? [], direction);
            assert.equal(compare(value, add(before[output]!, scale(slope, epsilon))), 0);
          });
        }
      },
    ),
    runs(150),
  );
});

function scale(a: Rational, by: Rational): Rational {
  const n = a.n * by.n;
  const d = a.d * by.d;
  let [x, y] = [n < 0n ? -n : n, d];
  while (y !== 0n) [x, y] = [y, x % y];
  return x === 0n ? { n: 0n, d: 1n } : { n: n / x, d: d / x };
}

test('certificates verify, tampered ones do not, separations separate', () => {
  let certified = 0;
  fc.assert(
    fc.property(anyCase({ maxPoints: 40n }), ({ network, proxies }) => {
      for (const point of pointsOf(network)) {
        const { verdict, clarke } = examine(network, proxies, point);
        if (clarke.vertices !== undefined) {
          certified += 1;
          assert.ok(verifyCertificate(network, point, verdict.ad, clarke.vertices));
          const [first, ...rest] = clarke.vertices;
          const heavier = { ...first!, weight: add(first!.weight, ONE) };
          assert.ok(!verifyCertificate(network, point, verdict.ad, [heavier, ...rest]));
        }
        if (clarke.separation !== undefined) {
          const { candidate, supremum, normal } = clarke.separation;
          assert.ok(compare(candidate, supremum) > 0);
          for (const leaf of walk(network, point, { maxLeaves: 4096 }).leaves) {
            assert.ok(compare(dot(normal.flat(), leaf.gradient.flat()), supremum) <= 0);
          }
        }
        if (verdict.adCorrect === false && verdict.derivative !== null) {
          assert.notDeepEqual(verdict.derivative, verdict.ad);
        }
      }
    }),
    runs(60),
  );
  assert.ok(certified > 0);
});

test('too few leaves leave a point undecided, never wrong', () => {
  const found = caseOf({
    network: {
      inputs: [['1']],
      layers: [
        {
          type: 'dense',
          units: 3,
          bias: false,
          weight: [[{ param: 'a' }], [{ param: 'b' }], [{ param: 'c' }]],
          activation: 'relu',
        },
        { type: 'dense', units: 1, bias: false, weight: [['1', '1', '1']] },
      ],
    },
    format: { values: ['0'] },
    mode: 'exhaustive',
  });
  assert.ok(found !== null);
  const zero = found.network.parameters.map(() => ({ n: 0n, d: 1n }));
  const one = walk(found.network, zero, { maxLeaves: 1 });
  assert.equal(one.differentiable, null);
  assert.equal(one.complete, false);
  const all = walk(found.network, zero, { maxLeaves: 8 });
  assert.equal(all.differentiable, false);
  assert.equal(all.complete, true);
  assert.equal(all.leaves.length, 8);
  assert.ok(all.leaves.every((leaf) => leaf.direction.some((d) => !isZero(d))));
});
