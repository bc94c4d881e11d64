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
  const groups = groupsOf(network, space, last);
  if (last.bias.some((entry) => 'parameter' in entry && space.digits.includes(entry.parameter))) {
    return null;
  }
  const byGroup = new Map<number, number[]>();
  space.digits.forEach((_, position) => {
    const group = groups.ofDigit(position);
    const own = byGroup.get(group);
    if (own === undefined) byGroup.set(group, [position]);
    else own.push(position);
  });
  if (byGroup.size < 2) return null;
  const [first] = byGroup.keys();
  const parts = [...byGroup].map(([group, positions]): Part | null => {
    const kept = widths.map((width, variable) =>
      Array.from({ length: width }, (_, unit) => unit).filter((unit) => {
        if (variable === 0 || variable >= last.out) return true;
        const own = groups.ofUnit(variable, unit);
        return own === group || (group === first && !byGroup.has(own));
      }),
    );
    if (kept.some((units) => units.length === 0)) return null;
    return { network: restricted(network, space, new Set(positions), kept), positions, kept };
  });
  return parts.includes(null) ? null : (parts as Part[]);
}

/** Units before the output and digits, joined as the header says. */
function groupsOf(network: Network, space: Space, last: DenseEquation): Groups {
  const { equations, widths } = network;
  const groups = new Groups(widths, space.digits.length);
  const digitOf = new Map(space.digits.map((parameter, position) => [parameter, position]));
  const joinEntry = (variable: Variable, unit: number, entry: Entry | undefined): void => {
    if (entry === undefined || !('parameter' in entry)) return;
    const position = digitOf.get(entry.parameter);
    if (position !== undefined) groups.joinDigit(variable, unit, position);
  };
  for (const equation of equations.slice(0, -2)) {
    const { out } = equation;
    const read = (unit: number, variable: Variable, from: number): void => {
      if (variable !== 0) groups.joinUnits(out, unit, variable, from);
    };
    switch (equation.op) {
      case 'dense':
        equation.weight.forEach((row, unit) => {
          row.forEach((entry, j) => {
            if (isNothing(entry)) return;
            read(unit, equation.in, j);
            joinEntry(out, unit, entry);
          });
          joinEntry(out, unit, equation.bias[unit]);
        });
        break;
      case 'activation':
        for (let unit = 0; unit < (widths[out] ?? 0); unit += 1) read(unit, equation.in, unit);
        break;
      case 'affine':
        equation.terms.forEach((terms, unit) => {
          for (const term of terms) read(unit, term.variable, term.unit);
        });
        break;
      case 'max':
        equation.windows.forEach((window, unit) => {
          for (const from of window) read(unit, equation.in, from);
        });
    }
  }
  last.weight.forEach((row) => {
    row.forEach((entry, j) => {
      joinEntry(last.in, j, entry);
    });
  });
  return groups;
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

/** Disjoint sets of units and digits. */
class Groups {
  /** Per variable, the place of its first unit; behind the last one that of the first digit. */
  readonly #first: number[] = [0];
  readonly #above: Int32Array;

  constructor(widths: readonly number[], digits: number) {
    let size = 0;
    for (const width of widths) this.#first.push((size += width));
    this.#above = new Int32Array(size + digits);
    for (let place = 0; place < this.#above.length; place += 1) this.#above[place] = place;
  }

  ofUnit(variable: Variable, unit: number): number {
    return this.#of((this.#first[variable] as number) + unit);
  }

  ofDigit(position: number): number {
    return this.#of((this.#first[this.#first.length - 1] as number) + position);
  }

  joinUnits(variable: Variable, unit: number, other: Variable, from: number): void {
    this.#above[this.ofUnit(variable, unit)] = this.ofUnit(other, from);
  }

  joinDigit(variable: Variable, unit: number, position: number): void {
    this.#above[this.ofUnit(variable, unit)] = this.ofDigit(position);
  }

  #of(place: number): number {
    let top = place;
    while (this.#above[top] !== top) {
      // Each on the way is hung one higher.
      const above = this.#above[top] as number;
      top = this.#above[top] = this.#above[above] as number;
    }
    return top;
  }
}
