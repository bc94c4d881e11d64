/**
 * Independent parts of a network: f is a constant plus a sum of networks that share no parameter.
 *
 * Units are joined with what they read through an entry that is not the constant 0, and with the digits
 * that set their entries; what only the last dense layer brings together stays apart, since it adds. Each
 * digit, and each unit before the output, belongs to one part; a unit that no digit moves goes with the
 * first. For given weights of the last layer the parts' derivatives stand in different coordinates of w,
 * so that f is differentiable exactly if every part is, and AD is right on f exactly if it is on every part.
 */
import { isAffine } from '../../net/activation.js';
import type { DenseEquation, Entry, Equation, Network, Variable } from '../../net/ir.js';
import { isZero, type Rational } from '../../num/rational.js';
import type { Space } from '../space.js';

export interface Part {
  readonly network: Network;
  /** Positions, among the digits of the whole, of the part's own, increasing. */
  readonly positions: readonly number[];
  /** Per variable, the units of the whole that are kept, increasing. */
  readonly kept: readonly (readonly number[])[];
}

/** *Exact.* The parts of a network, two at least; null where it is one, or has no such last layer. */
export function partsOf(network: Network, space: Space): Part[] | null {
  const { equations, widths, output } = network;
  const last = equations[equations.length - 2];
  const activation = equations[equations.length - 1];
  if (network.loss !== undefined || last?.op !== 'dense' || last.in === 0) return null;
  if (activation?.op !== 'activation' || activation.out !== output) return null;
  if (activation.in !== last.out || !isAffine(activation.activation)) return null;
  const groups = new Groups();
  const before = equations.slice(0, -2);
  const digitOf = new Map(space.digits.map((parameter, position) => [parameter, position]));
  const join = (unit: string, entry: Entry): void => {
    const position = 'parameter' in entry ? digitOf.get(entry.parameter) : undefined;
    if (position !== undefined) groups.join(unit, digitName(position));
  };
  for (const { op, unit, reads, entries } of before.flatMap(unitsOf)) {
    groups.join(unit, unit);
    for (const read of reads) groups.join(unit, read);
    if (op === 'dense') for (const entry of entries) join(unit, entry);
  }
  last.weight.forEach((row) => {
    row.forEach((entry, j) => {
      join(unitName(last.in, j), entry);
    });
  });
  if (last.bias.some((entry) => 'parameter' in entry && digitOf.has(entry.parameter))) return null;
  const byGroup = new Map<string, number[]>();
  space.digits.forEach((_, position) => {
    const group = groups.of(digitName(position));
    byGroup.set(group, [...(byGroup.get(group) ?? []), position]);
  });
  if (byGroup.size < 2) return null;
  const [first] = byGroup.keys();
  const parts = [...byGroup].map(([group, positions]): Part | null => {
    const kept = widths.map((width, variable) =>
      Array.from({ length: width }, (_, unit) => unit).filter((unit) => {
        if (variable === 0 || variable >= last.out) return true;
        const own = groups.of(unitName(variable, unit));
        return own === group || (group === first && !byGroup.has(own));
      }),
    );
    if (kept.some((units) => units.length === 0)) return null;
    return { network: restricted(network, space, new Set(positions), kept), positions, kept };
  });
  return parts.includes(null) ? null : (parts as Part[]);
}

function unitName(variable: Variable, unit: number): string {
  return `${String(variable)} ${String(unit)}`;
}

function digitName(position: number): string {
  return `digit ${String(position)}`;
}

interface UnitUse {
  readonly op: Equation['op'];
  readonly unit: string;
  readonly reads: readonly string[];
  readonly entries: readonly Entry[];
}

/** The units that an equation assigns, what they read (but not the input), and their entries. */
function unitsOf(equation: Equation, index: number, all: readonly Equation[]): UnitUse[] {
  const { op, out } = equation;
  const use = (
    unit: number,
    reads: readonly string[],
    entries: readonly Entry[] = [],
  ): UnitUse => ({
    op,
    unit: unitName(out, unit),
    reads,
    entries,
  });
  switch (equation.op) {
    case 'dense':
      return equation.weight.map((row, unit) => {
        const reads = row.flatMap((entry, j) =>
          equation.in === 0 || isNothing(entry) ? [] : [unitName(equation.in, j)],
        );
        return use(unit, reads, [...row, equation.bias[unit] as Entry]);
      });
    case 'activation': {
      // What an activation reads was assigned before by a dense equation, or by another.
      const width = widthOf(all, equation.in, index);
      return Array.from({ length: width }, (_, unit) => use(unit, [unitName(equation.in, unit)]));
    }
    case 'affine':
      return equation.terms.map((terms, unit) =>
        use(
          unit,
          terms
            .filter(({ variable }) => variable !== 0)
            .map(({ variable, unit: read }) => unitName(variable, read)),
        ),
      );
    case 'max':
      return equation.windows.map((window, unit) =>
        use(unit, equation.in === 0 ? [] : window.map((read) => unitName(equation.in, read))),
      );
  }
}

function widthOf(equations: readonly Equation[], variable: Variable, before: number): number {
  const assigning = equations.slice(0, before).find(({ out }) => out === variable);
  switch (assigning?.op) {
    case 'dense':
      return assigning.weight.length;
    case 'affine':
      return assigning.terms.length;
    case 'max':
      return assigning.windows.length;
    case 'activation':
      return widthOf(equations, assigning.in, before);
    case undefined:
      return 0;
  }
}

function isNothing(entry: Entry): boolean {
  return 'constant' in entry && isZero(entry.constant);
}

/** The network with the kept units and the part's parameters, and those that are no digits. */
function restricted(
  network: Network,
  space: Space,
  positions: ReadonlySet<number>,
  kept: Part['kept'],
): Network {
  const placeOf = kept.map((units) => new Map(units.map((unit, place) => [unit, place])));
  const others = new Set(
    space.digits.filter((_, position) => !positions.has(position)).map((parameter) => parameter),
  );
  const used = new Set<number>();
  for (const equation of network.equations) {
    if (equation.op !== 'dense') continue;
    for (const unit of kept[equation.out] ?? []) {
      const row = (kept[equation.in] ?? []).map((j) => equation.weight[unit]?.[j]);
      for (const entry of [...row, equation.bias[unit]]) {
        if (entry !== undefined && 'parameter' in entry) used.add(entry.parameter);
      }
    }
  }
  const own = [...used].filter((parameter) => !others.has(parameter)).sort((a, b) => a - b);
  const numberOf = new Map(own.map((parameter, number) => [parameter, number]));
  const entryOf = (entry: Entry): Entry => {
    if (!('parameter' in entry)) return entry;
    const parameter = numberOf.get(entry.parameter);
    if (parameter === undefined) throw new Error('partition: an entry of another part');
    return { ...entry, parameter };
  };
  const unitsIn = (variable: Variable): readonly number[] => kept[variable] ?? [];
  const placed = (variable: Variable, units: readonly number[]): number[] =>
    units.flatMap((unit) => placeOf[variable]?.get(unit) ?? []);
  const dense = (equation: DenseEquation): DenseEquation => ({
    ...equation,
    weight: unitsIn(equation.out).map((unit) =>
      unitsIn(equation.in).map((j) => entryOf(equation.weight[unit]?.[j] as Entry)),
    ),
    bias: unitsIn(equation.out).map((unit) => entryOf(equation.bias[unit] as Entry)),
  });
  const equations = network.equations.map((equation): Equation => {
    switch (equation.op) {
      case 'dense':
        return dense(equation);
      case 'activation':
        return equation;
      case 'affine':
        return {
          ...equation,
          terms: unitsIn(equation.out).map((unit) =>
            (equation.terms[unit] ?? []).map((term) => ({
              ...term,
              unit: placeOf[term.variable]?.get(term.unit) as number,
            })),
          ),
          offset: unitsIn(equation.out).map((unit) => equation.offset[unit] as Rational),
        };
      case 'max':
        return {
          ...equation,
          windows: unitsIn(equation.out).map((unit) =>
            placed(equation.in, equation.windows[unit] ?? []),
          ),
        };
    }
  });
  return {
    ...network,
    parameters: own.map(
      (parameter) => network.parameters[parameter] as Network['parameters'][number],
    ),
    equations,
    widths: kept.map((units) => units.length),
  };
}

/** Disjoint sets by name. */
class Groups {
  readonly #above = new Map<string, string>();

  of(name: string): string {
    let top = name;
    for (let above = this.#above.get(top); above !== undefined && above !== top;) {
      top = above;
      above = this.#above.get(top);
    }
    return top;
  }

  join(a: string, b: string): void {
    const [top, other] = [this.of(a), this.of(b)];
    this.#above.set(top, top);
    if (top !== other) this.#above.set(other, top);
  }
}
