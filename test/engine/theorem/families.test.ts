/** The two families with exact answers: the seed's network P, and the networks that make L-ndf tight. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  enumerationOf,
  forwardMode,
  judgeOf,
  reportTheorems,
  resolveFormat,
  type Rational,
} from '../../../src/engine/index.js';
import { negate } from '../../../src/engine/num/rational.js';
import { toText } from '../../../src/engine/num/text.js';
import { build, type Built, type NetworkRecipe } from '../recipe.js';

function seed(format: string, proxy: string, change: Partial<NetworkRecipe> = {}): Built {
  const { values } = resolveFormat(format);
  const all = Array.from({ length: Number(values.size) }, (_, rank) => values.at(BigInt(rank)));
  const x = (scale: string): { param: string; scale: string } => ({ param: 'x', scale });
  const share = `1/${String(values.size)}`;
  return build({
    inputs: [['1']],
    weights: format,
    biases: format,
    layers: [
      {
        units: 2 * all.length,
        weight: all.flatMap(() => [[x('1')], [x('-1')]]),
        bias: all.flatMap((c: Rational) => [toText(negate(c)), toText(c)]),
        activation: { type: 'relu' },
        proxies: [proxy],
      },
      {
        units: 1,
        weight: [all.flatMap(() => [share, `-${share}`])],
        bias: false,
        activation: { type: 'identity' },
        proxies: [],
      },
    ],
    ...change,
  });
}

for (const [format, size] of [
  ['e2m1fn', 15n],
  ['e4m3fn', 253n],
] as const) {
  for (const [proxy, wrong] of [
    ['0', true],
    ['1', true],
    ['1/2', false],
  ] as const) {
    test(`seed-P over ${format}, ReLU′(0) = ${proxy}`, () => {
      const { network, proxies } = seed(format, proxy);
      const { space, tallyOf } = enumerationOf(network, proxies);
      assert.equal(space.visits * space.multiplicity, size);
      const tally = tallyOf(0n, space.visits, () => undefined);
      assert.deepEqual(
        [tally.touched, tally.nonDifferentiable, tally.incorrect, tally.undecided],
        [size, 0n, wrong ? size : 0n, 0n],
      );
      const report = reportTheorems(network, proxies).find(({ id }) => id === 'seed-P');
      assert.equal(report?.applies, true);
      assert.equal(report.direction, 'equal');
      assert.equal(report.exact === null ? null : toText(report.exact), wrong ? '1' : '0');
      // Slope 1 in truth; AD says 1 + (2p − 1)/|M|.
      const verdict = judgeOf(network, proxies)(space.pointAt(0n));
      assert.equal(toText(verdict.derivative?.[0]?.[0] ?? { n: 0n, d: 1n }), '1');
      const said = { '0': size - 1n, '1': size + 1n, '1/2': size }[proxy];
      const ad = forwardMode(network, proxies, space.pointAt(0n)).jacobian[0]?.[0];
      assert.ok(ad !== undefined);
      assert.equal(ad.n * size, said * ad.d);
    });
  }
}

test('what is nearly P is not taken for it', () => {
  const near: readonly Partial<NetworkRecipe>[] = [
    { inputs: [['2']] },
    { inputs: [['1'], ['1']] },
    { weights: 'e3m2fn' },
  ];
  for (const change of near) {
    const { network, proxies } = seed('e2m1fn', '0', change);
    const report = reportTheorems(network, proxies).find(({ id }) => id === 'seed-P');
    assert.equal(report?.applies, false, JSON.stringify(change));
  }
});

/** n hidden units y_i = b_i, all read by one output with its own bias. */
function tight(n: number, values: readonly string[], out: string = '1'): Built {
  return build({
    inputs: [['0']],
    weights: { values },
    biases: { values },
    layers: [
      {
        units: n,
        weight: null,
        bias: true,
        activation: { type: 'relu' },
      },
      {
        units: 1,
        weight: [Array.from({ length: n }, () => out)],
        bias: true,
        activation: { type: 'identity' },
      },
    ],
  });
}

test('the tight family: the density is 1 − (1 − 1/|M|)ⁿ, at least half of the bound n/|M|', () => {
  const values = ['-2', '-1', '0', '1', '2'];
  for (const n of [1, 2, 3, 5]) {
    const { network, proxies } = tight(n, values);
    const { space, tallyOf } = enumerationOf(network, proxies);
    const tally = tallyOf(0n, space.visits, () => undefined);
    const all = 5n ** BigInt(n);
    // The weights on the input 0 and the output's bias are inert.
    assert.equal(space.visits, all);
    assert.equal(space.multiplicity, all * 5n);
    assert.equal(tally.nonDifferentiable, all - 4n ** BigInt(n));
    assert.equal(tally.incorrect, 0n);
    const reports = new Map(reportTheorems(network, proxies).map((r) => [r.id, r]));
    const upper = reports.get('L-ndf')?.exact;
    const lower = reports.get('L-tight');
    assert.deepEqual(upper === null || upper === undefined ? null : toText(upper), ratio(n, 5));
    assert.equal(lower?.applies, true);
    assert.deepEqual(lower.exact === null ? null : toText(lower.exact), ratio(n, 10));
    assert.equal(lower.direction, 'lower');
    assert.ok(tally.nonDifferentiable * 10n >= BigInt(n) * all);
  }
});

function ratio(n: number, d: number): string {
  const [a, b] = n % d === 0 ? [n / d, 1] : d % n === 0 ? [1, d / n] : [n, d];
  const [p, q] = a % 2 === 0 && b % 2 === 0 ? [a / 2, b / 2] : [a, b];
  return q === 1 ? String(p) : `${String(p)}/${String(q)}`;
}

test('outside the family L-tight claims nothing', () => {
  const cases: readonly (readonly [Built, RegExp])[] = [
    [tight(6, ['-2', '-1', '0', '1', '2']), /above 1/],
    [tight(1, ['-1', '1']), /no value that its bias can reach/],
    [tight(1, ['-1', '0'], '0'), /not read/],
  ];
  for (const [{ network, proxies }, why] of cases) {
    const report = reportTheorems(network, proxies).find(({ id }) => id === 'L-tight');
    assert.equal(report?.applies, false);
    assert.match(report.why, why);
    assert.equal(report.exact, null);
  }
});
