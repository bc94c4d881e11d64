/** Counting layer by layer against visiting every point, and when it must decline. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { enumerationOf, neuronsOf, type Tally } from '../../../../src/engine/index.js';
import { gridProgramOf } from '../../../../src/engine/count/grid.js';
import {
  layeredCounts,
  type LayeredCounts,
  type LayeredLimits,
} from '../../../../src/engine/count/layered/layered.js';
import { Outgrown } from '../../../../src/engine/count/layered/outgrown.js';
import { spaceOf } from '../../../../src/engine/count/space.js';
import { usesOf } from '../../../../src/engine/net/ir.js';
import { runs } from '../../../arbitraries.js';
import { caseOf, type Case } from '../../../arbitraries-networks.js';
import { budgetedCase } from '../budgeted.js';

const AMPLE: LayeredLimits = { maxStates: 1_000_000, maxWalks: 100_000 };

/** What layered counting gives: counts, null where it declines, 'outgrown', or no grid at all. */
function layered(
  { network, proxies }: Case,
  limits = AMPLE,
): LayeredCounts | null | 'outgrown' | 'no grid' {
  const program = gridProgramOf(network, proxies, spaceOf(network));
  if (program === null) return 'no grid';
  try {
    return layeredCounts(network, proxies, program, limits);
  } catch (error) {
    if (error instanceof Outgrown) return 'outgrown';
    throw error;
  }
}

function digits(counts: LayeredCounts | Tally): object {
  const { touched, nonDifferentiable, incorrect, undecided, neurons } = counts;
  return { touched, nonDifferentiable, incorrect, undecided, neurons };
}

function enumerated({ network, proxies }: Case, reference = false): Tally {
  const { space, tallyOf } = enumerationOf(network, proxies, reference ? { kernel: false } : {});
  return tallyOf(0n, space.visits, () => undefined);
}

/** Whether every parameter that moves a tie is used once, and every row with kinks owns its bias. */
function rowsOwn({ network }: Case): { parameters: boolean; biases: boolean } {
  const uses = usesOf(network);
  const { digits: varying } = spaceOf(network);
  return {
    parameters: varying.every((parameter) => uses[parameter]?.length === 1),
    biases: network.equations.every((equation, index) => {
      const dense = network.equations[index - 1];
      if (equation.op !== 'activation' || equation.activation.kinks.length === 0) return true;
      return (
        dense?.op === 'dense' &&
        dense.bias.every(
          (entry) =>
            'parameter' in entry && entry.scale.n !== 0n && uses[entry.parameter]?.length === 1,
        )
      );
    }),
  };
}

for (const { title, maxPoints, reference, iterations } of [
  { title: 'the judge at every point', maxPoints: 300, reference: true, iterations: 250 },
  { title: 'the kernel', maxPoints: 6000, reference: false, iterations: 700 },
  { title: 'the kernel, on larger spaces', maxPoints: 400_000, reference: false, iterations: 25 },
]) {
  test(`rows that own their parameters: digit for digit what ${title} counts`, () => {
    let counted = 0;
    fc.assert(
      fc.property(budgetedCase({ maxPoints, own: true }), (found) => {
        const counts = layered(found);
        if (counts === 'no grid' || counts === 'outgrown') return;
        const { parameters, biases } = rowsOwn(found);
        assert.ok(parameters, 'the generator gives every row its own parameters');
        if (biases) assert.notEqual(counts, null, 'declined without need');
        if (counts === null) return;
        counted += 1;
        assert.deepEqual(digits(counts), digits(enumerated(found, reference)));
      }),
      runs(iterations),
    );
    assert.ok(counted * 3 > runs(iterations).numRuns, `${String(counted)} counted by layers`);
  });
}

test('it declines batches, shared parameters and ties in rows without biases of their own', () => {
  let declined = 0;
  fc.assert(
    fc.property(budgetedCase({ maxPoints: 400, own: false }), (found) => {
      const counts = layered(found);
      if (counts === 'no grid' || counts === 'outgrown') return;
      const { parameters, biases } = rowsOwn(found);
      const single = found.network.inputs.length === 1;
      const needed = !single || !parameters;
      if (needed) assert.equal(counts, null);
      if (single && parameters && biases) assert.notEqual(counts, null);
      if (counts === null) {
        declined += 1;
      } else {
        // Where it answers although a row with kinks owns too little, that row reaches no kink.
        assert.deepEqual(digits(counts), digits(enumerated(found, true)));
      }
    }),
    runs(250),
  );
  assert.ok(declined > 0);
});

test('tiny limits outgrow; they never change a digit', () => {
  let outgrown = 0;
  fc.assert(
    fc.property(
      budgetedCase({ maxPoints: 3000, own: true }),
      fc.integer({ min: 1, max: 12 }),
      (found, maxStates) => {
        const counts = layered(found, { maxStates, maxWalks: 1 });
        if (counts === 'no grid' || counts === null) return;
        if (counts === 'outgrown') {
          outgrown += 1;
          return;
        }
        assert.ok(counts.states <= Math.max(1, maxStates));
        assert.deepEqual(digits(counts), digits(enumerated(found)));
      },
    ),
    runs(150),
  );
  assert.ok(outgrown > 0);
});

const TERNARY = { values: ['-1', '0', '1'] };

function dense(units: number, activation: unknown, rest: object = {}): object {
  return { type: 'dense', units, activation, ...rest };
}

/** Shapes that random networks of this size seldom have. */
const SHAPES: readonly (readonly [string, object])[] = [
  [
    'identity layers behind the last kink',
    {
      network: {
        inputs: [['1']],
        layers: [
          dense(2, 'relu'),
          dense(1, 'identity'),
          dense(2, 'identity'),
          dense(1, 'identity'),
        ],
      },
      format: { weights: TERNARY, biases: { values: ['0', '1'] } },
    },
  ],
  [
    'kinks at two outputs',
    {
      network: { inputs: [['2', '-1']], layers: [dense(2, 'abs'), dense(2, 'hardtanh')] },
      format: { weights: { values: ['-1', '0', '2'] }, biases: { values: ['0', '1'] } },
      proxies: { abs: ['1/3'], hardtanh: ['2', '-1'] },
    },
  ],
  [
    'sets of their own, by name',
    {
      network: {
        inputs: [['1']],
        layers: [
          dense(2, 'relu', {
            weight: [[{ param: 'a', scale: '-1/2' }], [{ param: 'b' }]],
            bias: [{ param: 'c' }, { param: 'd', scale: '3' }],
          }),
          dense(2, { type: 'leaky_relu', slope: '-1/3' }),
          dense(1, 'identity', { bias: ['1/7'] }),
        ],
      },
      format: {
        weights: TERNARY,
        biases: { values: ['-2', '0', '5/3'] },
        params: { a: { values: ['0', '4'] }, d: { values: ['-1/6', '1/6', '1'] } },
      },
      proxies: { relu: ['1/2'], leaky_relu: ['-5'] },
    },
  ],
  [
    'an output that is constant',
    {
      network: {
        inputs: [['1']],
        layers: [
          dense(2, 'relu'),
          dense(1, { type: 'piecewise', breakpoints: [], pieces: [['3']] }),
        ],
      },
      format: TERNARY,
    },
  ],
  [
    'no zero among the weights, proxies of 0 at both kinks',
    {
      network: {
        inputs: [['1']],
        layers: [dense(2, 'relu6'), dense(2, 'relu6'), dense(1, 'identity')],
      },
      format: { weights: { values: ['-6', '1'] }, biases: { values: ['0', '6', '-1'] } },
    },
  ],
];

for (const [title, body] of SHAPES) {
  test(`${title}: digit for digit`, () => {
    const found = caseOf({ ...body, mode: 'exhaustive' });
    assert.ok(found !== null);
    const counts = layered(found);
    assert.ok(counts !== null && typeof counts === 'object');
    assert.equal(counts.neurons.length, neuronsOf(found.network).length);
    assert.deepEqual(digits(counts), digits(enumerated(found)));
    assert.ok(counts.touched > 0n);
  });
}
