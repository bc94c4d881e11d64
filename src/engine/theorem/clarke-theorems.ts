/**
 * The theorems of [P] on what AD computes where the derivative does not exist: P-1 for one input,
 * P-4/P-6 for batches, P-5 for points of fully connected networks.
 */
import {
  ONE,
  ZERO,
  compare,
  divide,
  equal,
  isZero,
  multiply,
  subtract,
  type Rational,
} from '../num/rational.js';
import { kinkIndexAt } from '../net/activation.js';
import { firstFault, type LayerStructure } from './structure.js';
import { SOURCE_P, type Finding, type Theorem, type TheoremQuestion } from './theorem.js';

/**
 * λ with proxy = λ·left + (1−λ)·right, per kink of a layer; inside the Clarke interval of σ exactly
 * if λ ∈ [0, 1].
 */
function mixtures(question: TheoremQuestion, layer: LayerStructure): Rational[] {
  const proxies = question.proxies[layer.activationIndex] ?? [];
  return layer.activation.activation.kinks.map((kink, k) => {
    const proxy = proxies[k];
    if (proxy === undefined) throw new Error('mixtures: a kink has no proxy');
    return divide(subtract(proxy, kink.right), subtract(kink.left, kink.right));
  });
}

function outsideInterval(question: TheoremQuestion, layer: LayerStructure): string | null {
  const outside = mixtures(question, layer).some(
    (lambda) => compare(lambda, ZERO) < 0 || compare(lambda, ONE) > 0,
  );
  return outside
    ? `a proxy of ${layer.activation.activation.type} is outside the Clarke subdifferential of the activation`
    : null;
}

/** What no theorem of this file allows: maxima, and activations that stand on no layer with parameters. */
function shapeFault({ structure }: TheoremQuestion): string | null {
  return structure.maximumFault ?? structure.looseFault;
}

function finding(fault: string | null, holds: string): Finding {
  return fault === null ? { applies: true, why: holds } : { applies: false, why: fault };
}

export const P_1: Theorem = {
  id: 'P-1',
  on: 'clarke',
  statement: 'D^AD f(w) lies in the Clarke subdifferential of f at every w.',
  source: SOURCE_P,
  check: (question) => {
    const { samples } = question.structure;
    const fault =
      (samples === 1 ? null : `it speaks of one input; this is a batch of ${String(samples)}`) ??
      shapeFault(question) ??
      firstFault(question.structure, (layer) => layer.biasFault) ??
      firstFault(question.structure, (layer) => outsideInterval(question, layer));
    return finding(
      fault,
      'distinct biases, one input, every proxy inside the Clarke subdifferential of its activation',
    );
  },
};

export const P_4_6: Theorem = {
  id: 'P-4/P-6',
  on: 'clarke',
  statement: 'D^AD f(w) lies in the Clarke subdifferential of f at every w, for any batch.',
  source: SOURCE_P,
  check: (question) => {
    const fault =
      shapeFault(question) ??
      firstFault(question.structure, (layer) => layer.sharedBiasFault) ??
      firstFault(question.structure, (layer) => outsideInterval(question, layer)) ??
      firstFault(question.structure, (layer) => {
        const [first, ...others] = mixtures(question, layer);
        return first === undefined || others.every((lambda) => equal(lambda, first))
          ? null
          : 'no single λ gives proxy = λ·left + (1−λ)·right at every kink';
      });
    return finding(
      fault,
      'biases that are distinct or shared within a layer, no max pooling, and per layer one λ with proxy = λ·left + (1−λ)·right at every kink',
    );
  },
};

function notFullyConnected(question: TheoremQuestion): string | null {
  return (
    shapeFault(question) ??
    firstFault(question.structure, (layer) => layer.fullyConnectedFault) ??
    firstFault(question.structure, (layer) => outsideInterval(question, layer))
  );
}

export const P_5: Theorem = {
  id: 'P-5',
  on: 'clarke',
  statement:
    'D^AD f(w) lies in the Clarke subdifferential at w if, at each layer that touches a kink, the inputs of the layer (one vector per sample) are linearly independent.',
  source: SOURCE_P,
  check: (question) =>
    finding(notFullyConnected(question), 'fully connected; a condition on single points'),
  checkAt: (question, facts) => {
    const fault =
      notFullyConnected(question) ??
      firstFault(question.structure, (layer) => {
        const preActivations = facts.values[layer.activation.in] ?? [];
        const touched = preActivations.some((vector) =>
          vector.some((y) => kinkIndexAt(layer.activation.activation, y) !== -1),
        );
        if (!touched || independent(facts.values[layer.dense.in] ?? [])) return null;
        return 'it touches a kink and its inputs are linearly dependent';
      });
    return finding(
      fault,
      'fully connected, and the inputs of each layer that touches a kink are linearly independent',
    );
  },
};

/** *Exact.* Whether the rows are linearly independent, by elimination. */
function independent(rows: readonly (readonly Rational[])[]): boolean {
  const rest = rows.map((row) => [...row]);
  let pivotRow = 0;
  const width = rest[0]?.length ?? 0;
  for (let column = 0; column < width && pivotRow < rest.length; column += 1) {
    const found = rest.findIndex((row, i) => i >= pivotRow && !isZero(row[column] ?? ZERO));
    if (found === -1) continue;
    const pivot = rest[found] ?? [];
    rest[found] = rest[pivotRow] ?? [];
    rest[pivotRow] = pivot;
    for (let i = pivotRow + 1; i < rest.length; i += 1) {
      const row = rest[i] ?? [];
      const factor = divide(row[column] ?? ZERO, pivot[column] ?? ONE);
      rest[i] = row.map((entry, j) => subtract(entry, multiply(factor, pivot[j] ?? ZERO)));
    }
    pivotRow += 1;
  }
  return pivotRow === rest.length;
}
