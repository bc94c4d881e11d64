import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { divide, equal, integer, power, rational } from '../../../src/engine/num/rational.js';
import { parseExact, toText } from '../../../src/engine/num/text.js';
import { ExactTextSchema } from '../../../src/schemas/exact.js';
import { anyRational, runs } from '../../arbitraries.js';

test('reads integers, rationals and decimals', () => {
  const cases: [string, bigint, bigint][] = [
    ['0', 0n, 1n],
    ['-0', 0n, 1n],
    ['+17', 17n, 1n],
    ['-3/6', -1n, 2n],
    ['+4/2', 2n, 1n],
    ['0/7', 0n, 1n],
    ['-0.375', -3n, 8n],
    ['.5', 1n, 2n],
    ['5.', 5n, 1n],
    ['-.25e1', -5n, 2n],
    ['1.50e-1', 3n, 20n],
    ['2E+3', 2000n, 1n],
    ['12e-0001', 6n, 5n],
    ['0.1', 1n, 10n],
  ];
  for (const [text, n, d] of cases) assert.deepEqual(parseExact(text), { n, d }, text);
  assert.deepEqual(parseExact('1e9999'), { n: 10n ** 9999n, d: 1n });
});

test('refuses everything else, naming the text', () => {
  const refused = [
    '',
    ' ',
    '1 ',
    ' 1',
    '1/',
    '/2',
    '1/-2',
    '1/+2',
    '.',
    '-',
    '+',
    '--1',
    '1e',
    'e5',
  ];
  refused.push('.e1', '1e12345', '0x10', '1_000', '1,5', 'NaN', 'Infinity', '1.5/2', '1/2/3', '１');
  refused.push('1\n', '1/2\n', '1e+', '1.2.3', '2*3');
  for (const text of refused) {
    assert.throws(
      () => parseExact(text),
      (error) => error instanceof SyntaxError && error.message.includes(`"${text}"`),
      JSON.stringify(text),
    );
  }
  assert.throws(() => parseExact('-7/000'), { name: 'RangeError', message: /"-7\/000".*0/ });
  assert.throws(() => parseExact('x'.repeat(5000)), { message: /^"x{80}…" \(5000 characters\)/ });
});

test('reads exactly what the wire schema admits, but for zero denominators', () => {
  const pattern = new RegExp(String(ExactTextSchema['pattern']));
  const piece = fc.constantFrom('+', '-', '.', '/', 'e', 'E', '0', '1', '25', '9999', ' ', '\n');
  const text = fc.array(piece, { maxLength: 7 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(text, (input) => {
      let outcome = 'read';
      try {
        parseExact(input);
      } catch (error) {
        outcome = (error as Error).name;
      }
      if (!pattern.test(input)) assert.equal(outcome, 'SyntaxError');
      else assert.equal(outcome, /\/0+$/.test(input) ? 'RangeError' : 'read');
    }),
    runs(3000),
  );
});

test('print and parse round trip, and equal numbers have equal texts', () => {
  fc.assert(
    fc.property(anyRational(300), fc.bigInt({ min: 1n, max: 50n }), (r, k) => {
      assert.ok(equal(parseExact(toText(r)), r));
      assert.equal(toText(parseExact(`${String(r.n * k)}/${String(r.d * k)}`)), toText(r));
      assert.match(toText(r), /^-?(0|[1-9][0-9]*)(\/([2-9]|[1-9][0-9]+))?$/);
    }),
    runs(500),
  );
});

test('a decimal is its digits over a power of ten', () => {
  const digits = fc.stringMatching(/^[0-9]{1,40}$/);
  fc.assert(
    fc.property(digits, digits, fc.integer({ min: -99, max: 99 }), (whole, part, exponent) => {
      const ten = integer(10);
      const shift = exponent - part.length;
      const plain = rational(BigInt(whole + part));
      const expected =
        shift < 0
          ? divide(plain, power(ten, -shift))
          : rational(plain.n * power(ten, shift).n, plain.d);
      assert.deepEqual(parseExact(`${whole}.${part}e${String(exponent)}`), expected);
    }),
    runs(300),
  );
});
