/** Catalogue: posits, of the 2022 standard (es = 2) and of the drafts before it. */
import type { Format } from '../facts.js';

const POSIT =
  'Posit Standard (2022): es = 2 for every width, NaR = 10...0; decoder checked against the ' +
  'published vector posit<16,3> 0x0DDD = 477/134217728 (Rosetta Code, Posit numbers/decoding)';

export const POSITS: readonly Format[] = [
  {
    id: 'posit8',
    name: 'posit8 (Posit standard 2022, es=2)',
    facts: { kind: 'posit', bits: 8, exponentBits: 2 },
    aliases: ['posit<8,2>', 'p8'],
    sources: [POSIT],
    note: "2022 standard. maxPos=2^24, minPos=2^-24. Pre-2022 'posit8' usually meant es=0: see posit8_es0.",
  },
  {
    id: 'posit16',
    name: 'posit16 (Posit standard 2022, es=2)',
    facts: { kind: 'posit', bits: 16, exponentBits: 2 },
    aliases: ['posit<16,2>', 'p16'],
    sources: [POSIT],
    note: "2022 standard. Pre-2022 'posit16' usually meant es=1.",
  },
  {
    id: 'posit8_es0',
    name: 'posit8 legacy (es=0)',
    facts: { kind: 'posit', bits: 8, exponentBits: 0 },
    aliases: ['posit<8,0>', 'softposit posit8'],
    sources: [POSIT],
    note: 'legacy (drafts before 2022; name not re-verified)',
  },
  {
    id: 'posit16_es1',
    name: 'posit16 legacy (es=1)',
    facts: { kind: 'posit', bits: 16, exponentBits: 1 },
    aliases: ['posit<16,1>', 'softposit posit16'],
    sources: [POSIT],
    note: 'legacy (drafts before 2022; name not re-verified)',
  },
];
