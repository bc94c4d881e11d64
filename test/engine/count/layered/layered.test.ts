/** Counting layer by layer against visiting every point, and when it must decline. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  emptyTally,
  enumerationOf,
  judgeOf,
  mergeTallies,
  neuronsOf,
  toText,
  type CountLimits,
  type Tally,
} from '../../../../src/engine/index.js';
import { gridProgramOf } from '../../../../src/engine/count/grid.js';
import { LayeredCount } from '../../../../src/engine/count/layered/layered.js';
import { Outgrown } from '../../../../src/engine/count/layered/outgrown.js';
import { spaceOf } from '../../../../src/engine/count/space.js';
import { usesOf } from '../../../../src/engine/net/ir.js';
import { runs } from '../../../arbitraries.js';
import { caseOf, type Case } from '../../../arbitraries-networks.js';
import { budgetedCase } from '../budgeted.js';
import { biasFreeCase } from './bias-free.js';

const AMPLE: CountLimits = { maxOperations: 1e12, maxBytes: 1e9, maxWalks: 100_000 };
const silent = (): void => undefined;

type Outcome = Tally | null | 'outgrown' | 'no grid';

/** A layered count that has not begun; null where it declines, or no grid at all. */
function prepared({ network, proxies }: Case, limits = AMPLE): LayeredCount | null | 'no grid' {
  const space = spaceOf(network);
  const program = gridProgramOf(network, proxies, space);
  return program === null ? 'no grid' : LayeredCount.of(network, proxies, space, program, limits);
}

/** What layered counting gives, cut at the given parts of its work. */
function layered(found: Case, limits = AMPLE, cuts: readonly bigint[] = []): Outcome {
  try {
    const whole = prepared(found, limits);
    if (whole === null || whole === 'no grid') return whole;
    const ends = [0n, ...cuts.filter((cut) => cut < whole.parts), whole.parts];
    ends.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    return ends
      .slice(1)
      .map((to, k) => {
        // Another worker for each shard: nothing is kept from one to the next.
        const count = prepared(found, limits);
        assert.ok(count !== null && count !== 'no grid');
        return count.tallyOf(ends[k] ?? 0n, to, silent);
      })
      .reduce(mergeTallies, emptyTally(neuronsOf(found.network).length));
  } catch (error) {
    if (error instanceof Outgrown) return 'outgrown';
    throw error;
  }
}

function digits(counts: Tally): object {
  const { touched, nonDifferentiable, incorrect, undecided, neurons } = counts;
  return { touched, nonDifferentiable, incorrect, undecided, neurons };
}

function enumerated({ network, proxies }: Case, reference = false): Tally {
  const { space, tallyOf } = enumerationOf(network, proxies, reference ? { kernel: false } : {});
  return tallyOf(0n, space.visits, silent);
}

/** Counts are those of visiting every point, pairs bound them, and the judge confirms witnesses. */
function agrees(found: Case, counts: Tally, visited: Tally): void {
  assert.deepEqual(digits(counts), digits(visited));
  assert.ok(counts.pairs >= visited.pairs, 'pairs are an upper bound');
  const judge = judgeOf(found.network, found.proxies);
  for (const kind of ['nonDifferentiable', 'incorrect', 'undecided'] as const) {
    const witness = counts.witnesses[kind];
    assert.equal(witness === null, counts[kind] === 0n, `witness of ${kind}`);
    if (witness === null) continue;
    const { differentiable, adCorrect } = judge(witness.point);
    if (kind === 'nonDifferentiable') assert.equal(differentiable, false);
    if (kind === 'incorrect') assert.equal(adCorrect, false);
    if (kind === 'undecided') assert.equal(differentiable, null);
    witness.point.forEach((value, index) => {
      const values = found.network.parameters[index]?.values;
      assert.notEqual(values?.rankOf(value) ?? null, null, `${toText(value)} is in the format`);
    });
  }
}

/** Whether every parameter that moves a tie is used once. */
function rowsOwnParameters({ network }: Case): boolean {
  const uses = usesOf(network);
  return spaceOf(network).digits.every((parameter) => uses[parameter]?.length === 1);
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
        assert.ok(rowsOwnParameters(found), 'the generator gives every row its own parameters');
        const counts = layered(found);
        if (counts === 'no grid' || counts === 'outgrown') return;
        assert.ok(counts !== null, 'declined without need');
        counted += 1;
        agrees(found, counts, enumerated(found, reference));
      }),
      runs(iterations),
    );
    assert.ok(counted * 3 > runs(iterations).numRuns, `${String(counted)} counted by layers`);
  });
}

test('rows without biases: digit for digit what the judge counts at every point', () => {
  let incorrect = 0;
  fc.assert(
    fc.property(biasFreeCase({ maxPoints: 600 }), (found) => {
      const counts = layered(found);
      if (counts === 'no grid' || counts === 'outgrown') return;
      assert.ok(counts !== null, 'declined without need');
      agrees(found, counts, enumerated(found, true));
      if (counts.incorrect > 0n) incorrect += 1;
    }),
    runs(250),
  );
  assert.ok(incorrect > 0, 'some of them are incorrect somewhere');
});

test('however the work is cut, counts, states and witnesses are the same', () => {
  let cutInTwo = 0;
  fc.assert(
    fc.property(
      fc.oneof(budgetedCase({ maxPoints: 20_000, own: true }), biasFreeCase({ maxPoints: 2000 })),
      fc.array(fc.bigInt({ min: 0n, max: 1_000_000n }), { minLength: 1, maxLength: 5 }),
      (found, cuts) => {
        const whole = layered(found);
        if (whole === null || typeof whole === 'string') return;
        if (whole.done > 1n) cutInTwo += 1;
        assert.deepEqual(layered(found, AMPLE, cuts), whole);
      },
    ),
    runs(200),
  );
  assert.ok(cutInTwo > 0);
});

test('it declines batches and shared parameters, nothing else', () => {
  let declined = 0;
  fc.assert(
    fc.property(budgetedCase({ maxPoints: 400, own: false }), (found) => {
      const counts = layered(found);
      if (counts === 'no grid' || counts === 'outgrown') return;
      const needed = found.network.inputs.length > 1 || !rowsOwnParameters(found);
      assert.equal(counts === null, needed);
      if (counts === null) declined += 1;
      else agrees(found, counts, enumerated(found, true));
    }),
    runs(250),
  );
  assert.ok(declined > 0);
});

test('tiny limits outgrow; they never change a digit', () => {
  let outgrown = 0;
  let within = 0;
  fc.assert(
    fc.property(
      budgetedCase({ maxPoints: 3000, own: true }),
      fc.integer({ min: 1, max: 40 }),
      (found, size) => {
        const limits = { maxOperations: size * 20_000, maxBytes: size * 1000, maxWalks: 1 };
        const counts = layered(found, limits);
        if (counts === 'no grid' || counts === null) return;
        if (counts === 'outgrown') {
          outgrown += 1;
          return;
        }
        within += 1;
        assert.deepEqual(digits(counts), digits(enumerated(found)));
      },
    ),
    runs(150),
  );
  assert.ok(outgrown > 0 && within > 0);
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
    agrees(found, counts, enumerated(found));
    assert.ok(counts.touched > 0n);
  });
}
