/**
 * A branch of the walk, and the chain rule along it: the form of every unit, and where all patterns are
 * followed its expansion, from those of the units that it reads.
 */
import type { Network } from '../net/ir.js';
import type { Rational } from '../num/rational.js';
import type { Cone } from './cone.js';
import { largestOf, sides, type Values } from './evaluate.js';
import { affineExpansions, composed, denseExpansions, type Expansion } from './expansion.js';
import { affineForms, denseForms, scaled, slopeOf, type Forms } from './forms.js';
import type { Row } from './linear.js';
import type { ReadUnits } from './read.js';

/** What is known on a branch of every unit computed so far. */
export interface Branch {
  readonly forms: Forms;
  /** Like forms; empty unless all patterns are followed. */
  readonly expansions: readonly (readonly (readonly (Expansion | null)[])[])[];
  readonly choices: readonly (number | null)[];
  /** The directions of the branch; of all patterns, what must be positive on it. */
  readonly cone: Cone;
  readonly positive: readonly Expansion[];
}

/**
 * *Exact.* The branch with one variable more; tied units get what the choice at them will replace, those that are
 * not read the form 0.
 */
export function advance(
  network: Network,
  index: number,
  branch: Branch,
  values: Values,
  point: Row,
  outer: boolean,
  read: ReadUnits | null,
): Branch {
  const equation = network.equations[index];
  if (equation === undefined) throw new Error('advance: there is no such equation');
  const width = network.parameters.length;
  const samples = network.inputs.map((_, sample) => sample);
  const formsOf = (variable: number, sample: number): readonly Row[] =>
    branch.forms[variable]?.[sample] ?? [];
  const expansionsOf = (variable: number, sample: number): readonly (Expansion | null)[] =>
    branch.expansions[variable]?.[sample] ?? [];
  const valuesOf = (variable: number, sample: number): Row => values[variable]?.[sample] as Row;
  const still: Row = branch.forms[0]?.[0]?.[0] ?? [];
  const forms = samples.map((sample): readonly Row[] => {
    const isRead = (unit: number): boolean => read?.[equation.out]?.[sample]?.[unit] ?? true;
    switch (equation.op) {
      case 'dense':
        return denseForms(
          equation,
          formsOf(equation.in, sample),
          valuesOf(equation.in, sample),
          point,
          width,
          isRead,
        );
      case 'affine':
        return affineForms(equation, (variable) => formsOf(variable, sample), width);
      case 'activation':
        return formsOf(equation.in, sample).map((form, unit) => {
          if (!isRead(unit)) return still;
          const t = valuesOf(equation.in, sample)[unit] as Rational;
          return scaled(form, slopeOf(equation, sides(equation.activation, t).right, t));
        });
      case 'max':
        return equation.windows.map((window) => {
          const [unit = 0] = largestOf(window, valuesOf(equation.in, sample));
          return formsOf(equation.in, sample)[unit] as Row;
        });
    }
  });
  const extended = { ...branch, forms: [...branch.forms, forms] };
  if (!outer) return extended;
  const expansions = samples.map((sample): readonly (Expansion | null)[] => {
    switch (equation.op) {
      case 'dense':
        return denseExpansions(equation, expansionsOf(equation.in, sample), point);
      case 'affine':
        return affineExpansions(equation, (variable) => expansionsOf(variable, sample));
      case 'activation':
        return expansionsOf(equation.in, sample).map((expansion, unit) => {
          const t = valuesOf(equation.in, sample)[unit] as Rational;
          const { left, right } = sides(equation.activation, t);
          // On a breakpoint that is no kink either piece may be in force: nothing is known then.
          if (left !== right && !isConstant(expansion)) return null;
          return composed(equation.activation.pieces[right] ?? [], expansion);
        });
      case 'max':
        return equation.windows.map((window) => {
          const [unit = 0] = largestOf(window, valuesOf(equation.in, sample));
          return expansionsOf(equation.in, sample)[unit] ?? null;
        });
    }
  });
  return { ...extended, expansions: [...branch.expansions, expansions] };
}

/** *Exact.* Whether an expansion is a constant; false where it is not known. */
export function isConstant(expansion: Expansion | null): boolean {
  return expansion !== null && [...expansion.keys()].every((monomial) => monomial === '');
}
