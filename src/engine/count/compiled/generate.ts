/**
 * Generated code: the loops of a lattice as one JavaScript function, every sum unrolled.
 *
 * The text is made of fixed pieces and of integers that were checked (`literal`): no string of a
 * request goes into it, and no name but those made here. Each scalar stands at the loop of the
 * innermost digit it depends on. Where every bound is below 2^30 all is 32-bit integers, else doubles,
 * in which `lattice.ts` proved every sum exact.
 *
 * What runs is `run(lo, hi)`, over digits lo[i] … hi[i] − 1 of loop i. It finds every combination at
 * which some unit ties and hands it to the runtime: by its code key, whose verdict may be known, or
 * one by one.
 */
import type { ActivationStep, Coefficient, DenseStep, Lattice, MaxStep, Step } from './lattice.js';
import { literal } from './literal.js';
import { digitOf, type Loops } from './loops.js';
import { codeOf, horner } from './point.js';
import { FEW_KEYS, type Generated } from './runtime.js';
import type { KeyPlace } from './silent.js';
import { SOLVING_FUNCTIONS, headOf, isWorthSolving, type Dependent } from './solve.js';

const INTEGER_BOUND = 2n ** 30n;
const MAX_KEY = 2 ** 53;
/** An integer that is known, or a name whose value is known from a loop on. */
interface Scalar {
  readonly level: number;
  readonly text: string;
  readonly constant: number | null;
}

/** *Exact.* The code of a lattice; null where its code key may leave 2^53. */
export function generate(
  lattice: Lattice,
  loops: Loops,
  radices: readonly number[],
): Generated | null {
  const writer = new Writer(lattice, loops, radices);
  return writer.written();
}

class Writer {
  readonly #lattice: Lattice;
  readonly #loops: Loops;
  readonly #radices: readonly number[];
  readonly #integers: boolean;
  /** Lines of each loop body; index 0 is outside all loops. */
  readonly #lines: string[][];
  readonly #levelOf: ReadonlyMap<number, number>;
  readonly #values: Scalar[][] = [];
  readonly #loaded = new Set<number>();
  readonly #tables: (Int32Array | Float64Array)[];
  readonly #dependents: Dependent[] = [];
  /** Summands of the key and of the number of ties, by level. */
  readonly #keys: string[][];
  readonly #ties: string[][];
  readonly #places: KeyPlace[] = [];
  #names = 0;
  #place = 1;
  #constantKey = 0;
  #constantTies = 0;

  constructor(lattice: Lattice, loops: Loops, radices: readonly number[]) {
    this.#lattice = lattice;
    this.#loops = loops;
    this.#radices = radices;
    const head = lattice.steps.slice(0, lattice.tail);
    const areSmall = (bounds: readonly bigint[] | undefined): boolean =>
      bounds?.every((bound) => bound < INTEGER_BOUND) ?? true;
    this.#integers =
      areSmall(lattice.bounds[0]) &&
      head.every(
        ({ out, equation }) =>
          areSmall(lattice.bounds[out]) &&
          (lattice.weightBounds.get(equation)?.every(areSmall) ?? true),
      );
    this.#tables = lattice.tables.map(({ values }) =>
      this.#integers ? new Int32Array(values) : values,
    );
    const levels = loops.order.length + 1;
    this.#lines = Array.from({ length: levels }, () => []);
    this.#keys = Array.from({ length: levels }, () => []);
    this.#ties = Array.from({ length: levels }, () => []);
    this.#levelOf = new Map(loops.order.map((position, loop) => [position, loop + 1]));
  }

  written(): Generated | null {
    const { samples, inputs, steps, tail } = this.#lattice;
    this.#values.push(Array.from(inputs, (x) => known(x)));
    for (let k = 0; k < tail; k += 1) {
      const step = steps[k] as Step;
      const out: Scalar[] = [];
      for (let sample = 0; sample < samples; sample += 1) {
        for (let unit = 0; unit < step.units; unit += 1) {
          const place = this.#place;
          out.push(this.#scalar(step, sample, unit));
          const radix = this.#place / place;
          if (radix > 1) this.#places.push({ step: k, sample, unit, place, radix });
        }
      }
      this.#values.push(out);
    }
    if (this.#place > MAX_KEY) return null;
    const source = this.#source();
    const [integers, tables, places] = [this.#integers, this.#tables, this.#places];
    return { source, integers, tables, keys: this.#place, places };
  }

  #scalar(step: Step, sample: number, unit: number): Scalar {
    switch (step.op) {
      case 'dense':
        return this.#dense(step, sample, unit);
      case 'activation':
        return this.#activation(step, sample, unit);
      case 'max':
        return this.#max(step, sample, unit);
      case 'affine': {
        const terms = (step.terms[unit] ?? []).map(
          ({ variable, unit: read, coefficient }): readonly [Scalar, Scalar] => [
            known(coefficient),
            this.#value(variable, sample, read),
          ],
        );
        return this.#sum(terms, step.offset[unit] as number).total;
      }
    }
  }

  #value(variable: number, sample: number, unit: number): Scalar {
    const width = this.#lattice.widths[variable] as number;
    return this.#values[variable]?.[sample * width + unit] as Scalar;
  }

  #name(prefix: string): string {
    this.#names += 1;
    return `${prefix}${String(this.#names)}`;
  }

  #say(level: number, line: string): void {
    this.#lines[level]?.push(line);
  }

  #coefficient(coefficient: Coefficient): Scalar {
    if ('constant' in coefficient) return known(coefficient.constant);
    const { table } = coefficient;
    const level = this.#levelOf.get(digitOf(this.#lattice, coefficient)) as number;
    const text = `w${String(table)}`;
    if (!this.#loaded.has(table)) {
      this.#loaded.add(table);
      this.#say(level, `const ${text} = T${String(table)}[d${String(level)}];`);
    }
    return { level, text, constant: null };
  }

  #dense(step: DenseStep, sample: number, unit: number): Scalar {
    const terms: (readonly [Scalar, Scalar])[] = [];
    for (let j = 0; j < step.fanIn; j += 1) {
      const coefficient = step.weight[unit * step.fanIn + j] as Coefficient;
      const x = this.#value(step.in, sample, j);
      if (x.constant === 0 || ('constant' in coefficient && coefficient.constant === 0)) continue;
      terms.push([this.#coefficient(coefficient), x]);
    }
    terms.push([this.#coefficient(step.bias[unit] as Coefficient), known(1)]);
    const { total, base } = this.#sum(terms, 0);
    if (this.#loops.solved && total.level === this.#loops.order.length) {
      this.#depends(step, sample, unit, base);
    }
    return total;
  }

  /** The sum of products, each term at its own loop; and what it is before the innermost one. */
  #sum(
    terms: readonly (readonly [Scalar, Scalar])[],
    offset: number,
  ): { total: Scalar; base: Scalar } {
    let constant = offset;
    const byLevel: string[][] = this.#lines.map(() => []);
    for (const [a, b] of terms) {
      if (a.constant !== null && b.constant !== null) constant += a.constant * b.constant;
      else if (a.constant !== 0 && b.constant !== 0) {
        byLevel[Math.max(a.level, b.level)]?.push(this.#product(a, b));
      }
    }
    let total = known(constant);
    let base = total;
    byLevel.forEach((texts, level) => {
      if (texts.length === 0) return;
      base = total;
      const parts = total.constant === 0 ? texts : [total.text, ...texts];
      const name = this.#name('y');
      this.#say(level, `const ${name} = ${parts.join(' + ')}${this.#integers ? ' | 0' : ''};`);
      total = { level, text: name, constant: null };
    });
    return { total, base };
  }

  #product(a: Scalar, b: Scalar): string {
    if (a.constant === 1) return b.text;
    if (b.constant === 1) return a.text;
    return this.#integers ? `Math.imul(${a.text}, ${b.text})` : `${a.text} * ${b.text}`;
  }

  #activation(step: ActivationStep, sample: number, unit: number): Scalar {
    const y = this.#value(step.in, sample, unit);
    const { grid } = step;
    if (y.constant !== null) {
      const code = codeOf(grid, y.constant);
      this.#code(known(code), 2 * grid.thresholds.length + 1, known(code & 1));
      return known(horner(grid.pieces[(code + 1) >> 1] as Float64Array, y.constant));
    }
    const name = this.#name('z');
    const piece = this.#byPiece(step, y.text, (p) => this.#horner(grid.pieces[p], y.text), false);
    this.#say(y.level, `const ${name} = ${piece};`);
    if (grid.thresholds.length > 0) {
      const code = this.#name('c');
      const text = this.#byPiece(step, y.text, (p) => String(2 * p), true);
      this.#say(y.level, `const ${code} = ${text};`);
      const scalar: Scalar = { level: y.level, text: code, constant: null };
      this.#code(scalar, 2 * grid.thresholds.length + 1, { ...scalar, text: `(${code} & 1)` });
    }
    return { level: y.level, text: name, constant: null };
  }

  /** A choice by the piece of y; with `kinks`, a breakpoint that is a kink has a code of its own. */
  #byPiece(
    { grid }: ActivationStep,
    y: string,
    of: (piece: number) => string,
    kinks: boolean,
  ): string {
    let text = '';
    let closing = '';
    for (const [b, threshold] of grid.thresholds.entries()) {
      if (threshold === -Infinity) continue;
      if (threshold === Infinity) return `${text}${of(b)}${closing}`;
      const t = literal(threshold);
      text += `(${y} < ${t} ? ${of(b)} : `;
      closing += ')';
      if (kinks && grid.kinkAt[b] !== -1) {
        text += `${y} === ${t} ? ${String(2 * b + 1)} : `;
      }
    }
    return `${text}${of(grid.thresholds.length)}${closing}`;
  }

  #horner(coefficients: Float64Array | undefined, y: string): string {
    const all = coefficients ?? new Float64Array(0);
    if (all.length === 0) return '0';
    if (all.length === 2 && all[0] === 0 && all[1] === 1) return y;
    let text = literal(all[all.length - 1] as number);
    for (let k = all.length - 2; k >= 0; k -= 1) {
      text = this.#integers
        ? `(Math.imul(${text}, ${y}) + ${literal(all[k] as number)} | 0)`
        : `(${text} * ${y} + ${literal(all[k] as number)})`;
    }
    return text;
  }

  #max(step: MaxStep, sample: number, unit: number): Scalar {
    const members = (step.windows[unit] ?? []).map((read) => this.#value(step.in, sample, read));
    const [first] = members;
    if (first === undefined) throw new Error('generate: an empty window');
    if (members.length === 1) return first;
    const level = members.reduce((most, member) => Math.max(most, member.level), 0);
    const texts = members.map(({ text }) => text);
    const name = this.#name('m');
    const code = this.#name('c');
    this.#say(level, `const ${name} = Math.max(${texts.join(', ')});`);
    const bits = texts.map((text, k) => `(${text} === ${name} ? ${String(1 << k)} : 0)`);
    this.#say(level, `const ${code} = ${bits.join(' | ')};`);
    const scalar: Scalar = { level, text: code, constant: null };
    const tied = `((${code} & ${code} - 1) === 0 ? 0 : 1)`;
    this.#code(scalar, 2 ** members.length, { ...scalar, text: tied });
    return { level, text: name, constant: null };
  }

  /** A unit's code goes into the key, at a place of its own, and its tie is counted. */
  #code(code: Scalar, radix: number, tied: Scalar): void {
    if (code.constant !== null) {
      this.#constantKey += code.constant * this.#place;
      this.#constantTies += tied.constant ?? 0;
    } else if (this.#place < MAX_KEY) {
      this.#keys[code.level]?.push(`${code.text} * ${literal(this.#place)}`);
      this.#ties[code.level]?.push(tied.text);
    }
    this.#place *= radix;
  }

  /** Notes a unit that the solved digit moves. */
  #depends(step: DenseStep, sample: number, unit: number, base: Scalar): void {
    const activation = this.#lattice.steps.find(
      (other): other is ActivationStep => other.op === 'activation' && other.in === step.out,
    );
    const position = this.#loops.order[this.#loops.order.length - 1] as number;
    const contribution = new Float64Array(this.#radices[position] ?? 0);
    const gather = (coefficient: Coefficient, by: number): void => {
      if (!('table' in coefficient) || digitOf(this.#lattice, coefficient) !== position) return;
      this.#lattice.tables[coefficient.table]?.values.forEach((value, digit) => {
        contribution[digit] = (contribution[digit] as number) + value * by;
      });
    };
    for (let j = 0; j < step.fanIn; j += 1) {
      const x = this.#value(step.in, sample, j).constant;
      if (x !== null) gather(step.weight[unit * step.fanIn + j] as Coefficient, x);
    }
    gather(step.bias[unit] as Coefficient, 1);
    const breakpoints = Array.from(activation?.grid.thresholds ?? [], (at, b) => ({
      at,
      isKink: activation?.grid.kinkAt[b] !== -1,
    })).filter(({ at }) => Number.isFinite(at));
    this.#dependents.push({ base: base.text, contribution, breakpoints });
  }

  #source(): string {
    const { order, solved } = this.#loops;
    const radix = this.#radices[order[order.length - 1] ?? -1] ?? 0;
    const dependents = this.#dependents;
    const lookUp = solved && isWorthSolving({ dependents, radix });
    let size = '1';
    const body: string[] = [];
    const heads: string[] = [];
    let ties = literal(this.#constantTies);
    let key = literal(this.#constantKey);
    let indent = '';
    const say = (line: string): void => {
      body.push(`${indent}${line}`);
    };
    for (let level = 0; level <= order.length; level += 1) {
      const innermost = level === order.length;
      if (level > 0) {
        const [d, from, to] = [`d${String(level)}`, `l${String(level)}`, `h${String(level)}`];
        heads.push(
          `const ${from} = lo[${String(level - 1)}] | 0, ${to} = hi[${String(level - 1)}] | 0;`,
        );
        if (innermost && lookUp) {
          const { keyed } = this.#loops;
          const table = (values: Int32Array | Float64Array): string =>
            `T${String(this.#tables.push(values) - 1)}`;
          const integers = this.#integers;
          const head = headOf({ level, radix, dependents, keyed, integers, table }, ties);
          head.opening.forEach(say);
          indent += '  ';
          head.body.forEach(say);
          size = head.size;
        } else {
          say(`for (let ${d} = ${from}; ${d} < ${to}; ${d} = ${d} + 1 | 0) {`);
          indent += '  ';
        }
      }
      const renews = this.#loops.keyed && level > 0 && level === this.#loops.epoch + 1;
      if (renews) say('runtime.renew();');
      for (const line of this.#lines[level] ?? []) say(line);
      const tiesHere = this.#ties[level] ?? [];
      if (tiesHere.length > 0) {
        say(`const n${String(level)} = ${[ties, ...tiesHere].join(' + ')};`);
        ties = `n${String(level)}`;
        say(`const k${String(level)} = ${[key, ...(this.#keys[level] ?? [])].join(' + ')};`);
        key = `k${String(level)}`;
      }
    }
    say(`if (${ties} !== 0) {`);
    const at = order.map((position, loop) => `at[${String(position)}] = d${String(loop + 1)};`);
    if (this.#loops.keyed) {
      const decided = `{ ${at.join(' ')} slot = runtime.decide(${key}); }`;
      if (this.#place <= FEW_KEYS) {
        say(`  let slot = slots[${key}];`);
        say(`  if (slot < 0) ${decided}`);
      } else {
        say(`  let slot = slots.get(${key});`);
        say(`  if (slot === undefined) ${decided}`);
      }
      say(`  counts[slot] += ${size};`);
    } else {
      say(`  ${at.join(' ')} runtime.visit();`);
    }
    say('}');
    for (let level = order.length; level > 0; level -= 1) {
      indent = indent.slice(2);
      say('}');
    }
    const tables = this.#tables.map((_, k) => `T${String(k)} = tables[${String(k)}]`);
    return [
      '"use strict";',
      'const at = runtime.at, slots = runtime.slots, counts = runtime.counts;',
      ...(tables.length > 0 ? [`const ${tables.join(', ')};`] : []),
      'let epoch = 0;',
      ...(lookUp ? SOLVING_FUNCTIONS : []),
      'return function run(lo, hi) {',
      ...[...heads, ...body].map((line) => `  ${line}`),
      '};',
      '',
    ].join('\n');
  }
}

function known(constant: number): Scalar {
  return { level: 0, text: literal(constant), constant };
}
