/**
 * Conditional sampling: the early layers are drawn, the last hidden layer and the output behind it
 * are integrated exactly (theory.md section 6). Given the early layers and the weights of the last
 * hidden layer, its neurons are tied independently, each by its own bias, and neuron i matters
 * exactly if its outgoing column is not 0; its ties are free, so L-iff decides. With c_i of |M_i|
 * biases tying neuron i, and q_i = P(column i ≠ 0), where no earlier neuron is tied
 *
 *   P(touched | drawn) = 1 − Π_i (1 − c_i/|M_i|),   P(ndf | drawn) = 1 − Π_i (1 − q_i c_i/|M_i|).
 *
 * Points with a tie in an earlier layer are apart: they are covered neuron by neuron, each tied by
 * its pivot and the point decided (`union.ts`).
 */
import { isAffine } from '../net/activation.js';
import type { ChainNetwork } from '../net/chain.js';
import type { Entry } from '../net/ir.js';
import { usesOf } from '../net/ir.js';
import { bitLength } from '../num/bits.js';
import {
  ONE,
  ZERO,
  add,
  isZero,
  multiply,
  rational,
  subtract,
  type Rational,
} from '../num/rational.js';
import type { Estimator } from './estimator.js';
import { rowsOf, sizeOf, weightBound, type Row } from './pivots.js';
import type { Subject } from './subject.js';
import { tieWeights } from './union.js';

/** Longest denominator of an observation, in bits: sums of its square are what is stored. */
const UNIT_BITS_MAX = 4096;

/** The last hidden layer, ready to be integrated. */
interface LastLayer {
  /** Its first neuron, among `neuronsOf`. */
  readonly first: number;
  readonly rows: readonly Row[];
  /** |M_i| of each bias. */
  readonly sizes: readonly bigint[];
  /** q_i. */
  readonly reaches: readonly Rational[];
}

/** Why conditional sampling does not apply to a network; null where it does. */
export function whyNotConditional(network: ChainNetwork): string | null {
  const found = lastLayerOf(network);
  return typeof found === 'string' ? found : null;
}

/** The estimator. Throws an Error where it does not apply. */
export function conditionalEstimator(network: ChainNetwork, subject: Subject): Estimator {
  const last = lastLayerOf(network);
  if (typeof last === 'string') throw new Error(`conditionalEstimator: ${last}`);
  const rows = rowsOf(network);
  const { first, sizes, reaches } = last;
  const isEarly = (neuron: number): boolean => neuron < first;
  const early = rows.slice(0, first);
  const weights = tieWeights(network, rows, isEarly, lastUnitOf(last));
  const { unit } = weights;
  /** 1 − Π (1 − share_i), in units. */
  const someOf = (shares: readonly Rational[]): bigint => {
    const none = shares.reduce((product, share) => multiply(product, subtract(ONE, share)), ONE);
    const some = subtract(ONE, none);
    return (some.n * unit) / some.d;
  };
  const known = new Map<string, { readonly touched: bigint; readonly kink: bigint }>();
  const lastPart = (counts: readonly number[]): { touched: bigint; kink: bigint } => {
    const key = counts.join();
    const found = known.get(key);
    if (found !== undefined) return found;
    const shares = counts.map((count, i) => rational(BigInt(count), sizes[i] ?? 1n));
    const made = {
      touched: someOf(shares),
      kink: someOf(shares.map((share, i) => multiply(share, reaches[i] ?? ZERO))),
    };
    if (known.size < REMEMBERED) known.set(key, made);
    return made;
  };
  const neuronRanges = rows.map(({ weight, always }) => (always ? weight : ONE));
  const lastRange = rows.slice(first).reduce((sum, { weight }) => add(sum, weight), ZERO);
  const none = sizes.map(() => 0);
  return {
    method: 'conditional',
    unit,
    range: add(weightBound(early), lastRange),
    neuronRanges,
    observe(draws, into) {
      subject.draw(draws);
      const counts = [...none];
      let isEarlyTied = false;
      for (const tie of subject.possibleTies()) {
        if (isEarly(tie.neuron)) {
          if (tie.present) isEarlyTied = true;
          weights.add(subject, tie, into);
          continue;
        }
        const i = tie.neuron - first;
        counts[i] = (counts[i] ?? 0) + 1;
      }
      counts.forEach((count, i) => {
        if (count === 0) return;
        const touched = (unit / (sizes[i] ?? 1n)) * BigInt(count);
        const reach = reaches[i] ?? ZERO;
        into.neurons.set(first + i, { touched, relevant: (touched * reach.n) / reach.d });
      });
      if (isEarlyTied || counts.every((count) => count === 0)) return;
      const { touched, kink } = lastPart(counts);
      const { values } = into;
      values[0] = (values[0] ?? 0n) + touched;
      // Ties of the last hidden layer are free: never undecided, and AD is right where f is smooth.
      for (const measure of [1, 2, 5, 6]) values[measure] = (values[measure] ?? 0n) + kink;
    },
  };
}

/** Patterns of the last layer whose values are kept. */
const REMEMBERED = 100_000;

/** A common denominator of everything that the last layer can give. */
function lastUnitOf({ sizes, reaches }: LastLayer): bigint {
  return sizes.reduce((all, size, i) => all * size * (reaches[i]?.d ?? 1n), 1n);
}

function lastLayerOf(network: ChainNetwork): LastLayer | string {
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
