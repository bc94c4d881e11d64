/**
 * The structural hypotheses of the theorems, checked layer by layer: who owns which bias, which
 * parameters multiply what (theory.md section 1, "has bias parameters", "well-structured
 * biaffine").
 */
import {
  usesOf,
  type ActivationEquation,
  type DenseEquation,
  type Entry,
  type Network,
  type Use,
} from '../net/ir.js';
import { isZero } from '../num/rational.js';

/** One layer: its dense equation and its activation, with what was found of it. */
export interface LayerStructure {
  readonly layer: number;
  readonly dense: DenseEquation;
  readonly activation: ActivationEquation;
  /** Index of the activation equation in the network. */
  readonly activationIndex: number;
  /** Null where every unit has a free bias parameter of its own; else what is missing. */
  readonly biasFault: string | null;
  /** Null where the layer is well-structured biaffine; else what breaks it. */
  readonly biaffineFault: string | null;
  /** Null where every weight is a free parameter used nowhere else; else what breaks it. */
  readonly fullyConnectedFault: string | null;
}

export interface Structure {
  readonly samples: number;
  readonly layers: readonly LayerStructure[];
}

/** *Exact.* The structure of a network of dense layers. */
export function structureOf(network: Network): Structure {
  const uses = usesOf(network);
  const layers: LayerStructure[] = [];
  network.equations.forEach((equation, activationIndex) => {
    if (equation.op !== 'activation') return;
    const dense = network.equations.find(
      (candidate): candidate is DenseEquation =>
        candidate.op === 'dense' && candidate.out === equation.in,
    );
    if (dense === undefined) return;
    layers.push({
      layer: equation.layer,
      dense,
      activation: equation,
      activationIndex,
      biasFault: biasFault(dense, uses),
      biaffineFault: biaffineFault(network, dense, uses),
      fullyConnectedFault: fullyConnectedFault(dense, uses),
    });
  });
  return { samples: network.inputs.length, layers };
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

/**
 * y_i = zᵀ M_i u + c_i with at most one non-zero entry in each column of M_i: constant biases, no
 * non-zero constant weight, and no parameter at two inputs of one unit. The layer's parameters
 * must be its own: [L] gives each layer a parameter vector of its own.
 */
function biaffineFault(
  network: Network,
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
