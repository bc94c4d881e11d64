/**
 * Symmetries switched off: every count, every neuron's count and whether there are witnesses are the same
 * with them as without, on random networks of every layer type and on networks made so that a symmetry
 * must not be applied; generated code, kernel and reference alike, however the visits are cut.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  emptyTally,
  enumerationOf,
  judgeOf,
  mergeTallies,
  neuronsOf,
  spaceSize,
  type Network,
  type Proxies,
  type Tally,
} from '../../../../src/engine/index.js';
import { runs } from '../../../arbitraries.js';
import { anyLayeredCase } from '../../../arbitraries-layers.js';
import { anyCase, caseOf, type Case } from '../../../arbitraries-networks.js';
import { anyRecipe } from '../../../arbitraries-recipes.js';
import { build } from '../../recipe.js';
import { anySymmetricBody } from './arbitraries-symmetric.js';

const silent = (): void => undefined;

interface Compared {
  readonly network: Network;
  readonly proxies: Proxies;
}

const cuts = fc.array(fc.nat({ max: 1_000_000 }), { maxLength: 4 });

/** All but how many visits it took, and which points the witnesses are. */
function counts({ witnesses, ...rest }: Tally): object {
  const found = Object.entries(witnesses).map(([kind, witness]) => [kind, witness !== null]);
  return { ...rest, done: null, witnesses: Object.fromEntries(found) as object };
}

/** Asserts that symmetries change nothing but what is visited. How many visits they save, as a factor. */
function compare({ network, proxies }: Compared, at: readonly number[]): number {
  const all = enumerationOf(network, proxies);
  const expected = all.tallyOf(0n, all.visits, silent);
  assert.equal(all.visits, all.space.visits);
  const judge = judgeOf(network, proxies);
  const reference = spaceSize(network) <= 90n ? [{ kernel: false }] : [];
  let factor = 1;
  // A network that is taken apart is left as it is.
  const apart = enumerationOf(network, proxies, { symmetries: true });
  const together = apart.evened(apart.tallyOf(0n, apart.visits, silent));
  assert.deepEqual(counts(together), counts(expected));
  const tallies = [{}, { generate: false }, ...reference].map((options) => {
    const few = enumerationOf(network, proxies, { ...options, parts: false, symmetries: true });
    const { visits } = few;
    assert.equal(few.space.visits, all.space.visits);
    assert.ok(visits <= all.visits);
    factor = Number(all.visits) / Number(visits);
    const whole = few.tallyOf(0n, visits, silent);
    assert.equal(whole.done, visits);
    assert.deepEqual(counts(few.evened(whole)), counts(expected));
    const ends = [0n, visits, ...at.map((cut) => BigInt(cut) % (visits + 1n))];
    ends.sort((a, b) => Number(a - b));
    const parts = ends.slice(1).map((to, k) => few.tallyOf(ends[k] ?? 0n, to, silent));
    parts.forEach(({ done }, k) => {
      assert.equal(done, (ends[k + 1] ?? 0n) - (ends[k] ?? 0n));
    });
    const empty = emptyTally(neuronsOf(network).length);
    assert.deepEqual(parts.reverse().reduce(mergeTallies, empty), whole);
    return whole;
  });
  for (const tally of tallies) assert.deepEqual(tally, tallies[0]);
  const { nonDifferentiable, incorrect } = (tallies[0] as Tally).witnesses;
  for (const witness of [nonDifferentiable, incorrect]) {
    if (witness === null) continue;
    assert.deepEqual(all.space.pointAt(witness.order), witness.point);
    assert.equal(judge(witness.point).differentiable, witness !== nonDifferentiable);
    assert.equal(judge(witness.point).adCorrect, witness === incorrect ? false : null);
  }
  return factor;
}

/** Prints as the request that it is. */
function asBody(cases: fc.Arbitrary<Compared>): fc.Arbitrary<Compared> {
  return cases.map((found) => ({
    network: found.network,
    proxies: found.proxies,
    [fc.toStringMethod]: () => JSON.stringify('body' in found ? found.body : 'a recipe'),
  }));
}

function holds(name: string, cases: fc.Arbitrary<Compared>, times: number, atLeast: number): void {
  test(`symmetries change no count of ${name}`, () => {
    let reduced = 0;
    fc.assert(
      fc.property(asBody(cases), cuts, (found, at) => {
        if (compare(found, at) > 1) reduced += 1;
      }),
      runs(times),
    );
    if (runs(times).numRuns >= times) assert.ok(reduced >= atLeast, `${reduced} were reduced`);
  });
}

const symmetric = anySymmetricBody()
  .map(caseOf)
  .filter((found): found is Case => found !== null && spaceSize(found.network) <= 500n);

holds('networks made to have symmetries, or nearly', symmetric, 80, 12);
holds('networks of every layer type', anyLayeredCase({ maxPoints: 300n }), 60, 1);
holds(
  'networks of every layer type that own their weights',
  anyLayeredCase({ maxPoints: 600n, own: true }),
  50,
  1,
);
holds('dense networks', anyCase({ maxPoints: 300n }), 50, 1);
holds('wide networks', anyRecipe({ maxPoints: 300n }).map(build), 60, 1);

const dense = (units: number, activation: unknown, rest: object = {}): object => ({
  type: 'dense',
  units,
  activation,
  ...rest,
});

/** What random networks meet once in a long while. */
const BODIES: Readonly<Record<string, object>> = {
  // Clipped to [0, 1]: at b = 0 the kinks of the samples 0 and 1 cancel, those of 0, 1 and 0 do not.
  'a sample that a loss weighs twice': {
    network: {
      inputs: [['0'], ['1'], ['0']],
      layers: [
        dense(1, { type: 'hardtanh', min: '0', max: '1' }, { weight: [['1']] }),
        dense(1, 'identity', { weight: [['1']], bias: false }),
      ],
      loss: { type: 'sum' },
    },
    format: { values: ['-2', '-1', '0', '1', '2'] },
  },
  'equal inputs below units that are exchanged: columns of rows that are keys': {
    network: {
      inputs: [['1', '1']],
      layers: [dense(2, 'relu', { bias: false }), dense(1, 'identity', { bias: false })],
    },
    format: { values: ['-1', '1'] },
  },
  'equal inputs below units whose keys are single digits': {
    network: {
      inputs: [['1', '1']],
      layers: [
        dense(2, 'relu', { bias: false }),
        dense(1, 'identity', { bias: false, weight: [['1', '1']] }),
      ],
    },
    format: { values: Array.from({ length: 13 }, (_, k) => String(k - 6)) },
  },
  'samples that mirror each other below exchanged units': {
    network: {
      inputs: [['1'], ['-1']],
      layers: [dense(2, 'relu'), dense(1, 'identity', { bias: false })],
    },
    format: { values: ['-1', '0', '1'] },
  },
  // 289 boxes, each of which begins with all values of the first digit.
  'a free digit before the keys, and more boxes than are kept': {
    network: {
      inputs: [['1']],
      layers: [
        dense(1, 'relu', { weight: [[{ param: 'a' }]], bias: false }),
        dense(3, 'relu', { bias: false }),
        dense(1, 'identity', { bias: false, weight: [['1', '1', '1']] }),
      ],
    },
    format: {
      weights: { values: Array.from({ length: 17 }, (_, k) => String(k - 8)) },
      biases: { values: ['0'] },
      params: { a: { values: ['-1', '1', '2'] } },
    },
  },
  'one unit of three that another layer reads': {
    network: {
      inputs: [['1']],
      layers: [
        dense(3, 'relu', { bias: false }),
        { type: 'max', of: [[0]] },
        { type: 'concat', from: [0, 1] },
        dense(1, 'relu', { bias: false, weight: [['1', '1', '1', '-2']] }),
      ],
    },
    format: { values: ['-1', '0', '1'] },
  },
};

for (const [name, body] of Object.entries(BODIES)) {
  test(`symmetries change no count where there is ${name}`, () => {
    for (const proxies of ['left', 'right', 'pytorch']) {
      const found = caseOf({ proxies, mode: 'exhaustive', ...body });
      assert.ok(found !== null);
      compare(found, [1, 5, 11]);
    }
  });
}
