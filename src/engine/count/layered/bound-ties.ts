/**
 * States whose ties are bound: a layer without biases behind a layer whose values are all 0 but
 * move (theory.md section 5). There the ties of the layer are not free, so the rest of the network
 * is cut off behind the moving units and every choice of its parameters goes to the judge.
 *
 * Near such a state f = F ∘ y with y the moving pre-activations, whose forms are free: so f is
 * differentiable exactly if F is, and the gradient of F at y annihilates the tangents that earlier
 * ties brought to y; and AD is right on f exactly if it is on F.
 */
import type { Proxies } from '../../ad/rules.js';
import type { ValueSet } from '../../format/domain.js';
import type { Entry, Equation, Network, Parameter } from '../../net/ir.js';
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
import { judgeOf } from '../../verdict.js';
import { spaceOf } from '../space.js';
import type { State } from './law.js';
import { Outgrown } from './outgrown.js';
import type { RowLayer } from './rows.js';

/** Counts over the choices of the remaining parameters. */
export interface BoundCount {
  readonly choices: bigint;
  readonly nonDifferentiable: bigint;
  readonly incorrect: bigint;
  readonly undecided: bigint;
}

/**
 * *Exact.* Counts behind a state after layer `layer` whose values are all 0. Throws Outgrown where
 * more than `maxWalks` choices remain.
 */
export function countBoundState(
  network: Network,
  proxies: Proxies,
  layers: readonly RowLayer[],
  layer: number,
  state: State,
  maxWalks: number,
): BoundCount {
  const origins = state.origins;
  const last = layers[layer];
  if (origins === null || last === undefined) {
    throw new Error('countBoundState: the state has lost its origins');
  }
  const values = origins.map(({ y }) => rational(BigInt(y), last.grid.denominator));
  const moving = origins.flatMap(({ constant }, unit) => (constant ? [] : [unit]));
  const cut = cutNetwork(network, last.grid.equation, values, moving);
  const cutProxies = [[], ...proxies.slice(last.grid.equation)];
  const space = spaceOf(cut);
  if (space.visits > BigInt(maxWalks)) {
    throw new Outgrown(
      `behind a layer whose values are all 0, ${String(space.visits)} points would need the walk`,
    );
  }
  const rank = origins[0]?.preTangents.length ?? 0;
  const tangents = Array.from({ length: rank }, (_, k) =>
    moving.map((unit) => integer(origins[unit]?.preTangents[k] ?? 0)),
  );
  const judge = judgeOf(cut, cutProxies);
  let nonDifferentiable = 0n;
  let incorrect = 0n;
  let undecided = 0n;
  for (let at = 0n; at < space.visits; at += 1n) {
    const verdict = judge(space.pointAt(at));
    if (verdict.differentiable === null) {
      undecided += 1n;
    } else if (!verdict.differentiable || reaches(verdict.derivative ?? [], tangents)) {
      nonDifferentiable += 1n;
    } else if (verdict.adCorrect === false) {
      incorrect += 1n;
    }
  }
  return { choices: space.visits, nonDifferentiable, incorrect, undecided };
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
 * of the moving units are parameters, the first ones, each with the one value that it has.
 */
function cutNetwork(
  network: Network,
  from: number,
  values: readonly Rational[],
  moving: readonly number[],
): Network {
  const parameters: Parameter[] = moving.map((unit) => ({
    name: `moving ${String(unit)}`,
    role: 'bias',
    layer: 0,
    values: singleton(values[unit] ?? ZERO),
  }));
  const indexOf = new Map<number, number>();
  const carried = (entry: Entry): Entry => {
    if (!('parameter' in entry)) return entry;
    const parameter = network.parameters[entry.parameter];
    if (parameter === undefined) throw new Error('cutNetwork: an entry names no parameter');
    const index = indexOf.get(entry.parameter) ?? parameters.push(parameter) - 1;
    indexOf.set(entry.parameter, index);
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
  return {
    inputs: [[ONE]],
    parameters,
    equations: [first, ...rest],
    widths: [1, values.length, ...network.widths.slice(from + 1)],
    output: network.output - shift,
  };
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
