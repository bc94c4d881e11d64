/**
 * The compiled kernel digit for digit against the interpreting kernel and the reference enumerator, on
 * random networks of every layer type, however the ranks are cut.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  emptyTally,
  enumerationOf,
  mergeTallies,
  neuronsOf,
  type Enumeration,
  type Network,
  type Proxies,
} from '../../../../src/engine/index.js';
import { runs } from '../../../arbitraries.js';
import { anyLayeredCase } from '../../../arbitraries-layers.js';
import { anyCase, caseOf } from '../../../arbitraries-networks.js';
import { anyRecipe } from '../../../arbitraries-recipes.js';
import { budgetedCase } from '../budgeted.js';
import { build } from '../../recipe.js';

const silent = (): void => undefined;
/** Prints as the request that it is. */
function asBody(cases: fc.Arbitrary<Compared>): fc.Arbitrary<Compared> {
  return cases.map((found) => ({
    network: found.network,
    proxies: found.proxies,
    [fc.toStringMethod]: () => JSON.stringify('body' in found ? found.body : 'a recipe'),
  }));
}

const cuts = fc.array(fc.nat({ max: 1_000_000 }), { maxLength: 4 });

interface Compared {
  readonly network: Network;
  readonly proxies: Proxies;
}

/** Asserts equal tallies, whole and cut; what visited the points. */
function compare({ network, proxies }: Compared, at: readonly number[]): Enumeration['by'] {
  const enumeration = enumerationOf(network, proxies);
  const { visits } = enumeration.space;
  const others = [{ generate: false }, { kernel: false }].map((options) =>
    enumerationOf(network, proxies, options).tallyOf(0n, visits, silent),
  );
  const whole = enumeration.tallyOf(0n, visits, silent);
  for (const other of others) assert.deepEqual(whole, other);
  const ranks = [0n, visits, ...at.map((cut) => BigInt(cut) % (visits + 1n))];
  ranks.sort((a, b) => Number(a - b));
  const parts = ranks.slice(1).map((to, k) => enumeration.tallyOf(ranks[k] ?? 0n, to, silent));
  const empty = emptyTally(neuronsOf(network).length);
  assert.deepEqual(parts.reverse().reduce(mergeTallies, empty), whole);
  return enumeration.by;
}

function holds(name: string, cases: fc.Arbitrary<Compared>, atLeast: number): void {
  test(`generated code, kernel and reference agree on ${name}, however they are cut`, () => {
    let generated = 0;
    fc.assert(
      fc.property(asBody(cases), cuts, (found, at) => {
        if (compare(found, at) === 'generated') generated += 1;
      }),
      runs(100),
    );
    if (runs(100).numRuns >= 100) assert.ok(generated >= atLeast, `${generated} were generated`);
  });
}

holds('networks of every layer type', anyLayeredCase({ maxPoints: 300n }), 40);
holds('dense networks', anyCase({ maxPoints: 500n }), 60);
holds('dense networks that own their parameters', budgetedCase({ maxPoints: 400, own: true }), 60);
holds('dense networks that share them', budgetedCase({ maxPoints: 400, own: false }), 60);
holds('wide networks', anyRecipe({ maxPoints: 500n }).map(build), 40);

const p = (param: string, scale = '1'): object => ({ param, scale });

/** What random networks found, or would find once in a long while. */
const BODIES: Readonly<Record<string, object>> = {
  'a maximum of one unit behind the last tie': {
    network: {
      inputs: [['0', '-1']],
      layers: [
        {
          type: 'dense',
          units: 2,
          weight: [
            ['2', p('b', '2')],
            [p('a'), '-1'],
          ],
          bias: [p('b'), p('a')],
          activation: 'relu',
        },
        { type: 'max', of: [[0]] },
      ],
    },
    format: { values: ['-1', '0', '1'] },
    proxies: { relu: ['-1'], max: 'first' },
  },
  'a parameter whose uses in one unit cancel': {
    network: {
      inputs: [['1']],
      layers: [
        { type: 'dense', units: 1, weight: [[p('a')]], bias: [p('a', '-1')], activation: 'relu' },
        { type: 'dense', units: 1, activation: 'identity' },
      ],
    },
    format: { values: ['-3', '-2', '-1', '0', '1', '2', '3'] },
    proxies: { relu: ['1'] },
  },
  'maxima of convolved units, shared weights': {
    network: {
      inputs: [['1', '0', '-1', '2', '1', '1', '0', '-1', '2']],
      inputShape: [1, 3, 3],
      layers: [
        { type: 'conv2d', filters: 1, kernelSize: [2, 2], activation: 'relu' },
        { type: 'maxPool2d', kernelSize: [2, 2], stride: 1 },
        { type: 'flatten' },
        { type: 'dense', units: 1, activation: 'identity' },
      ],
    },
    format: { values: ['-1', '0', '1'] },
    proxies: { relu: ['0'], maxPool2d: 'all' },
  },
};

for (const [name, body] of Object.entries(BODIES)) {
  test(`generated code, kernel and reference agree on ${name}`, () => {
    const found = caseOf({ ...body, mode: 'exhaustive' });
    assert.ok(found !== null);
    assert.equal(compare(found, [17, 5]), 'generated');
  });
}
