/**
 * Estimators against exact counts. Over a space that can be visited, the mean of an estimator over
 * all draws is a finite sum: it must be the exact density, of every set and of every neuron, to the
 * last digit. Nothing here is left to chance.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chainOf } from '../../../src/engine/net/chain.js';
import fc from 'fast-check';
import {
  enumerationOf,
  judgeOf,
  neuronsOf,
  spaceOf,
  type Network,
  type SampleMethod,
} from '../../../src/engine/index.js';
import { gridProgramOf } from '../../../src/engine/count/grid.js';
import { conditionalEstimator, whyNotConditional } from '../../../src/engine/sample/conditional.js';
import type { Draws } from '../../../src/engine/sample/draws.js';
import type { Estimator } from '../../../src/engine/sample/estimator.js';
import { exactSubject, type Judge } from '../../../src/engine/sample/exact-subject.js';
import { gridSubject } from '../../../src/engine/sample/kernel.js';
import { plainEstimator } from '../../../src/engine/sample/plain.js';
import type { Subject } from '../../../src/engine/sample/subject.js';
import {
  Collector,
  NO_SAMPLES,
  addBatches,
  type BatchSums,
} from '../../../src/engine/sample/sums.js';
import { unionEstimator } from '../../../src/engine/sample/union.js';
import { runs } from '../../arbitraries.js';
import { anyCase, caseOf, type Case } from '../../arbitraries-networks.js';
import { budgetedCase } from '../count/budgeted.js';
import { biasFreeCase } from '../count/layered/bias-free.js';

const silent = (): void => undefined;

/** Draws that go through the digits of some radices, one sample after the other. */
function allDraws(radices: readonly bigint[]): Draws {
  let rest: bigint[] = [];
  const next = (size: bigint): bigint => {
    const digit = rest.shift();
    assert.ok(digit !== undefined && digit < size, 'as many draws as digits, in their order');
    return digit;
  };
  return {
    begin(sample) {
      rest = [];
      let left = BigInt(sample);
      for (const radix of [...radices].reverse()) {
        rest.unshift(left % radix);
        left /= radix;
      }
    },
    below: (size) => Number(next(BigInt(size))),
    belowBig: next,
  };
}

function estimatorOf(network: Network, subject: Subject, method: SampleMethod): Estimator {
  if (method === 'plain') return plainEstimator(subject, neuronsOf(network).length);
  return method === 'union'
    ? unionEstimator(chainOf(network), subject)
    : conditionalEstimator(chainOf(network), subject);
}

/** The sums over every draw; every observation is checked against its range. */
function sumsOverAll(estimator: Estimator, radices: readonly bigint[]): BatchSums {
  const draws = allDraws(radices);
  const collector = new Collector(estimator.usual);
  let kept = NO_SAMPLES;
  const { unit, range, neuronRanges } = estimator;
  const samples = Number(radices.reduce((product, radix) => product * radix, 1n));
  for (let sample = 0; sample < samples; sample += 1) {
    draws.begin(sample);
    const became = estimator.observe(draws, collector.observation);
    const alone = new Collector(estimator.usual);
    if (became === 'kept') estimator.flush?.(alone);
    const one = alone.sums();
    kept = addBatches(kept, one);
    const { values, neurons } =
      became === 'usual'
        ? estimator.usual
        : became === 'written'
          ? collector.observation
          : {
              values: one.measures.map(({ first }) => first),
              neurons: new Map(
                [...one.neurons].map(([neuron, { touched, relevant }]) => [
                  neuron,
                  { touched: touched.first, relevant: relevant.first },
                ]),
              ),
            };
    for (const value of values) {
      assert.ok(value >= 0n && value * range.d <= range.n * unit, 'a value is beyond the range');
    }
    for (const [neuron, { touched, relevant }] of neurons) {
      const most = neuronRanges[neuron];
      assert.ok(most !== undefined && touched * most.d <= most.n * unit && relevant <= touched);
    }
    if (became === 'usual') collector.takeUsual();
    else if (became === 'written') collector.take();
  }
  const sums = addBatches(collector.sums(), kept);
  assert.equal(sums.samples, samples, 'every sample is in');
  return sums;
}

/** The mean over all draws is the density that was counted. */
function isUnbiased(
  { network, proxies }: Case,
  subject: Subject,
  method: SampleMethod,
  judge: Judge | null = null,
): void {
  const space = spaceOf(network);
  const estimator = estimatorOf(network, subject, method);
  // What is drawn besides a point: per neuron of the first layer, one of the rows that tie it.
  const rows = method === 'conditional' ? rowRadices(network, subject) : [];
  const { measures, neurons } = sumsOverAll(estimator, [...space.radices, ...rows]);
  const unit = rows.reduce((product, radix) => product * radix, estimator.unit);
  const counted =
    judge === null
      ? enumerationOf(network, proxies).tallyOf(0n, space.visits, silent)
      : enumerationOf(network, proxies, { kernel: false, maxLeaves: 1 }).tallyOf(
          0n,
          space.visits,
          silent,
        );
  const { touched, nonDifferentiable, incorrect, undecided, tiesUndecided } = counted;
  const either = nonDifferentiable + incorrect;
  assert.deepEqual(
    measures.map(({ first }) => first),
    [
      touched,
      nonDifferentiable,
      nonDifferentiable + undecided,
      incorrect,
      incorrect + undecided,
      either,
      either + undecided,
      tiesUndecided,
    ].map((count) => count * unit),
    method,
  );
  counted.neurons.forEach((neuron, k) => {
    const sums = neurons.get(k);
    assert.equal(sums?.touched.first ?? 0n, neuron.touched * unit, `${method} touched`);
    assert.equal(sums?.relevant.first ?? 0n, neuron.relevant * unit, method);
  });
}

function areUnbiased(found: Case, subject: Subject): void {
  for (const method of methodsFor(found.network)) {
    if (method === 'conditional') {
      for (const way of waysOf(found.network, subject)) isUnbiased(found, way, method);
    } else isUnbiased(found, subject, method);
  }
}

function subjects({ network, proxies }: Case): Subject[] {
  const space = spaceOf(network);
  const judge = judgeOf(network, proxies);
  const program = gridProgramOf(network, proxies, space);
  return [
    exactSubject(network, space, judge),
    ...(program === null ? [] : [gridSubject(chainOf(network), space, program, judge)]),
  ];
}

/** Most draws of rows, beside those of points. */
const ROWS_MAX = 100n;

/** Of each neuron that has any, how many rows tie it; only of early neurons. */
function rowRadices(network: Network, { rowTies }: Subject): bigint[] {
  const last = network.equations.length - 3;
  return rowTies.flatMap(({ neuron, count }) =>
    count > 0 && neuronsOf(network)[neuron]?.equation !== last ? [BigInt(count)] : [],
  );
}

/** Every way in which conditional sampling may go about a subject. */
function waysOf(network: Network, subject: Subject): Subject[] {
  const { rowTies, orientations } = subject;
  const rows = rowRadices(network, subject).reduce((product, radix) => product * radix, 1n);
  return [
    { ...subject, rowTies: [], orientations: null },
    ...(rows > ROWS_MAX ? [] : [{ ...subject, rowRelevance: null }]),
    ...(orientations === null ? [] : [{ ...subject, rowTies: [] }]),
    ...(rowTies.length === 0 || rows > ROWS_MAX ? [] : [subject]),
  ];
}

function methodsFor(network: Network): SampleMethod[] {
  return whyNotConditional(chainOf(network)) === null
    ? ['plain', 'conditional', 'union']
    : ['plain', 'union'];
}

test('where AD is wrong: the mean over all draws is the exact density', () => {
  // Without biases, 1-1-1-1 ternary, ReLU′(0) = 1: inc holds 2 of 27 points (theory of the project).
  const layers = [1, 2, 3].map((layer) => ({
    type: 'dense',
    units: 1,
    bias: false,
    ...(layer < 3 ? { activation: 'relu' } : {}),
  }));
  const found = caseOf({
    network: { inputs: [[1]], layers },
    format: { values: ['-1', '0', '1'] },
    proxies: { relu: ['1'] },
    mode: 'bounds',
  });
  assert.ok(found !== null);
  const { visits } = spaceOf(found.network);
  const counted = enumerationOf(found.network, found.proxies).tallyOf(0n, visits, silent);
  assert.equal(counted.incorrect, 2n);
  for (const subject of subjects(found)) areUnbiased(found, subject);
});

test('any network: the mean over all draws is the exact density', () => {
  fc.assert(
    fc.property(
      fc.oneof(anyCase({ maxPoints: 200n }), biasFreeCase({ maxPoints: 150 })),
      (found) => {
        for (const subject of subjects(found)) {
          areUnbiased(found, subject);
        }
      },
    ),
    runs(150),
  );
});

test('rows that own their parameters, where conditional sampling applies', () => {
  let conditional = 0;
  let withRows = 0;
  fc.assert(
    fc.property(budgetedCase({ maxPoints: 2000, own: true }), (found) => {
      const [, onGrid] = subjects(found);
      if (onGrid === undefined) return;
      if (whyNotConditional(chainOf(found.network)) === null) conditional += 1;
      if (onGrid.rowTies.length > 0) withRows += 1;
      areUnbiased(found, onGrid);
    }),
    runs(120),
  );
  assert.ok(conditional * 20 > runs(120).numRuns, `${String(conditional)} were conditional`);
  assert.ok(withRows > 0, 'the first layer is gone through in some');
});

test('in front of the last hidden layer: the mean over patterns and rows is the exact density', () => {
  const ternary = { values: ['-1', '0', '1'] };
  const relu = { type: 'dense', units: 1, activation: 'relu' };
  const out = { type: 'dense', units: 1 };
  // Alive below 0, with a slope of its own.
  const below = {
    type: 'piecewise',
    breakpoints: ['0'],
    pieces: [['0', '-1/2'], ['0']],
  };
  for (const [inputs, layers, format] of [
    [[1], [relu, relu, out], ternary],
    [[1], [relu, { ...relu, activation: below }, relu, out], { values: ['-1', '1'] }],
    [[1], [{ ...relu, activation: below }, relu, out], { values: ['-2', '-1', '0', '1', '2'] }],
    [[2], [{ ...relu, units: 2 }, relu, out], ternary],
    [[1], [{ ...relu, units: 2 }, { ...relu, units: 2 }, out], { values: ['-1', '1'] }],
    [[1, -2], [{ ...relu, activation: 'abs' }, relu, out], ternary],
  ] as const) {
    const proxies = { relu: ['0'], abs: ['0'], piecewise: ['0'] };
    const found = caseOf({
      network: { inputs: [inputs], layers },
      format,
      proxies,
      mode: 'bounds',
    });
    assert.ok(found !== null);
    const [exact, onGrid] = subjects(found);
    assert.ok(exact !== undefined && onGrid !== undefined && onGrid.rowTies.length > 0);
    isUnbiased(found, exact, 'conditional');
    assert.equal(onGrid.orientations === null, JSON.stringify(layers).includes('abs'));
    for (const way of waysOf(found.network, onGrid)) isUnbiased(found, way, 'conditional');
  }
});

test('undecided points are outside a lower end and inside an upper one', () => {
  // With one leaf to a walk, every tie that branches is undecided.
  let open = 0;
  fc.assert(
    fc.property(anyCase({ maxPoints: 200n }), (found) => {
      const { network, proxies } = found;
      const judge = judgeOf(network, proxies, { maxLeaves: 1 });
      const subject = exactSubject(network, spaceOf(network), judge);
      const methods: SampleMethod[] = ['plain', 'union'];
      for (const method of methods) isUnbiased(found, subject, method, judge);
      const { visits } = spaceOf(network);
      const options = { kernel: false, maxLeaves: 1 };
      const counted = enumerationOf(network, proxies, options).tallyOf(0n, visits, silent);
      if (counted.undecided > 0n) open += 1;
    }),
    runs(80),
  );
  assert.ok(open > 0, 'some are undecided');
});

test('the subject on the grid is the subject in rationals', () => {
  fc.assert(
    fc.property(anyCase({ maxPoints: 500n }), fc.nat(), (found, drawn) => {
      const [exact, onGrid] = subjects(found);
      if (exact === undefined || onGrid === undefined) return;
      const space = spaceOf(found.network);
      const sample = drawn % Number(space.visits);
      const [ties, decisions] = [exact, onGrid].reduce<[unknown[], unknown[]]>(
        ([allTies, all], subject) => {
          const draws = allDraws(space.radices);
          draws.begin(sample);
          subject.draw(draws);
          const possible = subject.possibleTies();
          const byRank = possible.toSorted((a, b) =>
            a.neuron === b.neuron
              ? Number((a.pivot?.rank ?? 0n) - (b.pivot?.rank ?? 0n))
              : a.neuron - b.neuron,
          );
          const decided = [
            subject.decide(),
            ...byRank.map((tie) => subject.decideTied(tie)),
            subject.decide(),
          ];
          return [
            [...allTies, byRank],
            [...all, decided],
          ];
        },
        [[], []],
      );
      assert.deepEqual(ties[1], ties[0]);
      assert.deepEqual(decisions[1], decisions[0]);
    }),
    runs(400),
  );
});

test('why conditional sampling does not apply', () => {
  const relu = { type: 'dense', units: 1, activation: 'relu' };
  const out = { type: 'dense', units: 1 };
  const why = (inputs: number[][], layers: object[], format: unknown = 'e2m1'): string | null => {
    const found = caseOf({ network: { inputs, layers }, format, mode: 'bounds' });
    assert.ok(found !== null);
    return whyNotConditional(chainOf(found.network));
  };
  assert.equal(why([[1]], [relu, out]), null);
  assert.match(why([[1], [2]], [relu, out]) ?? '', /one input/);
  assert.match(why([[1]], [relu, relu]) ?? '', /output layer without kinks/);
  assert.match(why([[1]], [{ ...relu, bias: false }, out]) ?? '', /bias of its own/);
  assert.match(why([[1]], [out, out]) ?? '', /kinks in the last hidden layer/);
  assert.match(why([[1]], [out]) ?? '', /kinks in the last hidden layer/);
  assert.match(why([[1]], [{ ...relu, units: 200 }, out], 'float32') ?? '', /have [0-9]+ bits/);
});
