/**
 * The structural hypotheses of the theorems, checked layer by layer: who owns which bias, which
 * parameters multiply what (theory.md section 1, "has bias parameters", "well-structured
 * biaffine").
 *
 * [L] and [P] speak of chains of layers. Constant affine maps between layers, skips and an analytic
 * loss are more than that; which theorems stay true, and why: where every neuron with kinks owns its
 * bias, the tied forms are independent whatever earlier quantities they contain, so every pattern of
 * the ties occurs; and the derivative is affine in the slope of each tied neuron (each layer, for
 * P-4/P-6), because no path passes it twice. The proofs of L-inc, L-ndf, L-iff, L-clarke, P-1, P-4/P-6
 * and P-5 use nothing else. L-nobias and L-suff do use the chain: an average can vanish where no
 * activation does. A maximum of several units is excluded from all of them.
 */
import {
  usesOf,
  type ActivationEquation,
  type AnalyticNetwork,
  type DenseEquation,
  type Entry,
  type TranscendentalEquation,
  type Use,
} from '../net/ir.js';
import { isZero, sign } from '../num/rational.js';

/** One layer: its dense equation and its activation, with what was found of it. */
export interface LayerStructure {
  readonly layer: number;
  readonly dense: DenseEquation;
  readonly activation: ActivationEquation | TranscendentalEquation;
  /** Index of the activation equation in the network. */
  readonly activationIndex: number;
  /** Null where every unit has a free bias parameter of its own; else what is missing. */
  readonly biasFault: string | null;
  /**
   * Null where every unit has a free bias parameter that is used for biases of this layer alone, with
   * scales of one sign (as a convolution's, shared by the positions of a filter); else what is
   * missing.
   */
  readonly sharedBiasFault: string | null;
  /** Null where the layer is well-structured biaffine; else what breaks it. */
  readonly biaffineFault: string | null;
  /** Null where every weight is a free parameter used nowhere else; else what breaks it. */
  readonly fullyConnectedFault: string | null;
}

export interface Structure {
  readonly samples: number;
  readonly layers: readonly LayerStructure[];
  /** Null where no layer takes a maximum of units; else which does. */
  readonly maximumFault: string | null;
  /** Null where each activation with kinks stands on a dense or convolution layer; else which does not. */
  readonly looseFault: string | null;
  /** Null where each layer is dense or a convolution and reads the one before, without a loss. */
  readonly chainFault: string | null;
}

/** *Exact.* The structure of a network. */
export function structureOf(network: AnalyticNetwork): Structure {
  const uses = usesOf(network);
  const layers: LayerStructure[] = [];
  let looseFault: string | null = null;
  network.equations.forEach((equation, activationIndex) => {
    if (equation.op !== 'activation' && equation.op !== 'transcendental') return;
    const dense = network.equations.find(
      (candidate): candidate is DenseEquation =>
        candidate.op === 'dense' && candidate.out === equation.in,
    );
    if (dense === undefined) {
      if (equation.activation.kinks.length === 0) return;
      looseFault ??= `layer ${String(equation.layer)}: its ${equation.activation.type} does not stand on a dense or convolution layer`;
      return;
    }
    layers.push({
      layer: equation.layer,
      dense,
      activation: equation,
      activationIndex,
      biasFault: biasFault(dense, uses),
      sharedBiasFault: sharedBiasFault(network, dense, uses),
      biaffineFault: biaffineFault(network, dense, uses),
      fullyConnectedFault: fullyConnectedFault(dense, uses),
    });
  });
  return {
    samples: network.inputs.length,
    layers,
    maximumFault: maximumFault(network),
    looseFault,
    chainFault: chainFault(network),
  };
}

function maximumFault(network: AnalyticNetwork): string | null {
  const found = network.equations.find(({ op }) => op === 'max');
  return found === undefined ? null : `layer ${String(found.layer)} takes a maximum of units`;
}

function chainFault(network: AnalyticNetwork): string | null {
  for (const equation of network.equations) {
    const where = `layer ${String(equation.layer)}`;
    if (equation.op === 'affine' || equation.op === 'max') {
      return `${where} is no dense or convolution layer`;
    }
    if (equation.in !== equation.out - 1) return `${where} does not read the layer before it`;
  }
  return network.loss === undefined ? null : `a loss (${network.loss.type}) stands on top`;
}

/** *Exact.* The first layer with the given fault, told in words; null where no layer has it. */
export function firstFault(
  structure: Structure,
  fault: (layer: LayerStructure) => string | null,
): string | null {
  for (const layer of structure.layers) {
    const found = fault(layer);
    if (found !== null) return `layer ${String(layer.layer)}: ${found}`;
  }
  return null;
}

function isOwn(entry: Entry, uses: readonly (readonly Use[])[]): boolean {
  return 'parameter' in entry && !isZero(entry.scale) && uses[entry.parameter]?.length === 1;
}

function biasFault(dense: DenseEquation, uses: readonly (readonly Use[])[]): string | null {
  for (const [unit, entry] of dense.bias.entries()) {
    if (isOwn(entry, uses)) continue;
    if (!('parameter' in entry)) return `the bias of unit ${String(unit)} is a constant`;
    return isZero(entry.scale)
      ? `the bias parameter of unit ${String(unit)} is scaled by 0`
      : `the bias parameter of unit ${String(unit)} is used elsewhere too`;
  }
  return null;
}

function sharedBiasFault(
  network: AnalyticNetwork,
  dense: DenseEquation,
  uses: readonly (readonly Use[])[],
): string | null {
  const index = network.equations.indexOf(dense);
  const signs = new Map<number, number>();
  for (const [unit, entry] of dense.bias.entries()) {
    if (!('parameter' in entry)) return `the bias of unit ${String(unit)} is a constant`;
    if (isZero(entry.scale)) return `the bias parameter of unit ${String(unit)} is scaled by 0`;
    const elsewhere = uses[entry.parameter]?.some(
      (use) => use.equation !== index || use.input !== null,
    );
    if (elsewhere !== false) {
      return `the bias parameter of unit ${String(unit)} is used for more than biases of this layer`;
    }
    const known = signs.get(entry.parameter) ?? sign(entry.scale);
    if (known !== sign(entry.scale)) {
      return `the bias parameter of unit ${String(unit)} has scales of both signs`;
    }
    signs.set(entry.parameter, known);
  }
  return null;
}

/**
 * y_i = zᵀ M_i u + c_i with at most one non-zero entry in each column of M_i: constant biases, no
 * non-zero constant weight, and no parameter at two inputs of one unit. The layer's parameters
 * must be its own: [L] gives each layer a parameter vector of its own.
 */
function biaffineFault(
  network: AnalyticNetwork,
  dense: DenseEquation,
  uses: readonly (readonly Use[])[],
): string | null {
  for (const [unit, bias] of dense.bias.entries()) {
    if ('parameter' in bias) return `the bias of unit ${String(unit)} is a parameter`;
  }
  const index = network.equations.indexOf(dense);
  for (const [unit, row] of dense.weight.entries()) {
    const seen = new Set<number>();
    for (const [input, entry] of row.entries()) {
      const where = `weight [${String(unit)}][${String(input)}]`;
      if (!('parameter' in entry)) {
        if (!isZero(entry.constant)) return `${where} is a constant`;
        continue;
      }
      if (isZero(entry.scale)) continue;
      if (seen.has(entry.parameter)) {
        return `the parameter at ${where} multiplies two inputs of the unit`;
      }
      seen.add(entry.parameter);
      if (uses[entry.parameter]?.some((use) => use.equation !== index) === true) {
        return `the parameter at ${where} is used in another layer too`;
      }
    }
    if (seen.size === 0) return `unit ${String(unit)} has no free parameter`;
  }
  return null;
}

function fullyConnectedFault(
  dense: DenseEquation,
  uses: readonly (readonly Use[])[],
): string | null {
  for (const [unit, row] of dense.weight.entries()) {
    const input = row.findIndex((entry) => !isOwn(entry, uses));
    if (input !== -1) {
      return `weight [${String(unit)}][${String(input)}] is no free parameter of its own`;
    }
  }
  return null;
}
