/**
 * Catalogue: fixed point. Qm.n here has m integer bits without the sign (Texas Instruments,
 * Microchip); ARM counts the sign into m and calls the same word Q(m+1).n.
 */
import type { FixedFacts, Format } from '../facts.js';

const Q_FORMAT =
  'Microchip online documentation 5.1.2 Fractional Format (Qn.m: m+n+1 bits, range ' +
  '[-2^n, 2^n-2^-m]); ARM DUI 0066G 4.7.9 (signed Q4.12 is 16 bits, -8 to almost +8)';
const GFLOAT_INT8 =
  'graphcore-research/gfloat@b142762 src/gfloat/formats.py format_info_ocp_int8, docs/source/formats.rst';

function fixed(integerBits: number, fractionBits: number, signed: boolean): FixedFacts {
  return { kind: 'fixed', integerBits, fractionBits, signed };
}

export const FIXED: readonly Format[] = [
  {
    id: 'mxint8',
    name: 'OCP MX INT8 element (implied scale 2^-6)',
    facts: fixed(1, 6, true),
    aliases: ['ocp_int8', 'MXINT8 element'],
    sources: [GFLOAT_INT8],
    note: "two's complement with implied scale 2^-6: -2 .. 1+63/64. gfloat lists max ~1.9844, smallest 0.015625.",
  },
  {
    id: 'q7_8',
    name: 'Q7.8 fixed point',
    facts: fixed(7, 8, true),
    aliases: ['Q7.8 (TI/Microchip, sign excluded)', 'Q8.8 (ARM, sign included)'],
    sources: [Q_FORMAT],
    note: "signed: value = q * 2^-n, q a two's-complement integer of m+n+1 bits (sign excluded from m)",
  },
  {
    id: 'q0_7',
    name: 'Q0.7 fixed point',
    facts: fixed(0, 7, true),
    aliases: ['Q0.7', 'Q7', 'Q1.7 (ARM)'],
    sources: [Q_FORMAT],
    note: "signed: value = q * 2^-n, q a two's-complement integer of m+n+1 bits (sign excluded from m)",
  },
  {
    id: 'q3_4',
    name: 'Q3.4 fixed point',
    facts: fixed(3, 4, true),
    aliases: ['Q3.4', 'Q4.4 (ARM)'],
    sources: [Q_FORMAT],
    note: "signed: value = q * 2^-n, q a two's-complement integer of m+n+1 bits (sign excluded from m)",
  },
  {
    id: 'q0_15',
    name: 'Q0.15 fixed point',
    facts: fixed(0, 15, true),
    aliases: ['Q15', 'Q0.15', 'Q1.15 (ARM)'],
    sources: [Q_FORMAT],
    note: "signed: value = q * 2^-n, q a two's-complement integer of m+n+1 bits (sign excluded from m)",
  },
  {
    id: 'q15_16',
    name: 'Q15.16 fixed point',
    facts: fixed(15, 16, true),
    aliases: ['Q15.16', 'Q16.16 (ARM)'],
    sources: [Q_FORMAT],
    note: "signed: value = q * 2^-n, q a two's-complement integer of m+n+1 bits (sign excluded from m)",
  },
  {
    id: 'q0_31',
    name: 'Q0.31 fixed point',
    facts: fixed(0, 31, true),
    aliases: ['Q31', 'Q1.31 (ARM)'],
    sources: [Q_FORMAT],
    note: "signed: value = q * 2^-n, q a two's-complement integer of m+n+1 bits (sign excluded from m)",
  },
  {
    id: 'uq4_4',
    name: 'UQ4.4 fixed point',
    facts: fixed(4, 4, false),
    aliases: ['UQ4.4'],
    sources: [Q_FORMAT],
    note: "signed: value = q * 2^-n, q a two's-complement integer of m+n+1 bits (sign excluded from m)",
  },
  {
    id: 'uq8_8',
    name: 'UQ8.8 fixed point',
    facts: fixed(8, 8, false),
    aliases: ['UQ8.8'],
    sources: [Q_FORMAT],
    note: "signed: value = q * 2^-n, q a two's-complement integer of m+n+1 bits (sign excluded from m)",
  },
];
