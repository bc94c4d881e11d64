/** Two independent ways to every count: kernel, reference enumerator, all of Ω, layer by layer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  countingOf,
  enumerationOf,
  mergeTallies,
  neuronsOf,
  type Tally,
} from '../../../src/engine/index.js';
import { emptyTally } from '../../../src/engine/tally.js';
import { runs } from '../../arbitraries.js';
import { anyCase, caseOf, type Case } from '../../arbitraries-networks.js';

const silent = (): void => undefined;

function tallyOf(
  { network, proxies }: Case,
  options = {},
): { tally: Tally; multiplicity: bigint; first: unknown } {
  const { space, tallyOf: count } = enumerationOf(network, proxies, options);
  const tally = count(0n, space.visits, silent);
  return {
    tally,
    multiplicity: space.multiplicity,
    first: tally.witnesses.nonDifferentiable?.point ?? null,
  };
}

function points({ tally, multiplicity }: { tally: Tally; multiplicity: bigint }): object {
  return {
    touched: tally.touched * multiplicity,
    nonDifferentiable: tally.nonDifferentiable * multiplicity,
    incorrect: tally.incorrect * multiplicity,
    undecided: tally.undecided * multiplicity,
    neurons: tally.neurons.map(({ touched, relevant }) => [
      touched * multiplicity,
      relevant * multiplicity,
    ]),
  };
}

test('the kernel, the reference enumerator and all of Ω give the same counts and witnesses', () => {
  fc.assert(
    fc.property(anyCase({ maxPoints: 700n }), (found) => {
      const kernel = tallyOf(found);
      const reference = tallyOf(found, { kernel: false, fastPath: false });
      const everything = tallyOf(found, { kernel: false, keepInert: true });
      assert.deepEqual(kernel.tally, reference.tally);
      assert.deepEqual(points(kernel), points(everything));
      assert.deepEqual(kernel.first, everything.first);
    }),
    runs(150),
  );
});

test('however the ranks are cut and merged, the tally is the same', () => {
  fc.assert(
    fc.property(
      anyCase({ maxPoints: 2000n }),
      fc.array(fc.nat({ max: 1_000_000 }), { maxLength: 6 }),
      ({ network, proxies }, cuts) => {
        const { space, tallyOf: count } = enumerationOf(network, proxies);
        const ranks = [0n, space.visits, ...cuts.map((cut) => BigInt(cut) % (space.visits + 1n))];
        ranks.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
        const parts = ranks.slice(1).map((to, k) => count(ranks[k] ?? 0n, to, silent));
        const whole = count(0n, space.visits, silent);
        const empty = emptyTally(neuronsOf(network).length);
        assert.deepEqual(parts.reduce(mergeTallies, empty), whole);
        assert.deepEqual(parts.reverse().reduce(mergeTallies, empty), whole);
      },
    ),
    runs(100),
  );
});

const layers = (widths: readonly number[], bias: boolean): object[] =>
  widths.map((units, k) => ({
    type: 'dense',
    units,
    bias,
    activation: k === widths.length - 1 ? 'identity' : 'relu',
  }));

const LIMITS = { maxOperations: 1e10, maxBytes: 1e8, maxWalks: 1000 };

const TERNARY = { values: ['-1', '0', '1'] };

/** theory.md section 5: widths behind one input 1, format, |Ω|, |ndf|. */
const TABLE = [
  [[1, 1], TERNARY, 81n, 18n],
  [[2, 1], TERNARY, 2187n, 864n],
  [[1, 1, 1], TERNARY, 729n, 186n],
  [[2, 1, 1], TERNARY, 19683n, 5562n],
  [[2, 2, 1], TERNARY, 1594323n, 745752n],
  [[1, 1], 'e2m1fn', 50625n, 3150n],
  [[2, 1], 'e2m1fn', 170859375n, 20601000n],
  [[1, 1], 'e4m3fn', 4097152081n, 16130268n],
] as const;

for (const [widths, format, size, expected] of TABLE) {
  test(`theory.md section 5: 1-${widths.join('-')} over ${JSON.stringify(format)}`, () => {
    const found = caseOf({
      network: { inputs: [[1]], layers: layers(widths, true) },
      format,
      mode: 'exhaustive',
    });
    assert.ok(found !== null);
    const { space, tallyOf: count } = enumerationOf(found.network, found.proxies);
    assert.equal(space.visits * space.multiplicity, size);
    const tally = count(0n, space.visits, silent);
    assert.equal(tally.nonDifferentiable * space.multiplicity, expected);
    assert.equal(tally.incorrect, 0n);
    const method = widths.length === 2 ? 'closed-form' : 'layered';
    const counting = countingOf(found.network, found.proxies, method, LIMITS);
    const counts = counting.tallyOf(0n, counting.parts, silent);
    assert.equal(counts.nonDifferentiable, tally.nonDifferentiable);
    assert.equal(counts.incorrect, 0n);
    assert.equal(counts.touched, tally.touched);
    assert.deepEqual(counts.neurons, tally.neurons);
  });
}

test('theory.md section 5, without bias: AD is wrong twice with ReLU′(0) = 1, never with 0', () => {
  for (const [proxy, wrong] of [
    ['0', 0n],
    ['1', 2n],
  ] as const) {
    const found = caseOf({
      network: { inputs: [[1]], layers: layers([1, 1, 1], false) },
      format: TERNARY,
      mode: 'exhaustive',
      proxies: { relu: [proxy] },
    });
    assert.ok(found !== null);
    const { network, proxies } = found;
    const { parts, tallyOf: count } = countingOf(network, proxies, 'layered', LIMITS);
    for (const tally of [tallyOf(found).tally, count(0n, parts, silent)]) {
      assert.deepEqual([tally.touched, tally.nonDifferentiable, tally.incorrect], [21n, 4n, wrong]);
    }
  }
});
