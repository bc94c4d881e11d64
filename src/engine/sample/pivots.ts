/**
 * Which parameters may serve as pivots of which neuron, and what that says of a network before
 * anything is drawn: how much the ties of one neuron may weigh at most.
 */
import type { ChainNetwork } from '../net/chain.js';
import type { Entry, DenseEquation, Network } from '../net/ir.js';
import { usesOf } from '../net/ir.js';
import { ZERO, add, compare, isZero, rational, type Rational } from '../num/rational.js';
import { neuronsOf, type Neuron } from '../count/space.js';

/** A parameter of a row that is its own, with its scale; `input` is null for the bias. */
export interface OwnEntry {
  readonly parameter: number;
  readonly scale: Rational;
  readonly input: number | null;
}

/** A neuron with the equation that makes its pre-activation. */
export interface Row {
  readonly neuron: Neuron;
  readonly dense: DenseEquation;
  /** Candidates for its pivot, the bias first: the first with a non-zero coefficient is it. */
  readonly own: readonly OwnEntry[];
  /** Whether the bias is among them: then there is a pivot at every point. */
  readonly always: boolean;
  /** *Upper bound.* Σ over the pivot's solutions of 1/|M_p|; 0 where it never has a pivot. */
  readonly weight: Rational;
}

/** *Exact.* The rows of all neurons that can be touched, in the order of `neuronsOf`. */
export function rowsOf(network: ChainNetwork): Row[] {
  const uses = usesOf(network);
  const isOwn = (entry: Entry | undefined): entry is Extract<Entry, { parameter: number }> =>
    entry !== undefined &&
    'parameter' in entry &&
    !isZero(entry.scale) &&
    uses[entry.parameter]?.length === 1;
  const denseInto = new Map(
    network.equations.flatMap((equation) =>
      equation.op === 'dense' ? [[equation.out, equation] as const] : [],
    ),
  );
  return neuronsOf(network).map((neuron) => {
    const activation = network.equations[neuron.equation];
    const dense = activation === undefined ? undefined : denseInto.get(activation.in);
    if (activation?.op !== 'activation' || dense === undefined) {
      throw new Error('rowsOf: a neuron without a row');
    }
    const own: OwnEntry[] = [];
    const bias = dense.bias[neuron.unit];
    if (isOwn(bias)) own.push({ parameter: bias.parameter, scale: bias.scale, input: null });
    const always = own.length > 0;
    (dense.weight[neuron.unit] ?? []).forEach((entry, input) => {
      if (!always && isOwn(entry)) {
        own.push({ parameter: entry.parameter, scale: entry.scale, input });
      }
    });
    const solutions = BigInt(activation.activation.kinks.length * network.inputs.length);
    const weight = own.reduce((most, { parameter }) => {
      const size = sizeOf(network, parameter);
      const share = rational(solutions < size ? solutions : size, size);
      return compare(share, most) > 0 ? share : most;
    }, ZERO);
    return { neuron, dense, own, always, weight };
  });
}

/** *Exact.* |M_p|. */
export function sizeOf(network: Network, parameter: number): bigint {
  const size = network.parameters[parameter]?.values.size;
  if (size === undefined) throw new RangeError(`sizeOf: no parameter ${String(parameter)}`);
  return size;
}

/**
 * *Upper bound.* The most that the possible ties of some rows weigh together at any point, where a
 * solution weighs 1/|M_p| and the ties without a pivot weigh at most 1 together.
 */
export function weightBound(rows: readonly Row[]): Rational {
  const pivoted = rows.reduce((sum, { weight }) => add(sum, weight), ZERO);
  return rows.some(({ always }) => !always) ? add(pivoted, rational(1n)) : pivoted;
}
