/**
 * Signs of exact real numbers: identities are proved to be 0, near misses are not, and what is neither
 * is undecided, which is tested as well.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { enclosureOf } from '../../../src/engine/num/enclosure.js';
import {
  ONE,
  ZERO,
  integer,
  negate,
  rational,
  type Rational,
} from '../../../src/engine/num/rational.js';
import {
  addReals,
  multiplyReals,
  negateReal,
  realOf,
  scaleReal,
  signOfReal,
  subtractReals,
  vanishes,
  type Real,
} from '../../../src/engine/num/real.js';
import { parseExact } from '../../../src/engine/num/text.js';
import {
  expOf,
  normalDistributionOf,
  quotientOfExponentials,
  sigmoidOf,
  softplusOf,
} from '../../../src/engine/num/transcendental.js';

const tanhOf = (x: Real): Real =>
  quotientOfExponentials(x, [integer(-1), ZERO, ONE], [ONE, ZERO, ONE]);
const sum = (...terms: readonly Real[]): Real => terms.reduce(addReals, realOf(ZERO));
const one = realOf(ONE);

/** Identities f(x) = 0; they hold for every x. */
const IDENTITIES: Readonly<Record<string, (x: Real) => Real>> = {
  'tanh x + tanh(−x)': (x) => sum(tanhOf(x), tanhOf(negateReal(x))),
  's(x) + s(−x) − 1': (x) => sum(sigmoidOf(x), sigmoidOf(negateReal(x)), negateReal(one)),
  'tanh x − 2·s(2x) + 1': (x) =>
    sum(tanhOf(x), scaleReal(integer(-2), sigmoidOf(scaleReal(integer(2), x))), one),
  'e^x·e^(−x) − 1': (x) => subtractReals(multiplyReals(expOf(x), expOf(negateReal(x))), one),
  'softplus x − softplus(−x) − x': (x) =>
    sum(softplusOf(x), negateReal(softplusOf(negateReal(x))), negateReal(x)),
  'Φ(x) + Φ(−x) − 1': (x) =>
    sum(normalDistributionOf(x), normalDistributionOf(negateReal(x)), negateReal(one)),
};

const rationals = fc
  .tuple(fc.bigInt({ min: -40n, max: 40n }), fc.bigInt({ min: 1n, max: 12n }))
  .map(([n, d]) => rational(n, d));

for (const [name, f] of Object.entries(IDENTITIES)) {
  test(`${name} is proved to be 0, and not 0 when moved by 10⁻³⁰`, () => {
    const moved = realOf(parseExact('1e-30'));
    fc.assert(
      fc.property(rationals, (q) => {
        const x = realOf(q);
        assert.equal(signOfReal(f(x)), 0);
        assert.equal(vanishes(f(x)), true);
        assert.equal(signOfReal(addReals(f(x), moved)), 1);
        assert.equal(signOfReal(subtractReals(f(x), moved)), -1);
      }),
      { numRuns: 25 },
    );
  });
}

test('identities of a second layer hold by their names alone', () => {
  const inner = sigmoidOf(realOf(rational(1n, 3n)));
  for (const name of ['tanh x + tanh(−x)', 's(x) + s(−x) − 1', 'e^x·e^(−x) − 1']) {
    assert.equal(signOfReal(IDENTITIES[name]!(inner)), 0, name);
  }
  // Two ways to one argument: 1 − s(−x) is s(x).
  const other = subtractReals(one, sigmoidOf(realOf(rational(-1n, 3n))));
  assert.equal(signOfReal(subtractReals(inner, other)), 0);
});

test('sums of exponentials vanish exactly if they cancel term by term (Lindemann–Weierstrass)', () => {
  const term = fc.tuple(rationals, fc.integer({ min: -3, max: 3 }));
  fc.assert(
    fc.property(fc.array(term, { minLength: 1, maxLength: 5 }), (terms) => {
      const collected = new Map<string, { q: Rational; c: number }>();
      for (const [q, c] of terms) {
        const key = `${String(q.n)}/${String(q.d)}`;
        collected.set(key, { q, c: (collected.get(key)?.c ?? 0) + c });
      }
      const cancels = [...collected.values()].every(({ c }) => c === 0);
      const total = sum(...terms.map(([q, c]) => scaleReal(integer(c), expOf(realOf(q)))));
      assert.equal(vanishes(total), cancels);
      const value = terms.reduce((all, [q, c]) => all + c * Math.exp(Number(q.n) / Number(q.d)), 0);
      const size = terms.reduce((all, [q]) => all + 4 * Math.exp(Number(q.n) / Number(q.d)), 0);
      // A double tells the sign where it is far from 0.
      if (Math.abs(value) > size * 1e-9) assert.equal(signOfReal(total), Math.sign(value));
    }),
    { numRuns: 100 },
  );
});

test('what differs in the 200th digit is told apart', () => {
  const q = rational(1n, 3n);
  const near = { n: q.n * 10n ** 200n + 1n, d: q.d * 10n ** 200n };
  const difference = subtractReals(expOf(realOf(near)), expOf(realOf(q)));
  assert.equal(signOfReal(difference), 1);
  assert.equal(signOfReal(negateReal(difference)), -1);
});

test('an equality that needs more than one layer of exponentials is undecided, not guessed', () => {
  // e^softplus(1) = 1 + e is true; an inequality of the same kind is decided.
  const composed = expOf(softplusOf(one));
  const direct = addReals(one, expOf(one));
  assert.equal(signOfReal(subtractReals(composed, direct)), null);
  assert.equal(vanishes(subtractReals(composed, direct)), null);
  const moved = addReals(direct, realOf(parseExact('1e-30')));
  assert.equal(signOfReal(subtractReals(composed, moved)), -1);
});

test('a number is told by its text where rational, else between bounds, with its form', () => {
  assert.equal(enclosureOf(realOf(rational(2n, 15n))), '2/15');
  assert.equal(enclosureOf(addReals(sigmoidOf(one), sigmoidOf(realOf(integer(-1))))), '1');
  const e = enclosureOf(expOf(one));
  assert.ok(typeof e !== 'string');
  assert.equal(e.form, 'e^(1)');
  assert.match(e.lower ?? '', /^2\.7182818284590452353602874713\d*$/);
  for (const q of [integer(-40), negate(rational(1n, 7n)), integer(30), integer(-30_000)]) {
    const x = negateReal(expOf(realOf(q)));
    const told = enclosureOf(x);
    assert.ok(typeof told !== 'string' && told.lower !== null && told.upper !== null);
    assert.notEqual(signOfReal(subtractReals(x, realOf(parseExact(told.lower)))), -1);
    assert.notEqual(signOfReal(subtractReals(realOf(parseExact(told.upper)), x)), -1);
  }
  assert.deepEqual(enclosureOf(expOf(realOf(integer(10n ** 10n)))), {
    lower: null,
    upper: null,
    form: 'e^(10000000000)',
  });
});
