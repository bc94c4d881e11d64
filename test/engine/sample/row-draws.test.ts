/**
 * Rows of the first layer drawn for their ties alone, and whether such a tie matters, over formats
 * that the grid does not hold: each answer against rationals and the judge, and the estimator that is
 * made of them against exact counts, over all that can be drawn.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ZERO,
  add,
  enumerationOf,
  integer,
  judgeOf,
  rational,
  spaceOf,
  toDouble,
  type Rational,
} from '../../../src/engine/index.js';
import { chainOf } from '../../../src/engine/net/chain.js';
import { equal, multiply, negate } from '../../../src/engine/num/rational.js';
import { conditionalEstimator } from '../../../src/engine/sample/conditional.js';
import { drawsOf, type Draws } from '../../../src/engine/sample/draws.js';
import { exactSubject } from '../../../src/engine/sample/exact-subject.js';
import { lateFilterOf } from '../../../src/engine/sample/no-tie-doubles.js';
import { relevanceInDoubles } from '../../../src/engine/sample/relevance-doubles.js';
import { rowDrawsOf } from '../../../src/engine/sample/row-draws.js';
import type { Place } from '../../../src/engine/sample/subject.js';
import { noObservation } from '../../../src/engine/sample/sums.js';
import { caseOf, type Case } from '../../arbitraries-networks.js';

const WIDE = ['e5m2', 'float16', 'bfloat16'];

function networkOf(inputs: readonly number[], units: readonly number[], format: unknown): Case {
  const layers = units.map((width, layer) => ({
    type: 'dense',
    units: width,
    ...(layer < units.length - 1 ? { activation: 'relu' } : {}),
  }));
  const found = caseOf({ network: { inputs: [inputs], layers }, format, mode: 'bounds' });
  assert.ok(found !== null);
  return found;
}

for (const format of WIDE) {
  test(`over ${format}: a drawn row is tied by just the bias that solves it`, () => {
    const inputs = [1, -2, 3];
    const { network } = networkOf(inputs, [2, 2, 1], format);
    const values = network.parameters[0]?.values;
    const rows = rowDrawsOf(chainOf(network), new Map(), { rows: 1 });
    assert.ok(rows !== null && values !== undefined);
    const drawn: number[] = [];
    const real = drawsOf(3n);
    const near = Number(values.size >> 1n);
    // Every other row is of small values, which cancel often.
    let isNear = false;
    const draws: Draws = {
      ...real,
      below(size) {
        const rank = isNear ? near - 6 + real.below(13) : real.below(size);
        drawn.push(rank);
        return rank;
      },
    };
    let hits = 0;
    for (let k = 0; k < 2000; k += 1) {
      real.begin(k);
      drawn.length = 0;
      isNear = k % 2 === 0;
      const hit: number = rows.draw(1, draws);
      const sum = inputs.reduce<Rational>(
        (all, x, j) => add(all, multiply(integer(x), values.at(BigInt(drawn[j] ?? -1)))),
        ZERO,
      );
      const rank: bigint | null = values.rankOf(negate(sum));
      assert.equal(hit, rank === null ? 0 : 1);
      if (rank === null) continue;
      hits += 1;
      const places: readonly Place[] = rows.at(1, 0);
      assert.equal(places.at(-1)?.rank, rank);
      const [first] = places;
      assert.equal(first?.parameter, 3, 'the second unit');
    }
    assert.ok(hits > 20 && hits < 1990);
  });

  test(`over ${format}: a tie matters in as many patterns as the judge says`, () => {
    const { network, proxies } = networkOf([1, -2], [3, 3, 1], format);
    const chain = chainOf(network);
    const relevance = relevanceInDoubles(chain, new Map());
    const late = lateFilterOf(chain, new Map());
    assert.ok(relevance?.patterns === 8 && late !== null);
    const judge = judgeOf(network, proxies);
    const values = network.parameters[0]?.values;
    assert.ok(values !== undefined);
    const size = Number(values.size);
    const zero = values.rankOf(ZERO);
    assert.ok(zero !== null);
    const draws = drawsOf(11n);
    const answers = new Set<number>();
    for (let k = 0; k < 30; k += 1) {
      draws.begin(k);
      // Output weights from a few small values, so that sums of them vanish now and then.
      const ranks = Float64Array.from(network.parameters, (_, p) =>
        p >= 21 && p < 24 ? Number(zero) - 1 + draws.below(3) : draws.below(size),
      );
      if (k % 2 === 0)
        for (let unit = 0; unit < 3; unit += 1) ranks[9 + 3 * unit] = Number(zero) + 3;
      if (late(ranks) === null) continue;
      const often: number | null = relevance.of(0, ranks);
      if (often === null) continue;
      answers.add(often);
      const point = [...ranks].map((rank) => values.at(BigInt(rank)));
      // The first unit is tied by a row of zeros: weights 0 and 1, bias 6.
      for (const p of [0, 1, 6]) point[p] = ZERO;
      let relevant = 0;
      for (let pattern = 0; pattern < 8; pattern += 1) {
        const turned = point.map((value, p) => {
          const unit = p < 9 ? -1 : p < 18 ? Math.floor((p - 9) / 3) : p < 21 ? p - 18 : -1;
          return unit >= 0 && ((pattern >> unit) & 1) === 1 ? negate(value) : value;
        });
        const { ties } = judge(turned);
        const tie = ties.find(({ equation, unit }) => equation === 1 && unit === 0);
        assert.ok(tie !== undefined, 'the unit is tied');
        if (tie.relevant) relevant += 1;
      }
      assert.equal(often, relevant);
    }
    assert.ok(answers.size > 1, 'answers differ');
  });
}

/** Goes through all that can be drawn; each way with its probability. */
function everyWay(visit: (draws: Draws) => void, add: (share: Rational) => void): void {
  let choices: { at: number; size: number }[] = [];
  for (;;) {
    let depth = 0;
    const below = (size: number): number => {
      if (size === 1) return 0;
      const choice = choices[depth] ?? { at: 0, size };
      choices[depth] = choice;
      depth += 1;
      assert.equal(choice.size, size);
      return choice.at;
    };
    visit({ begin: () => undefined, below, belowBig: (size) => BigInt(below(Number(size))) });
    add(
      rational(
        1n,
        choices.reduce((product, { size }) => product * BigInt(size), 1n),
      ),
    );
    while ((choices.at(-1)?.at ?? 0) + 1 === (choices.at(-1)?.size ?? 0))
      choices = choices.slice(0, -1);
    const last = choices.at(-1);
    if (last === undefined) return;
    choices[choices.length - 1] = { ...last, at: last.at + 1 };
  }
}

for (const [name, inputs, units, format, rows] of [
  ['one row', [1], [1, 1, 1], { values: ['-1', '0', '1'] }, 1],
  ['two rows', [1], [1, 1, 1], { values: ['-1', '0', '1'] }, 2],
  ['two units', [1], [2, 1, 1], { values: ['-1', '1'] }, 1],
  ['two inputs', [1, 2], [1, 1, 1], { values: ['-1', '1', '2'] }, 1],
  ['three hidden layers', [1], [1, 1, 1, 1], { values: ['-1', '1'] }, 2],
] as const) {
  test(`${name}: the mean over all draws is the exact density`, () => {
    const { network, proxies } = networkOf(inputs, units, format);
    const chain = chainOf(network);
    const space = spaceOf(network);
    const draws = rowDrawsOf(chain, new Map(), { rows });
    const late = lateFilterOf(chain, new Map());
    assert.ok(draws !== null && late !== null);
    const counted = enumerationOf(network, proxies).tallyOf(0n, space.visits, () => undefined);
    for (const relevance of [null, relevanceInDoubles(chain, new Map())]) {
      const shortcuts = {
        filter: () => false,
        front: null,
        finder: null,
        rows: { draws, late, relevance },
      };
      const subject = exactSubject(network, space, judgeOf(network, proxies), shortcuts);
      const estimator = conditionalEstimator(chain, subject);
      const { unit, range } = estimator;
      let [touched, kink, relevant] = [ZERO, ZERO, ZERO];
      let observation = noObservation();
      everyWay(
        (each) => {
          observation = noObservation();
          if (estimator.observe(each, observation) === 'usual') observation = estimator.usual;
        },
        (share) => {
          const of = (units: bigint): Rational => multiply(share, rational(units, unit));
          for (const value of observation.values) {
            assert.ok(value >= 0n && value * range.d <= range.n * unit, 'within the range');
          }
          touched = add(touched, of(observation.values[0] ?? 0n));
          kink = add(kink, of(observation.values[1] ?? 0n));
          relevant = add(relevant, of(observation.neurons.get(0)?.relevant ?? 0n));
        },
      );
      const density = (count: bigint): Rational => rational(count, space.visits);
      assert.ok(equal(touched, density(counted.touched)), String(toDouble(touched)));
      assert.ok(equal(kink, density(counted.nonDifferentiable)), String(toDouble(kink)));
      assert.ok(equal(relevant, density(counted.neurons[0]?.relevant ?? 0n)), 'the first neuron');
    }
  });
}
