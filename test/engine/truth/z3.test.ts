/**
 * z3 as a second, independent decider: is there a pair of directions on which f'(w; ·) does not add
 * up? The formulas come from the oracle that knows only the definitions (`z3/script.ts`); z3
 * searches the patterns that the walk branches on. The two must agree at every tied point of random
 * networks of every layer type, batches and losses among them.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import type { Rational } from '../../../src/engine/num/rational.js';
import { valuesAt } from '../../../src/engine/truth/evaluate.js';
import { tiesAt } from '../../../src/engine/truth/tie.js';
import { walk } from '../../../src/engine/truth/walk.js';
import { runs } from '../../arbitraries.js';
import { anyLayeredCase } from '../../arbitraries-layers.js';
import { anyCase, caseOf, pointsOf, type Case } from '../../arbitraries-networks.js';
import { differentiabilityScript } from './z3/script.js';
import { solver } from './z3/solver.js';

const z3 = solver();
after(() => {
  z3.close();
});

const seen = new Map<string, number>();

async function agrees({ question, network }: Case, point: readonly Rational[]): Promise<void> {
  const script = differentiabilityScript(question.network, point);
  const answer = await z3.ask(script);
  const truth = walk(network, point, { maxLeaves: 4096 });
  assert.equal(truth.differentiable, answer === 'unsat');
  for (const { type } of question.network.layers) {
    const key = `${type} ${answer}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
  }
}

/** Tied points, at most `most` of them, spread over Ω. */
function tiedPoints({ network }: Case, most: number): Rational[][] {
  const tied = [...pointsOf(network)].filter(
    (point) => tiesAt(network, valuesAt(network, point)).length > 0,
  );
  const step = Math.max(1, Math.ceil(tied.length / most));
  return tied.filter((_, k) => k % step === 0);
}

const layered = fc.asyncProperty(
  anyLayeredCase({ maxPoints: 81n, maxUnits: 24 }),
  async (each: Case) => {
    for (const point of tiedPoints(each, 6)) await agrees(each, point);
  },
);

test('z3 and the walk agree on networks of every layer type, differentiable and not', async () => {
  // A fixed seed: that each type was met with both answers must not depend on chance.
  await fc.assert(layered, { numRuns: 80, seed: 6 });
  for (const type of [
    ...['dense', 'conv2d', 'conv1d', 'maxPool2d', 'avgPool2d', 'flatten'],
    ...['add', 'concat', 'scale', 'max'],
  ]) {
    for (const answer of ['sat', 'unsat']) {
      assert.ok((seen.get(`${type} ${answer}`) ?? 0) > 0, `no ${answer} network with ${type}`);
    }
  }
});

test('z3 and the walk agree on random networks of any layers', async () => {
  await fc.assert(layered, runs(40));
});

test('z3 and the walk agree on random dense networks and batches', async () => {
  await fc.assert(
    fc.asyncProperty(anyCase({ maxPoints: 81n }), async (each) => {
      for (const point of tiedPoints(each, 4)) await agrees(each, point);
    }),
    runs(30),
  );
});

test('z3 knows the seed of the field: ReLU(w) − ReLU(−w) is differentiable at 0, |w| is not', async () => {
  for (const [minus, answer] of [
    ['-1', 'unsat'],
    ['1', 'sat'],
  ] as const) {
    const found = caseOf({
      network: {
        inputs: [[1]],
        layers: [
          {
            type: 'dense',
            units: 2,
            weight: [[{ param: 'w' }], [{ param: 'w', scale: '-1' }]],
            bias: false,
            activation: 'relu',
          },
          { type: 'dense', units: 1, weight: [['1', minus]], bias: false },
        ],
      },
      format: { values: ['0', '1'] },
      mode: 'exhaustive',
    });
    assert.ok(found !== null);
    const zero = found.network.parameters.map(({ values }) => values.at(0n));
    assert.equal(await z3.ask(differentiabilityScript(found.question.network, zero)), answer);
    await agrees(found, zero);
  }
});
