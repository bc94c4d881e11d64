/** Tallies are a commutative monoid: what lets shards be merged in any order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { emptyTally, mergeTallies, type Tally } from '../../src/engine/tally.js';
import { integer } from '../../src/engine/index.js';
import { runs } from '../arbitraries.js';

const count = fc.bigInt({ min: 0n, max: 1n << 70n });
/** A witness is a function of its order: two of one order are the same point. */
const witness = fc.option(
  fc.bigInt({ min: 0n, max: 50n }).map((order) => ({ order, point: [integer(order)] })),
  { nil: null },
);

/** Merged tallies are plain objects, and deepEqual looks at prototypes. */
const PLAIN = { noNullPrototype: true } as const;

const tally: fc.Arbitrary<Tally> = fc.record(
  {
    done: count,
    states: count,
    touched: count,
    nonDifferentiable: count,
    incorrect: count,
    undecided: count,
    tiesUndecided: count,
    pairs: count,
    neurons: fc.array(fc.record({ touched: count, relevant: count }, PLAIN), {
      minLength: 2,
      maxLength: 2,
    }),
    witnesses: fc.record(
      { nonDifferentiable: witness, incorrect: witness, undecided: witness },
      PLAIN,
    ),
  },
  PLAIN,
);

test('merging is associative and commutative, and the empty tally is neutral', () => {
  fc.assert(
    fc.property(tally, tally, tally, (a, b, c) => {
      assert.deepEqual(mergeTallies(a, b), mergeTallies(b, a));
      assert.deepEqual(mergeTallies(mergeTallies(a, b), c), mergeTallies(a, mergeTallies(b, c)));
      assert.deepEqual(mergeTallies(a, emptyTally(2)), a);
    }),
    runs(300),
  );
});

test('counts add up, witnesses are the first', () => {
  fc.assert(
    fc.property(tally, tally, (a, b) => {
      const merged = mergeTallies(a, b);
      for (const key of [
        'done',
        'states',
        'touched',
        'nonDifferentiable',
        'incorrect',
        'undecided',
        'pairs',
      ] as const) {
        assert.equal(merged[key], a[key] + b[key]);
      }
      merged.neurons.forEach(({ touched, relevant }, k) => {
        assert.equal(touched, (a.neurons[k]?.touched ?? 0n) + (b.neurons[k]?.touched ?? 0n));
        assert.equal(relevant, (a.neurons[k]?.relevant ?? 0n) + (b.neurons[k]?.relevant ?? 0n));
      });
      for (const key of ['nonDifferentiable', 'incorrect', 'undecided'] as const) {
        const seen = [a.witnesses[key], b.witnesses[key]].filter((r) => r !== null);
        const least =
          seen.length === 0 ? null : seen.reduce((x, y) => (x.order <= y.order ? x : y));
        assert.deepEqual(merged.witnesses[key], least);
      }
    }),
    runs(300),
  );
});

test('tallies of networks with different neurons are not merged', () => {
  assert.throws(() => mergeTallies(emptyTally(1), emptyTally(2)), /different networks/);
});
