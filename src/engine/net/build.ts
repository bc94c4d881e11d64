/**
 * From a description layer by layer to the intermediate representation.
 *
 * Free parameters are numbered as the contract orders them: layer by layer; within a layer, row by
 * row its new weight parameters, then its new bias parameters. A name is one parameter wherever it
 * stands. Faults carry the path from the description's root and are collected, not thrown one by
 * one; the checker runs on whatever was built.
 */
import { EngineError, type EngineFault } from '../errors.js';
import type { ValueSet } from '../format/domain.js';
import { ONE, ZERO, type Rational } from '../num/rational.js';
import type { Activation } from './activation.js';
import { checkNetwork } from './check.js';
import type { Entry, Equation, Network, Parameter } from './ir.js';

/** An entry of a description: a constant, or a parameter by name. */
export type EntryDescription = Rational | { readonly param: string; readonly scale: Rational };

export interface LayerDescription {
  readonly units: number;
  /** `[out, in]`, or null: every entry a free parameter of its own. */
  readonly weight: readonly (readonly EntryDescription[])[] | null;
  /** `true`: a free parameter per unit; `false`: none; or one entry per unit. */
  readonly bias: boolean | readonly EntryDescription[];
  readonly activation: Activation;
}

export interface NetworkDescription {
  /** `[sample, in]`. */
  readonly inputs: readonly (readonly Rational[])[];
  readonly layers: readonly LayerDescription[];
}

/** The sets that parameters range over: by role, and by name where they differ. */
export interface DomainDescription {
  readonly weights: ValueSet | null;
  readonly biases: ValueSet | null;
  readonly params: ReadonlyMap<string, ValueSet>;
}

/** *Exact.* The checked network of a description. Throws an EngineError with every fault. */
export function buildNetwork(description: NetworkDescription, domain: DomainDescription): Network {
  const faults: EngineFault[] = [];
  const parameters: Parameter[] = [];
  const byName = new Map<string, number>();
  const inputWidth = description.inputs[0]?.length ?? 0;
  description.inputs.forEach((input, sample) => {
    if (input.length !== inputWidth) {
      faults.push({
        path: ['network', 'inputs', sample],
        code: 'shape-mismatch',
        detail: `this sample has ${String(input.length)} entries, the first one has ${String(inputWidth)}`,
      });
    }
  });

  const declare = (name: string, role: 'weight' | 'bias', layer: number, own: boolean): number => {
    const values =
      (own ? undefined : domain.params.get(name)) ??
      (role === 'weight' ? domain.weights : domain.biases);
    if (values === null) {
      faults.push({
        path: ['format', role === 'weight' ? 'weights' : 'biases'],
        code: 'missing-format',
        detail: `no format is given for the ${role} parameter ${name}`,
      });
    }
    return parameters.push({ name, role, layer, values: values ?? EMPTY_SET }) - 1;
  };
  const entryOf = (entry: EntryDescription, role: 'weight' | 'bias', layer: number): Entry => {
    if (!('param' in entry)) return { constant: entry };
    const index = byName.get(entry.param) ?? declare(entry.param, role, layer, false);
    byName.set(entry.param, index);
    return { parameter: index, scale: entry.scale };
  };
  const ownEntry = (name: string, role: 'weight' | 'bias', layer: number): Entry => ({
    parameter: declare(name, role, layer, true),
    scale: ONE,
  });

  const equations: Equation[] = [];
  const widths = [inputWidth];
  description.layers.forEach((layer, index) => {
    const fanIn = widths[widths.length - 1] ?? 0;
    const path = ['network', 'layers', index];
    const shape = (field: (string | number)[], got: number, want: number, what: string): void => {
      if (got === want) return;
      faults.push({
        path: [...path, ...field],
        code: 'shape-mismatch',
        detail: `has ${String(got)} ${what}, needs ${String(want)}`,
      });
    };
    if (layer.weight !== null) {
      shape(['weight'], layer.weight.length, layer.units, 'rows');
      layer.weight.forEach((row, unit) => {
        shape(['weight', unit], row.length, fanIn, 'entries');
      });
    }
    if (typeof layer.bias !== 'boolean') {
      shape(['bias'], layer.bias.length, layer.units, 'entries');
    }
    const units = Array.from({ length: layer.units }, (_, unit) => unit);
    const weight = units.map((unit) =>
      layer.weight === null
        ? Array.from({ length: fanIn }, (_, input) =>
            ownEntry(
              `layers.${String(index)}.weight[${String(unit)}][${String(input)}]`,
              'weight',
              index,
            ),
          )
        : (layer.weight[unit] ?? []).map((entry) => entryOf(entry, 'weight', index)),
    );
    const bias = units.map((unit) => {
      if (layer.bias === false) return { constant: ZERO };
      if (layer.bias === true) {
        return ownEntry(`layers.${String(index)}.bias[${String(unit)}]`, 'bias', index);
      }
      return entryOf(layer.bias[unit] ?? ZERO, 'bias', index);
    });
    const into = widths.length - 1;
    equations.push({ op: 'dense', out: into + 1, in: into, layer: index, weight, bias });
    equations.push({
      op: 'activation',
      out: into + 2,
      in: into + 1,
      layer: index,
      activation: layer.activation,
    });
    widths.push(layer.units, layer.units);
  });
  for (const name of domain.params.keys()) {
    if (!byName.has(name)) {
      faults.push({
        path: ['format', 'params', name],
        code: 'unknown-parameter',
        detail: `the network has no parameter named ${JSON.stringify(name)}`,
      });
    }
  }
  if (faults.length > 0) throw new EngineError(faults);
  return checkNetwork({
    inputs: description.inputs,
    parameters,
    equations,
    widths,
    output: widths.length - 1,
  });
}

/** Stands in for a missing set until the fault is thrown; holds nothing. */
const EMPTY_SET: ValueSet = {
  name: 'none',
  size: 0n,
  at: (rank) => {
    throw new RangeError(`the empty set has no rank ${String(rank)}`);
  },
  rankOf: () => null,
  countBelow: () => 0n,
};
