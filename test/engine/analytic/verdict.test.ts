/**
 * The judge over exact real numbers: on rational networks it says what the rational judge says; with
 * exponentials, counts known by Lindemann–Weierstrass, both roads to a verdict, and what is undecided.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { analyticJudgeOf } from '../../../src/engine/analytic/verdict.js';
import { countingOf, judgeOf, parseExact, spaceSize, toText } from '../../../src/engine/index.js';
import type { AnalyticNetwork } from '../../../src/engine/net/ir.js';
import { equal, type Rational } from '../../../src/engine/num/rational.js';
import { vanishes, subtractReals, realOf, type Real } from '../../../src/engine/num/real.js';
import { hasInterior } from '../../../src/engine/truth/analytic/fourier-motzkin.js';
import { canAllBePositive } from '../../../src/engine/truth/cone.js';
import { compileQuestion, type Compiled } from '../../../src/plan/compile.js';
import { parseRequest } from '../../../src/plan/parse.js';
import { runs } from '../../arbitraries.js';
import { anyLayeredCase } from '../../arbitraries-layers.js';
import { pointsOf } from '../../arbitraries-networks.js';

const LIMITS = { maxOperations: 1e12, maxBytes: 2 ** 28, maxWalks: 1000 };

function compiled(
  network: object,
  format: object | string,
  proxies: object | string = 'pytorch',
): Compiled {
  const parsed = parseRequest({ network, format, mode: 'exhaustive', proxies });
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return compileQuestion(parsed.question);
}

function counted({ network, proxies }: Compiled): Record<string, bigint> {
  const counting = countingOf(network, proxies, 'enumeration', LIMITS);
  const tally = counting.tallyOf(0n, counting.parts, () => undefined);
  const { touched, nonDifferentiable, incorrect, undecided } = tally;
  const times = (visits: bigint): bigint => visits * counting.space.multiplicity;
  return {
    touched: times(touched),
    nonDifferentiable: times(nonDifferentiable),
    incorrect: times(incorrect),
    undecided: times(undecided),
  };
}

function sameNumbers(
  reals: readonly (readonly Real[])[] | null,
  rows: readonly (readonly Rational[])[] | null,
): void {
  assert.equal(reals === null, rows === null);
  reals?.forEach((row, i) => {
    row.forEach((x, j) => {
      assert.ok(x.exact !== null && equal(x.exact, rows?.[i]?.[j] ?? parseExact('1/7')));
    });
  });
}

for (const fastPath of [true, false]) {
  test(`on piecewise polynomial networks it is the rational judge (L-iff ${fastPath ? 'on' : 'off'})`, () => {
    let decided = 0;
    fc.assert(
      fc.property(anyLayeredCase({ maxPoints: 27n, maxUnits: 20 }), ({ network, proxies }) => {
        const rational = judgeOf(network, proxies, { fastPath });
        const real = analyticJudgeOf(network, proxies, { fastPath });
        for (const point of pointsOf(network)) {
          const [a, b] = [rational(point), real(point)];
          if (b.decidedBy === 'undecided') {
            // Nothing is undecidable in rational numbers: only the work was too much.
            assert.match(b.limit ?? '', /inequalities|pieces meet/);
            continue;
          }
          if (b.decidedBy === 'walk') decided += 1;
          assert.deepEqual(b.ties, a.ties);
          assert.equal(b.differentiable, a.differentiable);
          assert.equal(b.adCorrect, a.adCorrect);
          sameNumbers(b.value === null ? null : [b.value], [a.value]);
          sameNumbers(b.ad, a.ad);
          sameNumbers(b.derivative, a.derivative);
        }
      }),
      runs(60),
    );
    assert.ok(fastPath || decided > 0);
  });
}

test('Fourier–Motzkin elimination and the linear program agree on which cones are empty', () => {
  const row = fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 3, maxLength: 3 });
  const seen = { true: 0, false: 0 };
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), (rows) => {
      const exact = rows.map((entries) => entries.map((n) => parseExact(String(n))));
      const wanted = canAllBePositive(exact);
      seen[wanted ? 'true' : 'false'] += 1;
      assert.equal(hasInterior(exact.map((entries) => entries.map(realOf))), wanted);
    }),
    runs(300),
  );
  assert.ok(seen.true > 0 && seen.false > 0);
});

/**
 * Rational values of σ at rational t: by Lindemann–Weierstrass σ(t) is rational at t = 0 alone, and
 * where σ is linear. null: not rational.
 */
const RATIONAL_VALUES: Readonly<Record<string, (t: number) => number | null>> = {
  sigmoid: (t) => (t === 0 ? 0.5 : null),
  tanh: (t) => (t === 0 ? 0 : null),
  silu: (t) => (t === 0 ? 0 : null),
  mish: (t) => (t === 0 ? 0 : null),
  exp: (t) => (t === 0 ? 1 : null),
  softplus: () => null,
  elu: (t) => (t >= 0 ? t : null),
  celu: (t) => (t >= 0 ? t : null),
};
const SET = [-1, -0.5, 0, 0.5, 1];

for (const [activation, valueAt] of Object.entries(RATIONAL_VALUES)) {
  test(`relu(v·${activation}(w + b) + c) is tied exactly where Lindemann–Weierstrass allows it`, () => {
    let touched = 0n;
    for (const w of SET) {
      for (const b of SET) {
        for (const v of SET) {
          for (const c of SET) {
            const value = valueAt(w + b);
            if (v === 0 ? c === 0 : value !== null && v * value + c === 0) touched += 1n;
          }
        }
      }
    }
    const network = {
      inputs: [['1']],
      layers: [
        { type: 'dense', units: 1, activation },
        { type: 'dense', units: 1, activation: 'relu' },
      ],
    };
    const format = { values: SET.map(String) };
    assert.deepEqual(counted(compiled(network, format)), {
      touched,
      nonDifferentiable: touched,
      incorrect: 0n,
      undecided: 0n,
    });
  });
}

/** s(w) − 1/2 and its negative through ReLUs: relu(y) − relu(−y) = y, wrong where y = 0. */
function mirrored(activation: string, centre: string, weight: object): object {
  return {
    inputs: [['1']],
    layers: [
      { type: 'dense', units: 1, weight: [[weight]], bias: false, activation },
      {
        type: 'dense',
        units: 2,
        weight: [['1'], ['-1']],
        bias: [`-${centre}`, centre],
        activation: 'relu',
      },
      { type: 'dense', units: 1, weight: [['1', '-1']], bias: false },
    ],
  };
}

test('AD is wrong where a smooth function was written in ReLUs, and right everywhere else', () => {
  for (const [activation, centre] of [
    ['sigmoid', '1/2'],
    ['exp', '1'],
  ] as const) {
    const found = counted(compiled(mirrored(activation, centre, { param: 'w' }), 'e2m1fn'));
    assert.deepEqual(found, { touched: 1n, nonDifferentiable: 0n, incorrect: 1n, undecided: 0n });
  }
});

test('a pre-activation within 10⁻³⁰ of a kink is not tied, on either side', () => {
  const digits = '2.718281828459045235360287471352';
  for (const [activation, w, centre] of [
    ['sigmoid', '0', '0.500000000000000000000000000001'],
    ['sigmoid', '0', '0.499999999999999999999999999999'],
    ['exp', '1', digits],
    ['exp', '1', `${digits.slice(0, -1)}3`],
    ['tanh', '0', '1e-30'],
    ['softplus', '0', '0.693147180559945309417232121458'],
    ['gelu', '1', '0.841344746068542948585232545632'],
  ] as const) {
    const found = compiled(mirrored(activation, centre, { param: 'w' }), { values: ['0', '1'] });
    const verdict = analyticJudgeOf(found.network, found.proxies)([parseExact(w)]);
    assert.equal(verdict.decidedBy, 'untouched', `${activation} ${centre}`);
    assert.equal(verdict.differentiable, true);
  }
});

test('a tie below two layers of exponentials is undecided, counted as such, and its reason told', () => {
  // e^softplus(w) = 1 + e^w: the ReLU is tied at every w, which no exact form here shows.
  const network = {
    inputs: [['1']],
    layers: [
      {
        type: 'dense',
        units: 2,
        weight: [[{ param: 'w' }], [{ param: 'w' }]],
        bias: false,
        activation: 'softplus',
      },
      { type: 'dense', units: 1, weight: [['1', '0']], bias: false, activation: 'exp' },
      {
        type: 'dense',
        name: 'direct',
        from: 'input',
        units: 1,
        weight: [[{ param: 'w' }]],
        bias: false,
        activation: 'exp',
      },
      { type: 'concat', from: [1, 2] },
      { type: 'dense', units: 1, weight: [['1', '-1']], bias: ['-1'], activation: 'relu' },
    ],
  };
  const found = compiled(network, { values: ['-1', '0', '1'] });
  const counts = counted(found);
  // At w = 0 too: softplus(0) = log 2, and e^log 2 = 2.
  assert.deepEqual(counts, { touched: 0n, nonDifferentiable: 0n, incorrect: 0n, undecided: 3n });
  const verdict = analyticJudgeOf(found.network, found.proxies)([parseExact('1')]);
  assert.equal(verdict.differentiable, null);
  assert.match(verdict.limit ?? '', /a pre-activation is at the breakpoint 0 is not decided/);
  // The points are touched, in truth: not knowing it must not read as knowing that they are not.
  assert.equal(verdict.tiesDecided, false);
  const counting = countingOf(found.network, found.proxies, 'enumeration', LIMITS);
  assert.equal(counting.tallyOf(0n, counting.parts, () => undefined).tiesUndecided, 3n);
});

test('without a kink nothing is visited, however large Ω is', () => {
  const network = {
    inputs: [
      ['1', '2'],
      ['0', '-1'],
    ],
    layers: [
      { type: 'dense', units: 3, activation: 'gelu' },
      { type: 'dense', units: 2, activation: { type: 'celu', alpha: '2' } },
      { type: 'dense', units: 1, activation: 'elu' },
    ],
  };
  const { network: built, proxies } = compiled(network, 'float64');
  assert.ok(spaceSize(built) > 10n ** 300n);
  const counting = countingOf(built, proxies, 'closed-form', LIMITS);
  assert.equal(counting.parts, 1n);
  const tally = counting.tallyOf(0n, 1n, () => undefined);
  assert.deepEqual([tally.touched, tally.undecided, tally.incorrect], [0n, 0n, 0n]);
  const kinked = compiled(mirrored('tanh', '1', { param: 'w' }), 'e2m1fn');
  assert.throws(
    () => countingOf(kinked.network, kinked.proxies, 'closed-form', LIMITS),
    /does not apply/,
  );
});

const entry = fc.oneof(
  fc.constantFrom('p', 'q', 'r').map((param) => ({ param })),
  fc.constantFrom('-1', '0', '1', '1/2'),
);
const smooth = fc.constantFrom<object | string>(
  ...['sigmoid', 'tanh', 'silu', 'mish', 'exp', 'selu', 'celu', 'softplus', 'gelu'],
  { type: 'elu', alpha: '2' },
);
const kinked = fc.constantFrom('relu', 'abs', 'hardtanh', 'selu');
const body = fc
  .record({
    inputs: fc.array(fc.constantFrom(['1'], ['0'], ['-1']), { minLength: 1, maxLength: 2 }),
    first: fc.array(entry, { minLength: 2, maxLength: 2 }),
    firstBias: fc.array(entry, { minLength: 2, maxLength: 2 }),
    second: fc.array(entry, { minLength: 4, maxLength: 4 }),
    secondBias: fc.array(entry, { minLength: 2, maxLength: 2 }),
    last: fc.array(entry, { minLength: 2, maxLength: 2 }),
    below: smooth,
    above: kinked,
    swapped: fc.boolean(),
  })
  .map((r) => ({
    inputs: r.inputs,
    layers: [
      {
        ...{ type: 'dense', units: 2, activation: r.swapped ? r.above : r.below },
        ...{ weight: r.first.map((e) => [e]), bias: r.firstBias },
      },
      {
        ...{ type: 'dense', units: 2, activation: r.swapped ? r.below : r.above },
        ...{ weight: [r.second.slice(0, 2), r.second.slice(2)], bias: r.secondBias },
      },
      { type: 'dense', units: 1, weight: [r.last], bias: false },
    ],
  }));

test('with exponentials below or above kinks and shared parameters, L-iff and the walk agree', () => {
  const seen = { 'L-iff': 0, walk: 0, undecided: 0, untouched: 0 };
  const TERNARY = { values: ['-1', '0', '1'] };
  fc.assert(
    fc.property(body, fc.constantFrom('left', 'right', 'pytorch'), (network, proxies) => {
      const parsed = parseRequest({ network, format: TERNARY, mode: 'exhaustive', proxies });
      if (!parsed.ok) return;
      const found = compileQuestion(parsed.question);
      const quick = analyticJudgeOf(found.network, found.proxies);
      const slow = analyticJudgeOf(found.network, found.proxies, { fastPath: false });
      for (const point of allPoints(found.network)) {
        const [a, b] = [quick(point), slow(point)];
        seen[a.decidedBy] += 1;
        if (a.decidedBy === 'undecided' || b.decidedBy === 'undecided') continue;
        assert.equal(a.differentiable, b.differentiable, point.map(toText).join(' '));
        assert.equal(a.adCorrect, b.adCorrect);
        a.derivative?.forEach((row, i) => {
          row.forEach((x, j) => {
            assert.notEqual(vanishes(subtractReals(x, b.derivative?.[i]?.[j] as Real)), false);
          });
        });
      }
    }),
    runs(60),
  );
  assert.ok(seen['L-iff'] > 0 && seen.walk > 0 && seen.untouched > 0, JSON.stringify(seen));
  // Two layers at most, and ties where values are rational: next to nothing is undecided.
  assert.ok(seen.undecided * 20 < seen['L-iff'] + seen.walk, JSON.stringify(seen));
});

function* allPoints(network: AnalyticNetwork): Generator<Rational[]> {
  const ternary = ['-1', '0', '1'].map(parseExact);
  const count = 3 ** network.parameters.length;
  for (let rank = 0; rank < count; rank += 1) {
    yield network.parameters.map((_, k) => ternary[Math.floor(rank / 3 ** k) % 3] as Rational);
  }
}
