/**
 * Formats by name, forgiving of case, punctuation and the prefixes of frameworks, but never of
 * meaning: a separator between two digits is kept (Q1.15 is not Q11.5), and a name that is used
 * for several formats is read as the usual one and a note says so.
 */
import { BLOCK_FORMATS, refusalOf, type BlockFormat } from './block.js';
import { CATALOGUE } from './catalogue.js';
import { FormatError } from './error.js';
import type { Format } from './facts.js';

/** Names that mean several things in use: what they are read as, and what else they mean. */
const AMBIGUOUS: readonly (readonly [name: string, id: string, others: string])[] = [
  ['e4m3', 'float8_e4m3fn', 'float8_e4m3 (IEEE-like, infinities, max 240), float8_e4m3fnuz'],
  ['fp8', 'float8_e4m3fn', 'float8_e5m2, the fnuz formats'],
  ['float8', 'float8_e4m3fn', 'float8_e5m2, the fnuz formats'],
  ['fp8_e4m3', 'float8_e4m3fn', 'float8_e4m3 (IEEE-like, infinities, max 240)'],
  ['e5m2', 'float8_e5m2', 'float8_e5m2fnuz'],
  ['fp6', 'float6_e3m2fn', 'float6_e2m3fn'],
  ['fp4', 'float4_e2m1fn', 'the block formats mxfp4 and nvfp4'],
  ['int8', 'int8', 'int8 with a scale and a zero point, int8_narrow, mxint8'],
  ['posit8', 'posit8', 'posit8_es0 (before the 2022 standard)'],
  ['posit16', 'posit16', 'posit16_es1 (before the 2022 standard)'],
  ['tf32', 'tf32', 'binary32, in which a tensor of TF32 numbers is stored'],
  ['half', 'binary16', 'the alternative half precision of ARM (no infinities, no NaN)'],
  ['mxint8', 'mxint8', 'the block format MXINT8, whose elements share a scale'],
];

/** A Q name in ARM's convention, which counts the sign into m. */
const ARM_SUFFIX = / \(ARM.*\)$/;

interface Entry {
  readonly format: Format;
  readonly note: string | null;
}

/** The name without case and punctuation, but for separators between digits. */
function keyOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/(?<=[0-9])[^a-z0-9]+(?=[0-9])/g, '.')
    .replace(/[^a-z0-9.]|(?<![0-9])\.|\.(?![0-9])/g, '');
}

function entriesByKey(): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>();
  const enter = (name: string, entry: Entry): void => {
    const key = keyOf(name);
    const known = entries.get(key);
    if (known && known.format !== entry.format) {
      throw new Error(`"${name}" names both ${String(known.format.id)} and ${entry.format.name}`);
    }
    entries.set(key, known ?? entry);
  };
  for (const format of CATALOGUE) {
    enter(format.id ?? format.name, { format, note: null });
    for (const alias of [format.name, ...format.aliases]) {
      const bare = alias.replace(/ \(.*\)$/, '');
      enter(alias, { format, note: null });
      if (!ARM_SUFFIX.test(alias)) enter(bare, { format, note: null });
      else enter(bare, { format, note: armNote(bare, format) });
      if (ARM_SUFFIX.test(alias)) enter(`${bare} (ARM)`, { format, note: null });
    }
  }
  for (const [name, id, others] of AMBIGUOUS) {
    const format = CATALOGUE.find((candidate) => candidate.id === id);
    if (!format)
      throw new Error(`the ambiguous name "${name}" is read as "${id}", which is unknown`);
    const note = `"${name}" also stands for other formats: ${others}. Read as ${id}.`;
    entries.set(keyOf(name), { format, note });
  }
  return entries;
}

function armNote(bare: string, format: Format): string {
  return (
    `"${bare}" is read in ARM's convention, which counts the sign bit into the integer bits, as ` +
    `that makes the usual word size: ${String(format.id)}. Without that, declare { "type": "fixed" }.`
  );
}

const ENTRIES = entriesByKey();

const BLOCKS: ReadonlyMap<string, BlockFormat> = new Map(
  BLOCK_FORMATS.flatMap((format) => format.names.map((name) => [keyOf(name), format] as const)),
);

const PREFIX =
  /^(?:torch|jax\.numpy|jnp|jax|numpy|np|tf|tensorflow|ml_dtypes|tensorproto|onnx|xla|dt|ocp)[._:\s]+/i;

/** The keys under which a name is looked for, the plainest first. */
function* candidateKeys(name: string): Generator<string> {
  for (const key of [keyOf(name), keyOf(name.replace(PREFIX, ''))]) {
    yield key;
    for (const word of ['float', 'fp', 'f'])
      yield key.replace(/^(?:ofp|float|fp|f)(?=[0-9])/, word);
  }
}

/** Fewest insertions, deletions and replacements of a letter that lead from a to b. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The ids of the three formats with the nearest names. */
function suggestionsFor(name: string): string[] {
  const key = keyOf(name.slice(0, 64));
  const nearest = new Map<string, number>();
  for (const [known, { format }] of ENTRIES) {
    const id = format.id ?? format.name;
    nearest.set(id, Math.min(nearest.get(id) ?? Infinity, editDistance(key, known)));
  }
  return [...nearest]
    .sort(([, a], [, b]) => a - b)
    .slice(0, 3)
    .map(([id]) => id);
}

/** A format found by name, and what to tell whoever typed that name. */
export interface NamedFormat {
  readonly format: Format;
  /** That the name has other meanings too; null where it has not. */
  readonly note: string | null;
}

/**
 * The format that `name` stands for. Throws a FormatError: `block-format` with the reason, or
 * `unknown-format` with the nearest names.
 */
export function lookup(name: string): NamedFormat {
  for (const key of candidateKeys(name)) {
    const entry = ENTRIES.get(key);
    if (entry) return entry;
    const block = BLOCKS.get(key);
    if (block) throw new FormatError('block-format', [], refusalOf(name, block));
  }
  const fixed = /^(u?)q([0-9]+)\.([0-9]+)$/.exec(keyOf(name));
  const advice = fixed
    ? 'Q names are read in two ways; declare { "type": "fixed", "integerBits": …, "fractionBits": … }'
    : `the nearest are ${suggestionsFor(name).join(', ')}`;
  const shown = name.length <= 64 ? name : `${name.slice(0, 64)}…`;
  throw new FormatError(
    'unknown-format',
    [],
    `"${shown}" is no format of the catalogue; ${advice}`,
  );
}
