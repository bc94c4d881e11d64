/**
 * The last hidden layer of a chain, as conditional sampling integrates it: units with a bias of their own
 * in front of an affine output whose weights are used once (theory.md section 6).
 */
import { isAffine } from '../net/activation.js';
import type { ChainNetwork } from '../net/chain.js';
import { usesOf, type Entry } from '../net/ir.js';
import { bitLength } from '../num/bits.js';
import {
  ONE,
  ZERO,
  divide,
  isZero,
  multiply,
  rational,
  subtract,
  type Rational,
} from '../num/rational.js';
import { rowsOf, sizeOf, type Row } from './pivots.js';

/** Longest denominator of an observation, in bits: sums of its square are what is stored. */
const UNIT_BITS_MAX = 4096;

/** The last hidden layer, ready to be integrated. */
export interface LastLayer {
  /** Its first neuron, among `neuronsOf`. */
  readonly first: number;
  readonly rows: readonly Row[];
  /** |M_i| of each bias. */
  readonly sizes: readonly bigint[];
  /** q_i. */
  readonly reaches: readonly Rational[];
}

/** *Exact.* The last hidden layer; or why it cannot be integrated. */
export function lastLayerOf(network: ChainNetwork): LastLayer | string {
  if (network.inputs.length !== 1) return 'it needs one input';
  const output = network.equations[network.equations.length - 1];
  const dense = network.equations[network.equations.length - 2];
  const hidden = network.equations[network.equations.length - 3];
  if (output?.op !== 'activation' || dense?.op !== 'dense' || !isAffine(output.activation)) {
    return 'it needs an output layer without kinks';
  }
  if (hidden?.op !== 'activation' || hidden.activation.kinks.length === 0) {
    return 'it needs kinks in the last hidden layer';
  }
  const rows = rowsOf(network);
  const first = rows.findIndex(({ neuron }) => neuron.equation === network.equations.length - 3);
  const lastRows = rows.slice(first);
  if (!lastRows.every(({ always }) => always)) {
    return 'it needs a bias of its own for every unit of the last hidden layer';
  }
  const uses = usesOf(network);
  const entries = dense.weight.flat();
  if (entries.some((entry) => 'parameter' in entry && uses[entry.parameter]?.length !== 1)) {
    return 'it needs output weights that are used once';
  }
  const slope = output.activation.slopes[0]?.[0] ?? ZERO;
  const reaches = lastRows.map(({ neuron }) =>
    isZero(slope)
      ? ZERO
      : reachOf(
          network,
          dense.weight.map((row) => row[neuron.unit]),
        ),
  );
  const sizes = lastRows.map(({ own }) => sizeOf(network, own[0]?.parameter ?? 0));
  const last: LastLayer = { first, rows: lastRows, sizes, reaches };
  const bits = bitLength(lastUnitOf(last));
  return bits > UNIT_BITS_MAX
    ? `its exact numbers would have ${String(bits)} bits; at most ${String(UNIT_BITS_MAX)} are kept`
    : last;
}

/** *Exact.* P(some entry of an outgoing column is not 0). */
function reachOf(network: ChainNetwork, column: readonly (Entry | undefined)[]): Rational {
  const silent = column.reduce((product, entry) => {
    if (entry === undefined) return product;
    if (!('parameter' in entry)) return isZero(entry.constant) ? product : ZERO;
    const values = network.parameters[entry.parameter]?.values;
    if (isZero(entry.scale) || values === undefined) return product;
    return values.rankOf(ZERO) === null ? ZERO : multiply(product, rational(1n, values.size));
  }, ONE);
  return subtract(ONE, silent);
}

/** *Exact.* A common denominator of everything that the last layer can give. */
export function lastUnitOf({ sizes, reaches }: LastLayer): bigint {
  return sizes.reduce((all, size, i) => all * size * (reaches[i]?.d ?? 1n), 1n);
}

/** *Exact.* How many values of its bias tie a unit of the last hidden layer that sees zeros. */
export function silentTies(network: ChainNetwork, row: Row | undefined): number {
  const activation = network.equations[row?.neuron.equation ?? -1];
  const [bias] = row?.own ?? [];
  const values = network.parameters[bias?.parameter ?? -1]?.values;
  if (activation?.op !== 'activation' || bias === undefined || values === undefined) {
    throw new Error('silentTies: not a row of the last hidden layer');
  }
  const { kinks } = activation.activation;
  return kinks.filter(({ at }) => values.rankOf(divide(at, bias.scale)) !== null).length;
}
