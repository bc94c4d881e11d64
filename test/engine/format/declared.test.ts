/** Declared formats: brute force from the definition over all small facts, and every refusal. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { FormatError, type FormatErrorCode } from '../../../src/engine/format/error.js';
import { resolveFormat, type FormatSpec } from '../../../src/engine/format/resolve.js';
import { fromDouble } from '../../../src/engine/num/float64.js';
import { integer, multiply, rational, type Rational } from '../../../src/engine/num/rational.js';
import { parseExact, toText } from '../../../src/engine/num/text.js';
import { anyInteger, anyRational, runs } from '../../arbitraries.js';
import { sameValues, valueSetLaws } from '../../laws/value-set.js';

interface Minifloat {
  exponentBits: number;
  mantissaBits: number;
  bias: number;
  signed: boolean;
  subnormals: boolean;
  infinities: boolean;
  nan: 'ieee' | 'all-ones' | 'negative-zero' | 'none';
}

/** Every finite value of a minifloat, code by code, as the documentation words it. */
function enumerate(f: Minifloat): Rational[] {
  const magnitudes = 2 ** (f.exponentBits + f.mantissaBits);
  const finite: Rational[] = [];
  const taken = f.nan === 'all-ones' ? magnitudes - 1 : magnitudes;
  for (let code = 0; code < magnitudes; code++) {
    const field = Math.floor(code / 2 ** f.mantissaBits);
    const fraction = code % 2 ** f.mantissaBits;
    const top = field === 2 ** f.exponentBits - 1;
    if (f.nan === 'ieee' && top) continue;
    if (code >= taken) continue;
    if (f.infinities && f.nan !== 'ieee' && code === taken - 1) continue;
    const flushed = field === 0 && !f.subnormals;
    const significand = flushed ? 0 : field === 0 ? fraction : 2 ** f.mantissaBits + fraction;
    const value = significand * 2 ** (Math.max(field, 1) - f.bias - f.mantissaBits);
    finite.push(fromDouble(value));
    if (f.signed) finite.push(fromDouble(-value));
  }
  return finite;
}

test('minifloats of all small shapes are what the definition enumerates', () => {
  let compared = 0;
  for (const exponentBits of [1, 2, 3, 4]) {
    for (const mantissaBits of [0, 1, 2, 3]) {
      for (const [signed, subnormals, infinities] of flags3()) {
        for (const nan of ['ieee', 'all-ones', 'negative-zero', 'none'] as const) {
          if (nan === 'ieee' && !infinities) continue;
          if (nan === 'negative-zero' && !signed) continue;
          const bias = 2 ** (exponentBits - 1) + mantissaBits - 2;
          const facts = { exponentBits, mantissaBits, bias, signed, subnormals, infinities, nan };
          const expected = enumerate(facts);
          if (expected.length === 0) {
            refused({ type: 'minifloat', ...facts }, 'no-values', []);
            continue;
          }
          sameValues(resolveFormat({ type: 'minifloat', ...facts }).values, expected);
          compared += 1;
        }
      }
    }
  }
  assert.ok(compared > 350, String(compared));
});

function flags3(): [boolean, boolean, boolean][] {
  return [0, 1, 2, 3, 4, 5, 6, 7].map((i) => [(i & 1) > 0, (i & 2) > 0, (i & 4) > 0]);
}

test('the defaults give the formats that everybody means', () => {
  const pairs: [FormatSpec, string][] = [
    [{ type: 'minifloat', exponentBits: 11, mantissaBits: 52 }, 'binary64'],
    [{ type: 'minifloat', exponentBits: 8, mantissaBits: 7 }, 'bfloat16'],
    [{ type: 'minifloat', exponentBits: 5, mantissaBits: 2 }, 'float8_e5m2'],
    [{ type: 'minifloat', exponentBits: 4, mantissaBits: 3 }, 'float8_e4m3'],
    [{ type: 'minifloat', exponentBits: 4, mantissaBits: 3, nan: 'all-ones' }, 'float8_e4m3fn'],
    [{ type: 'minifloat', exponentBits: 4, mantissaBits: 3, infinities: false }, 'float8_e4m3fn'],
    [{ type: 'minifloat', exponentBits: 2, mantissaBits: 1, nan: 'none' }, 'float4_e2m1fn'],
    [{ type: 'minifloat', exponentBits: 3, mantissaBits: 2, nan: 'none' }, 'float6_e3m2fn'],
    [
      { type: 'minifloat', exponentBits: 4, mantissaBits: 3, nan: 'negative-zero', bias: 8 },
      'float8_e4m3fnuz',
    ],
    [{ type: 'integer', bits: 8 }, 'int8'],
    [{ type: 'integer', bits: 4, signed: false }, 'uint4'],
    [{ type: 'integer', bits: 8, narrow: true }, 'int8_narrow'],
    [{ type: 'fixed', integerBits: 7, fractionBits: 8 }, 'q7_8'],
    [{ type: 'fixed', integerBits: 4, fractionBits: 4, signed: false }, 'uq4_4'],
    [{ type: 'fixed', integerBits: 1, fractionBits: 6 }, 'mxint8'],
  ];
  for (const [spec, name] of pairs) {
    const declared = resolveFormat(spec).values;
    const named = resolveFormat(name).values;
    assert.equal(declared.size, named.size, name);
    for (const k of [0n, 1n, 3n, named.size / 2n, named.size / 2n + 1n, named.size - 1n]) {
      if (k < named.size) assert.deepEqual(declared.at(k), named.at(k), name);
    }
  }
  const flushed = { type: 'minifloat', exponentBits: 5, mantissaBits: 10, subnormals: false };
  assert.equal(resolveFormat(flushed).values.size, 61441n);
});

test('integers are (q − zeroPoint)·scale over the word', () => {
  const scale = anyRational(20).filter((r) => r.n !== 0n);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.boolean(),
      fc.boolean(),
      scale,
      fc.oneof(fc.bigInt({ min: -40n, max: 40n }), anyInteger(70)),
      (bits, signed, narrow, factor, zeroPoint) => {
        const least = (signed ? -(2 ** (bits - 1)) : 0) + (narrow ? 1 : 0);
        const greatest = signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
        const expected = [];
        for (let q = least; q <= greatest; q++) {
          expected.push(multiply(integer(BigInt(q) - zeroPoint), factor));
        }
        const word = { type: 'integer', bits, signed, narrow, scale: toText(factor) };
        const { values } = resolveFormat({ ...word, zeroPoint: String(zeroPoint) });
        sameValues(values, expected);
        valueSetLaws(values, 5);
      },
    ),
    runs(100),
  );
});

test('fixed point is q·2^−n over the word', () => {
  for (const integerBits of [0, 1, 3]) {
    for (const fractionBits of [0, 1, 4]) {
      for (const signed of [true, false]) {
        if (!signed && integerBits + fractionBits === 0) continue;
        const half = 2 ** (integerBits + fractionBits);
        const expected = [];
        for (let q = signed ? -half : 0; q < half; q++) {
          expected.push(rational(BigInt(q), 2n ** BigInt(fractionBits)));
        }
        const spec = { type: 'fixed', integerBits, fractionBits, signed };
        sameValues(resolveFormat(spec).values, expected);
      }
    }
  }
});

test('listed values are folded into a set and ranked', () => {
  const { values, canonical } = resolveFormat({ values: ['1', '0.5', '-1/3', '2/2', 0.5, '-0'] });
  assert.deepEqual(canonical, { values: ['-1/3', '0', '1/2', '1'] });
  assert.equal(values.size, 4n);
  fc.assert(
    fc.property(fc.array(anyRational(20), { minLength: 1, maxLength: 40 }), (list) => {
      const resolved = resolveFormat({ values: list.map(toText) });
      sameValues(resolved.values, list);
      valueSetLaws(resolved.values, 5);
    }),
    runs(50),
  );
});

test('equal questions have equal canonical forms, which resolve to themselves', () => {
  const minifloat = { type: 'minifloat', exponentBits: 4, mantissaBits: 3 };
  const integerWord = { type: 'integer', bits: 4, scale: '1/8' };
  const equal: [FormatSpec, FormatSpec][] = [
    ['E4M3FN', 'torch.float8_e4m3fn'],
    [minifloat, { ...minifloat, bias: 7, signed: true, subnormals: true, nan: 'ieee' }],
    [
      { ...minifloat, infinities: false },
      { ...minifloat, nan: 'all-ones' },
    ],
    [integerWord, { ...integerWord, scale: 0.125, zeroPoint: 0, narrow: false }],
    [integerWord, { ...integerWord, scale: '2/16', zeroPoint: '-0', signed: true }],
    [
      { ...integerWord, zeroPoint: 2 ** 60 },
      { ...integerWord, zeroPoint: '1152921504606846976' },
    ],
    [
      { type: 'fixed', integerBits: 2, fractionBits: 6 },
      { signed: true, fractionBits: 6, integerBits: 2, type: 'fixed' },
    ],
    // Without mantissa bits there is nothing to flush.
    [
      { type: 'minifloat', exponentBits: 3, mantissaBits: 0 },
      { type: 'minifloat', exponentBits: 3, mantissaBits: 0, subnormals: false },
    ],
    [{ values: ['1', '0.50'] }, { values: [0.5, '2/4', '1e0'] }],
  ];
  for (const [a, b] of equal) {
    const { canonical, values } = resolveFormat(a);
    assert.deepEqual(canonical, resolveFormat(b).canonical);
    assert.deepEqual(JSON.parse(JSON.stringify(canonical)), canonical);
    const again = resolveFormat(canonical);
    assert.deepEqual(again.canonical, canonical);
    assert.equal(again.values.size, values.size);
  }
  assert.notDeepEqual(
    resolveFormat(minifloat).canonical,
    resolveFormat({ ...minifloat, bias: 8 }).canonical,
  );
});

function refused(
  spec: unknown,
  code: FormatErrorCode,
  path: readonly (string | number)[],
  message: RegExp = /./,
): void {
  assert.throws(
    () => resolveFormat(spec as FormatSpec),
    (error) => {
      assert.ok(error instanceof FormatError, String(error));
      assert.deepEqual([error.code, error.path], [code, path], error.message);
      assert.match(error.message, message);
      return true;
    },
    JSON.stringify(spec),
  );
}

test('refuses what is no format, with the path and the value', () => {
  refused({}, 'unknown-kind', []);
  refused(null, 'unknown-kind', [], /null/);
  refused([], 'unknown-kind', []);
  refused(7, 'unknown-kind', [], /7/);
  refused({ type: 'posit' }, 'unknown-kind', ['type'], /"posit"/);
  refused({ values: [] }, 'no-values', ['values']);
  refused({ values: '1' }, 'wrong-type', ['values'], /"1"/);
  refused({ values: ['1', '1/0'] }, 'not-exact', ['values', 1], /1\/0/);
  refused({ values: ['1', 'x'] }, 'not-exact', ['values', 1], /"x"/);
  refused({ values: [NaN] }, 'not-exact', ['values', 0], /NaN/);
  refused({ values: Array(900).fill('-1E-9999') }, 'out-of-range', ['values'], /digits/);
  refused({ values: [{ toString: 1, valueOf: 1 }] }, 'wrong-type', ['values', 0]);
  refused({ values: [true] }, 'wrong-type', ['values', 0], /true/);
  refused({ values: ['1'], type: 'integer' }, 'unknown-fact', ['type']);
  const word = { type: 'integer', bits: 4 };
  refused({ ...word, scale: '0/3' }, 'zero-scale', ['scale']);
  refused({ ...word, scale: '1/x' }, 'not-exact', ['scale'], /1\/x/);
  refused({ ...word, zeroPoint: 0.5 }, 'wrong-type', ['zeroPoint'], /0\.5/);
  refused({ ...word, bits: 0 }, 'out-of-range', ['bits'], /0/);
  refused({ ...word, bits: 65 }, 'out-of-range', ['bits'], /65/);
  refused({ ...word, bits: '4' }, 'wrong-type', ['bits'], /"4"/);
  refused({ ...word, bits: 3.5 }, 'wrong-type', ['bits'], /3\.5/);
  refused({ type: 'integer' }, 'missing-fact', ['bits']);
  refused({ ...word, narrow: 1 }, 'wrong-type', ['narrow'], /1/);
  refused({ ...word, width: 1 }, 'unknown-fact', ['width'], /width/);
  const float = { type: 'minifloat', exponentBits: 4, mantissaBits: 3 };
  refused({ ...float, exponentBits: 0 }, 'out-of-range', ['exponentBits'], /fixed/);
  refused({ ...float, exponentBits: 16 }, 'out-of-range', ['exponentBits'], /16/);
  refused({ type: 'minifloat', exponentBits: 4 }, 'missing-fact', ['mantissaBits']);
  refused({ ...float, nan: 'quiet' }, 'wrong-type', ['nan'], /"quiet"/);
  refused({ ...float, nan: 'ieee', infinities: false }, 'contradiction', ['infinities']);
  refused({ ...float, nan: 'negative-zero', signed: false }, 'contradiction', ['nan']);
  refused({ ...float, bias: 1e6 }, 'out-of-range', ['bias'], /1000000/);
  const empty = { type: 'minifloat', exponentBits: 1, mantissaBits: 0, nan: 'all-ones' };
  refused({ ...empty, infinities: true }, 'no-values', []);
  const none = { type: 'fixed', integerBits: 0, fractionBits: 0, signed: false };
  refused(none, 'no-values', ['integerBits']);
  refused({ ...none, fractionBits: -1 }, 'out-of-range', ['fractionBits'], /-1/);
});

test('a number in JSON means exactly its double', () => {
  const { values } = resolveFormat({ values: [0.1] });
  assert.deepEqual(values.at(0n), parseExact('3602879701896397/36028797018963968'));
});
