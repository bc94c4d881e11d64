/**
 * Ties that are bound: a layer without biases behind units whose values are 0 but move (theory.md
 * section 5). There the ties of the layer are not free, so the rest of the network is cut off behind
 * the moving pre-activations y and every choice of its parameters goes to the judge.
 *
 * Near such a prefix f = F ∘ y, and the forms of the moving y are free, because every earlier row was
 * free or still: so f is differentiable exactly if F is and the gradient of F at y annihilates the
 * tangents that earlier ties brought to y; and AD is right on f exactly if it is on F.
 */
import type { Proxies } from '../../ad/rules.js';
import type { ValueSet } from '../../format/domain.js';
import type { Entry, Equation, Network, Parameter } from '../../net/ir.js';
import { approximate } from '../../num/float64.js';
import {
  ONE,
  ZERO,
  add,
  equal,
  integer,
  isZero,
  multiply,
  rational,
  type Rational,
} from '../../num/rational.js';
import { judgeOf, type Verdict } from '../../verdict.js';
import { spaceOf } from '../space.js';
import { COST, type Meter } from './meter.js';
import { Outgrown } from './outgrown.js';
import type { RowLayer } from './rows.js';
import type { BoundState } from './states.js';

/** Counts over the choices of the remaining parameters. */
export interface BoundCount {
  readonly choices: bigint;
  readonly nonDifferentiable: bigint;
  readonly incorrect: bigint;
  readonly undecided: bigint;
  /** Of each set the first point that was met: the remaining parameters by their index. */
  readonly first: {
    readonly nonDifferentiable: CutPoint | null;
    readonly incorrect: CutPoint | null;
    readonly undecided: CutPoint | null;
  };
}

/** Values of the remaining parameters, by their index in the network. */
export type CutPoint = ReadonlyMap<number, Rational>;

/** *Exact.* Counts behind a bound state. Throws Outgrown where too many choices remain. */
export function countBoundState(
  network: Network,
  proxies: Proxies,
  layers: readonly RowLayer[],
  state: BoundState,
  meter: Meter,
): BoundCount {
  const last = layers[state.layer];
  if (last === undefined) throw new Error('countBoundState: no such layer');
  const from = last.grid.equation;
  const values = state.y.map((y) => rational(BigInt(y), last.grid.denominator));
  const moving = state.still.flatMap((still, unit) => (still ? [] : [unit]));
  const { cut, originals } = cutNetwork(network, from, values, moving);
  const cutProxies = [[], ...proxies.slice(from)];
  const space = spaceOf(cut);
  if (space.visits > BigInt(meter.maxWalks)) {
    throw new Outgrown(
      `behind a layer whose values are 0, ${String(space.visits)} points would need the walk`,
    );
  }
  meter.spend(approximate(space.visits) * COST.walkParameter * cut.parameters.length);
  const rank = state.preTangents[0]?.length ?? 0;
  const tangents = Array.from({ length: rank }, (_, k) =>
    moving.map((unit) => integer(state.preTangents[unit]?.[k] ?? 0)),
  );
  const judge = judgeOf(cut, cutProxies);
  const counts = { nonDifferentiable: 0n, incorrect: 0n, undecided: 0n };
  const first: { -readonly [K in keyof BoundCount['first']]: CutPoint | null } = {
    nonDifferentiable: null,
    incorrect: null,
    undecided: null,
  };
  for (let at = 0n; at < space.visits; at += 1n) {
    const point = space.pointAt(at);
    const set = setOf(judge(point), tangents);
    if (set === null) continue;
    counts[set] += 1n;
    first[set] ??= new Map(
      point.flatMap((value, index) => {
        const original = originals[index];
        return original === undefined || original === -1 ? [] : [[original, value]];
      }),
    );
  }
  return { choices: space.visits, ...counts, first };
}

function setOf(
  verdict: Verdict,
  tangents: readonly (readonly Rational[])[],
): keyof BoundCount['first'] | null {
  if (verdict.differentiable === null) return 'undecided';
  if (!verdict.differentiable || reaches(verdict.derivative ?? [], tangents)) {
    return 'nonDifferentiable';
  }
  return verdict.adCorrect === false ? 'incorrect' : null;
}

/** Whether the gradient of F, whose first columns are the moving units, moves with some tangent. */
function reaches(
  gradient: readonly (readonly Rational[])[],
  tangents: readonly (readonly Rational[])[],
): boolean {
  return tangents.some((tangent) =>
    gradient.some((row) => {
      const sum = tangent.reduce(
        (partial, entry, k) => add(partial, multiply(row[k] ?? ZERO, entry)),
        ZERO,
      );
      return !isZero(sum);
    }),
  );
}

/**
 * The network from the activation equation `from` on. Its pre-activations are constants, but those
 * of the moving units are parameters, the first ones, each with the one value that it has. `originals`
 * names the network's parameter behind each of the cut's, −1 for the first ones.
 */
function cutNetwork(
  network: Network,
  from: number,
  values: readonly Rational[],
  moving: readonly number[],
): { readonly cut: Network; readonly originals: readonly number[] } {
  const parameters: Parameter[] = moving.map((unit) => ({
    name: `moving ${String(unit)}`,
    role: 'bias',
    layer: 0,
    values: singleton(values[unit] ?? ZERO),
  }));
  const originals = moving.map(() => -1);
  const indexOf = new Map<number, number>();
  const carried = (entry: Entry): Entry => {
    if (!('parameter' in entry)) return entry;
    const parameter = network.parameters[entry.parameter];
    if (parameter === undefined) throw new Error('cutNetwork: an entry names no parameter');
    let index = indexOf.get(entry.parameter);
    if (index === undefined) {
      index = parameters.push(parameter) - 1;
      originals.push(entry.parameter);
      indexOf.set(entry.parameter, index);
    }
    return { parameter: index, scale: entry.scale };
  };
  const first: Equation = {
    op: 'dense',
    out: 1,
    in: 0,
    layer: 0,
    weight: values.map(() => [{ constant: ZERO }]),
    bias: values.map((value, unit): Entry => {
      const parameter = moving.indexOf(unit);
      return parameter === -1 ? { constant: value } : { parameter, scale: ONE };
    }),
  };
  const shift = from - 1;
  const rest = network.equations.slice(from).map((equation): Equation => {
    if (equation.op === 'affine' || equation.op === 'max') {
      throw new Error(`cutNetwork: a grid program has no ${equation.op} equation`);
    }
    const moved = { out: equation.out - shift, in: equation.in - shift };
    return equation.op === 'activation'
      ? { ...equation, ...moved }
      : {
          ...equation,
          ...moved,
          weight: equation.weight.map((row) => row.map(carried)),
          bias: equation.bias.map(carried),
        };
  });
  const cut: Network = {
    inputs: [[ONE]],
    parameters,
    equations: [first, ...rest],
    widths: [1, values.length, ...network.widths.slice(from + 1)],
    output: network.output - shift,
  };
  return { cut, originals };
}

function singleton(value: Rational): ValueSet {
  return {
    name: 'one value',
    size: 1n,
    at: () => value,
    rankOf: (other) => (equal(other, value) ? 0n : null),
    countBelow: () => 0n,
  };
}
