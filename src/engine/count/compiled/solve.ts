/**
 * Text of the innermost loop's head where its digit is solved for: which digits the loop visits.
 *
 * The digit moves some units, each by a contribution that is strictly monotone in it, so that the digits
 * below, on and beyond a breakpoint are looked up by the value that brings the unit there.
 *   - Where nothing is tied yet, only digits on a kink are visited: `found[i]`, each once.
 *   - Where something is tied, every digit counts. If codes decide, they are constant on the stretches
 *     between breakpoints, so that one digit stands for its stretch (`size`); else all are visited.
 * Cutting a stretch once more than needed changes no count.
 */
import { literal } from './literal.js';

/** One unit that the solved digit moves. */
export interface Dependent {
  /** Its sum without that digit: text. */
  readonly base: string;
  /** What each digit adds. */
  readonly contribution: Float64Array;
  readonly breakpoints: readonly {
    /** Least integer not below it, on the unit's grid. */
    readonly at: number;
    readonly isKink: boolean;
  }[];
}

export interface Solving {
  readonly level: number;
  readonly radix: number;
  readonly dependents: readonly Dependent[];
  /** Whether codes and the epoch decide a touched point. */
  readonly keyed: boolean;
  readonly integers: boolean;
  /** Keeps a table; its name. */
  readonly table: (values: Int32Array | Float64Array) => string;
}

/** Widest table of places by value. */
const MAX_SPREAD = 1 << 20;
/** Fewest values per looked-up breakpoint for which looking up beats trying. */
const WORTH_SOLVING = 2;

/**
 * Functions of the generated code that the heads call. `place`: how many values come before v, in a table
 * that rises (s = 1) or falls (s = −1). `cut`: puts d in among the first `count` of `found`, which rise
 * and begin below d; how many there are then.
 */
export const SOLVING_FUNCTIONS: readonly string[] = [
  'function place(values, v, s) {',
  '  let lo = 0, hi = values.length;',
  '  while (lo < hi) { const k = (lo + hi) >> 1; if (s * values[k] < s * v) lo = k + 1; else hi = k; }',
  '  return lo;',
  '}',
  'function cut(found, count, d) {',
  '  let k = count;',
  '  while (found[k - 1] > d) k = k - 1 | 0;',
  '  if (found[k - 1] === d) return count;',
  '  for (let i = count; i > k; i = i - 1 | 0) found[i] = found[i - 1];',
  '  found[k] = d;',
  '  return count + 1 | 0;',
  '}',
];

/** Whether looking up is possible and pays. */
export function isWorthSolving({
  dependents,
  radix,
}: Pick<Solving, 'dependents' | 'radix'>): boolean {
  const kinks = dependents.flatMap(({ breakpoints }) => breakpoints.filter(({ isKink }) => isKink));
  return (
    radix >= WORTH_SOLVING * kinks.length &&
    dependents.every(({ contribution }) => directionOf(contribution) !== 0)
  );
}

/** 1 where the contribution rises with the digit, −1 where it falls, 0 where it does neither strictly. */
function directionOf(contribution: Float64Array): -1 | 0 | 1 {
  const isMonotone = (sign: number): boolean =>
    contribution.every(
      (value, digit) => digit === 0 || sign * value > sign * (contribution[digit - 1] as number),
    );
  return isMonotone(1) ? 1 : isMonotone(-1) ? -1 : 0;
}

export interface Head {
  /** Lines up to the opening of the loop over `i`, and those that begin its body. */
  readonly opening: readonly string[];
  readonly body: readonly string[];
  /** Text of how many digits the visited one stands for. */
  readonly size: string;
}

/** The head of the innermost loop; `ties` is the text of how many units are tied before it. */
export function headOf(solving: Solving, ties: string): Head {
  const { level, radix, dependents, keyed, table } = solving;
  const [from, to] = [`l${String(level)}`, `h${String(level)}`];
  const found = table(new Int32Array(radix + 1));
  const lookups = dependents.flatMap((dependent) => {
    const placeOf = placing(solving, dependent.contribution);
    return dependent.breakpoints.map((breakpoint) => ({ ...breakpoint, ...dependent, placeOf }));
  });
  const inStretches = keyed && 2 * lookups.length + 1 < radix;
  const kinks = lookups.filter(({ isKink }) => isKink);
  const opening = [`const all = ${ties} !== 0, found = ${found};`];
  lookups.forEach(({ at, base, placeOf, isKink }, k) => {
    if (!isKink && !inStretches) return;
    const v = `v${String(k)}`;
    opening.push(`const ${v} = ${literal(at)} - ${base}, p${String(k)} = ${placeOf.place(v)};`);
  });
  const isHit = (k: number): string => {
    const { placeOf } = lookups[k] as (typeof lookups)[number];
    return `p${String(k)} < ${to} && ${placeOf.values}[p${String(k)}] === v${String(k)}`;
  };
  opening.push(inStretches ? 'let count = 0;' : `let count = all ? ${to} - ${from} | 0 : 0;`);
  opening.push('if (!all) {');
  const stamps = kinks.length > 1 ? table(new Float64Array(radix)) : null;
  if (stamps !== null) opening.push('  epoch += 1;');
  lookups.forEach(({ isKink }, k) => {
    if (!isKink) return;
    const p = `p${String(k)}`;
    const fresh = stamps === null ? '' : ` && ${stamps}[${p}] !== epoch`;
    const stamp = stamps === null ? '' : ` ${stamps}[${p}] = epoch;`;
    opening.push(
      `  if (${p} >= ${from} && ${isHit(k)}${fresh}) {${stamp} found[count] = ${p}; count = count + 1 | 0; }`,
    );
  });
  if (inStretches) {
    opening.push(`} else if (${from} < ${to}) {`, `  found[0] = ${from}; count = 1;`);
    lookups.forEach((_, k) => {
      const p = `p${String(k)}`;
      opening.push(
        `  if (${p} > ${from} && ${p} < ${to}) count = cut(found, count, ${p});`,
        `  if (${p} >= ${from} && ${isHit(k)} && ${p} + 1 < ${to}) count = cut(found, count, ${p} + 1);`,
      );
    });
    opening.push(`  found[count] = ${to};`);
  }
  opening.push('}', 'for (let i = 0; i < count; i = i + 1 | 0) {');
  const d = `d${String(level)}`;
  return inStretches
    ? {
        opening,
        body: [`const ${d} = found[i], size = all ? found[i + 1] - ${d} | 0 : 1;`],
        size: 'size',
      }
    : { opening, body: [`const ${d} = all ? ${from} + i : found[i];`], size: '1' };
}

interface Placing {
  /** Name of the table of contributions. */
  readonly values: string;
  /** Text of how many digits come before the one that brings a value, or would. */
  readonly place: (value: string) => string;
}

function placing({ radix, integers, table }: Solving, contribution: Float64Array): Placing {
  const rises = directionOf(contribution) === 1;
  const values = table(integers ? Int32Array.from(contribution) : contribution);
  const [first, last] = [contribution[0] as number, contribution[radix - 1] as number];
  const [least, most] = rises ? [first, last] : [last, first];
  if (most - least >= MAX_SPREAD) {
    return { values, place: (v) => `place(${values}, ${v}, ${rises ? '1' : '-1'})` };
  }
  const places = new Int32Array(most - least + 1);
  let digit = 0;
  for (let step = 0; step < places.length; step += 1) {
    const v = rises ? least + step : most - step;
    while (rises ? (contribution[digit] as number) < v : (contribution[digit] as number) > v) {
      digit += 1;
    }
    places[v - least] = digit;
  }
  const name = table(places);
  const [low, high, end] = [literal(least), literal(most), literal(radix)];
  return {
    values,
    place: (v) =>
      rises
        ? `${v} <= ${low} ? 0 : ${v} > ${high} ? ${end} : ${name}[${v} - ${low}]`
        : `${v} >= ${high} ? 0 : ${v} < ${low} ? ${end} : ${name}[${v} - ${low}]`,
  };
}
