/**
 * The symmetries of an enumeration: classes of units that may be exchanged, and units whose sign may be.
 *
 * Sources of candidates: rows of one dense equation that share no parameter with other rows (units of a
 * dense layer, filters of a convolution), exchanged or negated; and the inputs, where samples allow it.
 * Whatever is suggested, `automorphism.ts` proves or refuses.
 *
 * A class acts on the *keys* of its units: stretches of digits, one per unit, of equal sets.
 *
 * 1. Signs. An automorphism φ that negates the first digit k of a key maps {k = v} onto {k = −v} and
 *    keeps every verdict F, so Σ_Ω F = Σ_{k = 0} F + 2·Σ_{k < 0} F.
 * 2. Exchanges. Automorphisms that exchange the first key with each of the others and leave the rest of
 *    the keys in place make all permutations of the keys, so Φ(κ₁, …, κₙ), the sum of F over all other
 *    digits, is symmetric: Σ_Ω F = Σ over κ₁ ≤ … ≤ κₙ of n!/(m₁!·m₂!…)·Φ, m the multiplicities. All
 *    digits but the keys keep their whole range: what is visited is a union of boxes. Step 2 is taken
 *    after step 1, whose weights it permutes with the keys.
 * 3. Several classes. The weights of one depend on its keys alone. The automorphisms of the next must
 *    leave those in place, so that weight times F is still symmetric under them; those that do not are not used.
 *
 * F is any sum that the automorphisms leave alone: of points that are touched, in ndf, in inc, undecided;
 * of pairs of relevant neurons; and of the neurons of one orbit that are touched or relevant. Neurons
 * of one orbit have equal counts over Ω, so each has the orbit's sum divided by its size (`orbits.ts`).
 *
 * Keys hold digits that some equation before the last tie reads: all values of the digits behind it are
 * counted at once, which cutting their range would undo.
 *
 * Undecided points: whether a walk is decided within its bounds may depend on the order of the units, so
 * that the visited point of an orbit may be undecided where another is not, or the other way around. A
 * decided point is right for its orbit either way.
 */
import type { Proxies } from '../../ad/rules.js';
import { varies, type DenseEquation, type Network } from '../../net/ir.js';
import { doubleOf } from '../../num/exact-double.js';
import { neuronsOf, type Space } from '../space.js';
import { automorphismsOf, type Automorphism, type Seed } from './automorphism.js';
import { imageOf, type Sign } from './equivariance.js';

/** The keys of exchangeable units, or of one unit whose sign may be exchanged. */
export interface KeyClass {
  /** The first position of each key, increasing; positions are those of the space's digits. */
  readonly starts: readonly number[];
  /** How many digits a key has. */
  readonly length: number;
  /** Whether the first digit's sign may be exchanged, in each key alone. */
  readonly signed: boolean;
}

export interface Symmetries {
  readonly classes: readonly KeyClass[];
  /** Neurons that the symmetries exchange, by index among `neuronsOf`: those of two or more. */
  readonly orbits: readonly (readonly number[])[];
}

const NONE: Symmetries = { classes: [], orbits: [] };

/** Most digits and entries of a network whose symmetries are looked for; larger ones are not enumerated. */
const DIGITS_MAX = 64;
const ENTRIES_MAX = 200_000;
/** Entries that the search may look at: each candidate is passed through the whole network. */
const LOOKS_MAX = 3_000_000;
/** Sets whose digits fit 31 bits, as boxes hold them. */
const RADIX_MAX = 2n ** 31n;
/**
 * A key of R values for n units leaves 1/n!·(1 + about n²/2R) of the keys: longer ones than this gain
 * little and cut the space into more boxes.
 */
const KEY_VALUES_PER_PAIR = 12;

/** *Exact.* The symmetries of the points of a space. */
export function symmetriesOf(network: Network, proxies: Proxies, space: Space): Symmetries {
  if (space.digits.length > DIGITS_MAX || space.radices.some((radix) => radix >= RADIX_MAX)) {
    return NONE;
  }
  const search = new Search(network, proxies, space);
  if (search.entries > ENTRIES_MAX) return NONE;
  network.equations.forEach((equation) => {
    if (equation.op === 'dense') search.rows(equation);
  });
  search.inputs();
  return { classes: search.classes, orbits: search.orbits() };
}

/** What one member of a class looks like: the automorphism that exchanges it with the first one. */
interface Member {
  readonly exchange: Automorphism;
}

class Search {
  readonly classes: KeyClass[] = [];
  readonly entries: number;
  readonly #network: Network;
  readonly #space: Space;
  readonly #prove: (seed: Seed) => Automorphism | null;
  /** By parameter: its position among the digits; −1 of inert ones. */
  readonly #positionOf: readonly number[];
  /** By parameter: whether some equation before the last tie reads it. */
  readonly #inHead: readonly boolean[];
  /** Parameters that stand in keys. */
  readonly #keyed = new Set<number>();
  readonly #used: Automorphism[] = [];
  #looks = LOOKS_MAX;

  constructor(network: Network, proxies: Proxies, space: Space) {
    this.#network = network;
    this.#space = space;
    this.#prove = automorphismsOf(network, proxies);
    const last = network.equations.findLastIndex(
      (each) =>
        (each.op === 'activation' && each.activation.kinks.length > 0) ||
        (each.op === 'max' && each.windows.some((window) => window.length > 1)),
    );
    this.#positionOf = network.parameters.map((_, p) => space.digits.indexOf(p));
    this.#inHead = space.uses.map((uses) => uses.some(({ equation }) => equation < last));
    this.entries = network.equations.reduce(
      (sum, each) =>
        sum + (each.op === 'dense' ? each.weight.length * (each.weight[0]?.length ?? 0) : 0),
      0,
    );
  }

  /** Rows of a dense equation: exchanged as blocks that share no parameter, or negated. */
  rows(equation: DenseEquation): void {
    const units = equation.weight.length;
    const blocks = blocksOf(equation).filter((block) => parametersOf(equation, block).length > 0);
    const exchange = (a: readonly number[], b: readonly number[]): Seed => {
      const image = Array.from({ length: units }, (_, unit) => unit);
      a.forEach((unit, k) => {
        const other = b[k] as number;
        image[unit] = other;
        image[other] = unit;
      });
      return { variable: equation.out, move: { image, sign: image.map((): Sign => 1) } };
    };
    const turn = (block: readonly number[]): Seed => {
      const image = Array.from({ length: units }, (_, unit) => unit);
      const sign = image.map((unit): Sign => (block.includes(unit) ? -1 : 1));
      return { variable: equation.out, move: { image, sign } };
    };
    this.#classesAmong(
      blocks.map((units) => ({ units, parameters: parametersOf(equation, units) })),
      exchange,
      turn,
    );
  }

  /** Inputs: exchanged or negated, where every sample becomes one of the samples. */
  inputs(): void {
    const width = this.#network.widths[0] ?? 0;
    const identity = Array.from({ length: width }, (_, unit) => unit);
    const readers = this.#network.equations.filter(
      (each): each is DenseEquation => each.op === 'dense' && each.in === 0,
    );
    const blocks = identity.map((j) => ({
      units: [j],
      parameters: [
        ...new Set(
          readers.flatMap(({ weight }) =>
            weight.flatMap((row) => {
              const entry = row[j];
              return entry !== undefined && 'parameter' in entry ? [entry.parameter] : [];
            }),
          ),
        ),
      ],
    }));
    this.#classesAmong(
      blocks.filter(({ parameters }) => parameters.length > 0),
      ([a = 0], [b = 0]) => ({
        variable: 0,
        move: {
          image: identity.map((j) => (j === a ? b : j === b ? a : j)),
          sign: identity.map((): Sign => 1),
        },
      }),
      ([a = 0]) => ({
        variable: 0,
        move: { image: identity, sign: identity.map((j): Sign => (j === a ? -1 : 1)) },
      }),
    );
  }

  #classesAmong(
    blocks: readonly Block[],
    exchange: (a: readonly number[], b: readonly number[]) => Seed,
    turn: (block: readonly number[]) => Seed,
  ): void {
    let rest = [...blocks];
    for (let [first] = rest; first !== undefined; [first] = rest) {
      const { units } = first;
      const members: Member[] = [];
      const others: Block[] = [];
      for (const block of rest.slice(1)) {
        const found =
          block.units.length === units.length ? this.#allowed(exchange(units, block.units)) : null;
        if (found === null) others.push(block);
        else members.push({ exchange: found });
      }
      this.#settle(first, members, () => this.#allowed(turn(units)));
      rest = others;
    }
  }

  /** An automorphism that leaves all keys so far in place. */
  #allowed(seed: Seed): Automorphism | null {
    this.#looks -= this.entries;
    if (this.#looks < 0) return null;
    const found = this.#prove(seed);
    return found === null || !this.#keeps(found, this.#keyed) ? null : found;
  }

  #keeps({ parameters }: Automorphism, keys: Iterable<number>): boolean {
    return [...keys].every((p) => imageOf(parameters, p) === p && parameters.sign[p] === 1);
  }

  /** Gives a class its keys, where it has any. */
  #settle(
    { parameters }: Block,
    members: readonly Member[],
    turned: () => Automorphism | null,
  ): void {
    const ordered = parameters
      .filter((p) => this.#isKey(p))
      .sort((a, b) => this.#position(a) - this.#position(b));
    const turn = turned();
    const chosen = ordered.find((p) => this.#exchanges(p, members));
    if (members.length > 0 && chosen !== undefined) {
      const signed = turn !== null && this.#negates(turn, [chosen, ...images(chosen, members)], 0);
      this.#add(chosen, this.#lengthFrom(chosen, members), members, signed);
      this.#used.push(...members.map(({ exchange }) => exchange));
      // Those of the others are its conjugates.
      if (signed) this.#used.push(turn);
      return;
    }
    const alone = turn === null ? undefined : ordered.find((p) => this.#negates(turn, [p], 0));
    if (turn === null || alone === undefined) return;
    this.#add(alone, 1, [], true);
    this.#used.push(turn);
  }

  #isKey(p: number): boolean {
    return this.#position(p) !== -1 && this.#inHead[p] === true;
  }

  #position(p: number): number {
    return this.#positionOf[p] as number;
  }

  /** Whether each member's automorphism exchanges p with its image and leaves the other images in place. */
  #exchanges(p: number, members: readonly Member[]): boolean {
    const to = images(p, members);
    if (new Set([p, ...to]).size <= members.length || !to.every((q) => this.#isKey(q)))
      return false;
    return members.every(({ exchange }, k) => {
      const { image, sign } = exchange.parameters;
      const q = to[k] as number;
      const others = to.filter((_, other) => other !== k);
      return image[q] === p && sign[p] === 1 && sign[q] === 1 && this.#keeps(exchange, others);
    });
  }

  /** Whether an automorphism negates one of these parameters and leaves the others in place. */
  #negates(turn: Automorphism, parameters: readonly number[], which: number): boolean {
    const { image, sign } = turn.parameters;
    const p = parameters[which] as number;
    const others = parameters.filter((q) => q !== p);
    return image[p] === p && sign[p] === -1 && this.#keeps(turn, others);
  }

  /** How many digits the key has: those that follow in every key, until they are enough. */
  #lengthFrom(start: number, members: readonly Member[]): number {
    const n = members.length + 1;
    const radixAt = (position: number): number => doubleOf(this.#space.radices[position] ?? 1n);
    const begins = [start, ...images(start, members)].map((p) => this.#position(p));
    let values = radixAt(this.#position(start));
    let length = 1;
    while (values < KEY_VALUES_PER_PAIR * ((n * (n - 1)) / 2)) {
      const next = this.#space.digits[this.#position(start) + length];
      if (next === undefined || begins.includes(this.#position(next))) break;
      const follows = images(next, members).every(
        (q, k) => this.#position(q) === (begins[k + 1] as number) + length,
      );
      if (!follows || !this.#isKey(next) || !this.#exchanges(next, members)) break;
      values *= radixAt(this.#position(next));
      length += 1;
    }
    return length;
  }

  #add(start: number, length: number, members: readonly Member[], signed: boolean): void {
    const starts = [start, ...images(start, members)].map((p) => this.#position(p));
    this.classes.push({ starts: starts.sort((a, b) => a - b), length, signed });
    for (const begin of starts) {
      for (let k = 0; k < length; k += 1) this.#keyed.add(this.#space.digits[begin + k] as number);
    }
  }

  /** The orbits of the neurons under the automorphisms that are used. */
  orbits(): number[][] {
    const neurons = neuronsOf(this.#network);
    const index = new Map(
      neurons.map(({ equation, unit }, k) => [`${String(equation)} ${String(unit)}`, k]),
    );
    const orbitOf = new Partition(neurons.length);
    for (const { variables } of this.#used) {
      neurons.forEach(({ equation, unit }, k) => {
        const move = variables[this.#network.equations[equation]?.out ?? 0] ?? null;
        const to = index.get(`${String(equation)} ${String(imageOf(move, unit))}`);
        if (to === undefined) throw new Error('orbits: a neuron is moved to none');
        orbitOf.join(k, to);
      });
    }
    return orbitOf.parts().filter((part) => part.length > 1);
  }
}

interface Block {
  readonly units: readonly number[];
  readonly parameters: readonly number[];
}

function images(p: number, members: readonly Member[]): number[] {
  return members.map(({ exchange }) => imageOf(exchange.parameters, p));
}

/** Units whose rows share parameters, directly or through others, in blocks of increasing units. */
function blocksOf(equation: DenseEquation): number[][] {
  const partition = new Partition(equation.weight.length);
  const first = new Map<number, number>();
  equation.weight.forEach((row, unit) => {
    for (const entry of [...row, equation.bias[unit]]) {
      if (entry === undefined || !('parameter' in entry) || !varies(entry)) continue;
      partition.join(first.get(entry.parameter) ?? unit, unit);
      if (!first.has(entry.parameter)) first.set(entry.parameter, unit);
    }
  });
  return partition.parts();
}

function parametersOf(equation: DenseEquation, units: readonly number[]): number[] {
  const found = new Set<number>();
  for (const unit of units) {
    for (const entry of [...(equation.weight[unit] ?? []), equation.bias[unit]]) {
      if (entry !== undefined && 'parameter' in entry && varies(entry)) found.add(entry.parameter);
    }
  }
  return [...found];
}

/** A partition of 0 … n − 1 that grows coarser. */
class Partition {
  readonly #parent: number[];

  constructor(n: number) {
    this.#parent = Array.from({ length: n }, (_, k) => k);
  }

  #root(k: number): number {
    let root = k;
    while (this.#parent[root] !== root) {
      const above = this.#parent[root] as number;
      this.#parent[root] = this.#parent[above] as number;
      root = above;
    }
    return root;
  }

  join(a: number, b: number): void {
    const [one, other] = [this.#root(a), this.#root(b)];
    this.#parent[Math.max(one, other)] = Math.min(one, other);
  }

  /** The parts, each increasing, in the order of their first elements. */
  parts(): number[][] {
    const parts = new Map<number, number[]>();
    this.#parent.forEach((_, k) => {
      const root = this.#root(k);
      const part = parts.get(root) ?? [];
      part.push(k);
      parts.set(root, part);
    });
    return [...parts.values()];
  }
}
