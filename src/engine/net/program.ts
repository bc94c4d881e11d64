/**
 * A program under construction: parameters are declared in the order in which layers ask for them,
 * equations are appended. Layers (`layers/`) write into it; `build.ts` owns it.
 */
import type { EngineFault } from '../errors.js';
import type { ValueSet } from '../format/domain.js';
import { ONE, type Rational } from '../num/rational.js';
import type { Activation } from './activation.js';
import type { AnalyticEquation, Entry, Parameter, Variable } from './ir.js';
import { sizeOf, type Shape } from './shape.js';
import type { TranscendentalActivation } from './transcendental.js';

/** An entry of a description: a constant, or a parameter by name. */
export type EntryDescription = Rational | { readonly param: string; readonly scale: Rational };

/** The sets that parameters range over: by role, and by name where they differ. */
export interface DomainDescription {
  readonly weights: ValueSet | null;
  readonly biases: ValueSet | null;
  readonly params: ReadonlyMap<string, ValueSet>;
}

/** A variable with its shape. */
export interface Tensor {
  readonly variable: Variable;
  readonly shape: Shape;
}

/** An equation that has not been given its variable. */
export type NewEquation = AnalyticEquation extends infer E
  ? E extends AnalyticEquation
    ? Omit<E, 'out' | 'layer'>
    : never
  : never;

/** What a layer may do to the program. */
export interface LayerProgram {
  readonly layer: number;
  /** Reports a fault at a field of the layer. */
  readonly fault: (field: readonly (string | number)[], detail: string) => void;
  readonly entry: (entry: EntryDescription, role: 'weight' | 'bias') => Entry;
  /** A free parameter of its own, named by its place in the layer. */
  readonly own: (place: string, role: 'weight' | 'bias') => Entry;
  readonly emit: (equation: NewEquation, shape: Shape) => Tensor;
}

export class Program {
  readonly parameters: Parameter[] = [];
  readonly equations: AnalyticEquation[] = [];
  readonly widths: number[];
  readonly faults: EngineFault[] = [];
  readonly #byName = new Map<string, number>();
  readonly #domain: DomainDescription;

  constructor(inputWidth: number, domain: DomainDescription) {
    this.widths = [inputWidth];
    this.#domain = domain;
  }

  /** The names that descriptions gave to parameters. */
  hasName(name: string): boolean {
    return this.#byName.has(name);
  }

  forLayer(layer: number): LayerProgram {
    return {
      layer,
      fault: (field, detail) => {
        const path = ['network', 'layers', layer, ...field];
        this.faults.push({ path, code: 'shape-mismatch', detail });
      },
      entry: (entry, role) => {
        if (!('param' in entry)) return { constant: entry };
        const known = this.#byName.get(entry.param);
        const index = known ?? this.#declare(entry.param, role, layer, false);
        this.#byName.set(entry.param, index);
        return { parameter: index, scale: entry.scale };
      },
      own: (place, role) => ({
        parameter: this.#declare(`layers.${String(layer)}.${place}`, role, layer, true),
        scale: ONE,
      }),
      emit: (equation, shape) => {
        const variable = this.widths.push(sizeOf(shape)) - 1;
        this.equations.push({ ...equation, out: variable, layer });
        return { variable, shape };
      },
    };
  }

  #declare(name: string, role: 'weight' | 'bias', layer: number, own: boolean): number {
    const values =
      (own ? undefined : this.#domain.params.get(name)) ??
      (role === 'weight' ? this.#domain.weights : this.#domain.biases);
    if (values === null) {
      this.faults.push({
        path: ['format', role === 'weight' ? 'weights' : 'biases'],
        code: 'missing-format',
        detail: `no format is given for the ${role} parameter ${name}`,
      });
    }
    return this.parameters.push({ name, role, layer, values: values ?? EMPTY_SET }) - 1;
  }
}

/** *Exact.* The activation of a layer, if it has one, applied to what the layer computed. */
export function activated(
  program: LayerProgram,
  x: Tensor,
  activation: Activation | TranscendentalActivation | null,
): Tensor {
  if (activation === null) return x;
  return 'functions' in activation
    ? program.emit({ op: 'transcendental', in: x.variable, activation }, x.shape)
    : program.emit({ op: 'activation', in: x.variable, activation }, x.shape);
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
