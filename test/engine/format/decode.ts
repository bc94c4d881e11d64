/**
 * A slow decoder of codes, for tests only: strings of bits and doubles, straight from the printed
 * definitions and the vectors' facts, sharing nothing with the engine. Every value of a format up
 * to 16 bits is a double, and so is every product below.
 */
import type { FormatVector } from './vectors.js';

/** 2^k by repeated multiplication, which is exact for doubles. */
function powerOfTwo(k: number): number {
  let power = 1;
  for (let i = 0; i < Math.abs(k); i++) power *= k > 0 ? 2 : 0.5;
  return power;
}

function binary(text: string): number {
  return text === '' ? 0 : parseInt(text, 2);
}

function listsCode(list: readonly string[], code: number): boolean {
  return list.some((hex) => parseInt(hex, 16) === code);
}

function decodeFloat(v: FormatVector, bits: string): number | null {
  const code = binary(bits);
  const sign = v.signed && bits.startsWith('1') ? -1 : 1;
  const magnitude = v.signed ? bits.slice(1) : bits;
  const exponent = magnitude.slice(0, v.exponentBits);
  const fraction = magnitude.slice(v.exponentBits);
  const top = !exponent.includes('0');
  if (v.nans === 'ieee' ? top && fraction.includes('1') : listsCode(v.nans, code)) return null;
  const infinite =
    v.infinities === 'ieee' ? top && !fraction.includes('1') : listsCode(v.infinities, code);
  if (infinite) return null;
  const bias = v.bias ?? NaN;
  const part = binary(fraction) * powerOfTwo(-fraction.length);
  if (!exponent.includes('1') && v.hasZero) return sign * powerOfTwo(1 - bias) * part;
  return sign * powerOfTwo(binary(exponent) - bias) * (1 + part);
}

/** Posit standard, section 3.3: sign, regime run, exponent padded with zeros, fraction. */
function decodePosit(v: FormatVector, bits: string): number | null {
  if (!bits.includes('1')) return 0;
  if (!bits.slice(1).includes('1')) return null;
  if (bits.startsWith('1')) {
    const opposite = (2 ** v.bits - binary(bits)).toString(2).padStart(v.bits, '0');
    const value = decodePosit(v, opposite);
    return value === null ? null : -value;
  }
  const body = bits.slice(1);
  const run = /^(0+|1+)/.exec(body)?.[0] ?? '';
  const regime = run.startsWith('1') ? run.length - 1 : -run.length;
  const rest = body.slice(run.length + 1);
  const es = v.es ?? NaN;
  const exponent = binary(rest.slice(0, es).padEnd(es, '0'));
  const fraction = rest.slice(es);
  const scale = powerOfTwo(regime * powerOfTwo(es) + exponent);
  return scale * (1 + binary(fraction) * powerOfTwo(-fraction.length));
}

function decodeWord(v: FormatVector, bits: string): number | null {
  const word = binary(bits) - (v.signed && bits.startsWith('1') ? 2 ** v.bits : 0);
  if (v.id.endsWith('_narrow') && word === -(2 ** (v.bits - 1))) return null;
  const step = /^1\*2\^(-?[0-9]+)$/.exec(v.step ?? '')?.[1] ?? 'NaN';
  return word * powerOfTwo(parseInt(step, 10));
}

/** What a code denotes; null where it is no finite number. */
export function decodeSlowly(v: FormatVector, code: number): number | null {
  const bits = code.toString(2).padStart(v.bits, '0');
  if (v.kind === 'float') return decodeFloat(v, bits);
  return v.kind === 'posit' ? decodePosit(v, bits) : decodeWord(v, bits);
}
