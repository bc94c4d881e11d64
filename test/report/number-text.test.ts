import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  LONGEST_INLINE,
  log10Text,
  rationalText,
  readRational,
  round,
  roundText,
  shorten,
} from '../../src/report/number-text.js';
import { runs } from '../arbitraries.js';

const rounded = (text: string): string => {
  const { text: shown, exact } = round(readRational(text));
  return `${exact ? '=' : '≈'} ${shown}`;
};

test('round keeps six digits and says whether anything was lost', () => {
  assert.equal(rounded('0'), '= 0');
  assert.equal(rounded('2/15'), '≈ 0.133333');
  assert.equal(rounded('-2/3'), '≈ −0.666667');
  assert.equal(rounded('3/4'), '= 0.75');
  assert.equal(rounded('1000000'), '= 1000000');
  assert.equal(rounded('20601000'), '= 2.0601e7');
  assert.equal(rounded('170859375'), '≈ 1.70859e8');
  assert.equal(rounded('1/100000'), '= 1e−5');
  assert.equal(rounded('9999999/10000000'), '≈ 1');
  assert.equal(rounded('9999995/10'), '≈ 1000000');
});

test('round neither overflows nor underflows', () => {
  assert.equal(rounded(`7/1${'0'.repeat(4000)}`), '= 7e−4000');
  assert.equal(rounded(`1${'0'.repeat(4000)}1`), '≈ 1e4001');
});

test('round agrees with toPrecision wherever a double holds the number', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1 }), (n, d) => {
      const shown = Number(round({ n: BigInt(n), d: BigInt(d) }).text.replaceAll('−', '-'));
      const direct = Number((n / d).toPrecision(6));
      // A quotient next to a half may fall either way in double arithmetic: one unit at most.
      const unit = n === 0 ? 0 : 10 ** (Math.floor(Math.log10(Math.abs(n / d))) - 5);
      assert.ok(Math.abs(shown - direct) <= unit * 1.0001, `${String(shown)} ${String(direct)}`);
    }),
  );
});

test('log10Text stands for numbers that no double holds', () => {
  assert.equal(log10Text(`1/1${'0'.repeat(4000)}`), -4000);
  assert.ok(Math.abs(log10Text('2/15') - Math.log10(2 / 15)) < 1e-12);
  assert.throws(() => log10Text('0'), /not positive/);
});

test('roundText rounds long texts as round does, also next to where the rounding turns', () => {
  const digits = fc.bigInt(1n, 10n ** 60n);
  const turning = fc
    .tuple(fc.integer({ min: 100_000, max: 999_999 }), fc.integer({ min: 30, max: 90 }))
    .chain(([lead, zeros]) =>
      fc
        .constantFrom(-1n, 0n, 1n)
        .chain((off) =>
          fc.constantFrom(
            BigInt(lead) * 10n ** BigInt(zeros) + off,
            (2n * BigInt(lead) + 1n) * 5n * 10n ** BigInt(zeros - 1) + off,
          ),
        ),
    );
  const long = fc.oneof(digits, turning, turning);
  fc.assert(
    fc.property(
      long,
      fc.oneof(fc.constant(1n), long),
      fc.bigInt(1n, 10n ** 9n),
      fc.boolean(),
      (n, d, factor, negative) => {
        // A common factor leaves the number as it is, reduced or not.
        for (const by of [1n, factor, 10n ** 50n]) {
          const text = `${negative ? '-' : ''}${String(n * by)}/${String(d * by)}`;
          assert.deepEqual(roundText(text), round({ n: negative ? -n : n, d }), text);
        }
      },
    ),
    runs(2000),
  );
  assert.deepEqual(roundText('0/7'), { text: '0', exact: true });
});

test('readRational takes canonical text alone and rationalText gives it back', () => {
  for (const text of ['0', '-3', '2/15', '-2/15']) {
    assert.equal(rationalText(readRational(text)), text);
  }
  for (const text of ['', '1.5', '1/-2', ' 1', '1e3', '+1']) {
    assert.throws(() => readRational(text), SyntaxError);
  }
});

test('shorten keeps what fits and says how much it left out', () => {
  const fits = '1'.repeat(LONGEST_INLINE);
  assert.equal(shorten(fits), fits);
  assert.equal(shorten('1'.repeat(400)), '11111111…111111 (400 digits)');
  assert.equal(shorten(`7/1${'0'.repeat(400)}`), '7/100000…0000 (401 digits)');
  assert.equal(
    shorten(`-${'1'.repeat(50)}/${'3'.repeat(40)}`),
    '-11111…1111/333333…3333 (50 digits over 40 digits)',
  );
});
