/**
 * The walk where values are not rational: `../walk.ts` over exact real numbers. The same definition
 * decides: f is differentiable at w exactly if d ↦ f'(w; d) is linear, and the leaves are the gradients
 * of its pieces. Every sign and every equality it rests on is proved; where one is not, Undecided is
 * thrown. No theorem is used, and no code of `ad/`.
 */
import type { AnalyticEquation, AnalyticNetwork } from '../../net/ir.js';
import type { AnalyticPiece } from '../../net/transcendental.js';
import { integer, isZero, multiply, type Rational } from '../../num/rational.js';
import {
  REAL_ZERO,
  addReals,
  multiplyReals,
  negateReal,
  provedZero,
  realOf,
  scaleReal,
  subtractReals,
  vanishes,
  type Real,
} from '../../num/real.js';
import { polynomialOf } from '../../num/transcendental.js';
import { Undecided } from '../../num/undecided.js';
import { entryAt, isNothing } from '../evaluate.js';
import type { KinkTie, MaxTie, Tie } from '../tie.js';
import { hasInterior } from './fourier-motzkin.js';
import {
  isStructuralZero,
  largestRealOf,
  pieceSlope,
  realSides,
  throughRealLoss,
  type RealRow,
  type RealValues,
} from './values.js';

type RealMatrix = readonly RealRow[];

/** `[variable][sample][unit]`: y'(d) as a row over the parameters. */
type Forms = readonly (readonly (readonly RealRow[])[])[];

interface Branch {
  readonly forms: Forms;
  /** What must be positive. */
  readonly cone: readonly RealRow[];
}

interface Choice {
  readonly positive: readonly RealRow[];
  readonly form: RealRow;
}

export interface RealWalk {
  /** Distinct gradients of pieces, `[output, parameter]`: all of them, or the first two. */
  readonly gradients: readonly RealMatrix[];
}

/**
 * *Exact.* The distinct gradients of the pieces of f near w, stopping at the second. Throws Undecided
 * where something is not proved, or where more than `maxLeaves` pieces meet.
 */
export function realWalk(
  network: AnalyticNetwork,
  point: readonly Rational[],
  values: RealValues,
  ties: readonly Tie[],
  maxLeaves: number,
): RealWalk {
  const zero: RealRow = network.parameters.map(() => REAL_ZERO);
  const gradients: RealMatrix[] = [];
  let leaves = 0;

  const explore = (index: number, branch: Branch): void => {
    if (gradients.length > 1) return;
    const equation = network.equations[index];
    if (equation === undefined) {
      leaves += 1;
      if (leaves > maxLeaves) {
        throw new Undecided(`more than ${String(maxLeaves)} pieces meet at this point`);
      }
      const stacked = (branch.forms[network.output] ?? []).flat();
      const gradient = throughRealLoss(network, values, stacked);
      if (!gradients.some((other) => equalMatrices(other, gradient))) gradients.push(gradient);
      return;
    }
    const forms = advance(network, equation, branch.forms, values, point, zero);
    const own = ties.filter((tie) => tie.equation === index);
    resolve(own, index, { ...branch, forms: [...branch.forms, forms] });
  };

  const resolve = (own: readonly Tie[], index: number, branch: Branch): void => {
    const [tie, ...others] = own;
    if (tie === undefined) {
      explore(index + 1, branch);
      return;
    }
    const choices = choicesAt(network, tie, branch.forms, values);
    for (const { positive, form } of choices) {
      if (gradients.length > 1) return;
      const cone = [...branch.cone, ...positive];
      if (choices.length > 1 && !hasInterior(cone)) continue;
      const out = network.equations[tie.equation]?.out ?? 0;
      resolve(others, index, { forms: replaced(branch.forms, out, tie, form), cone });
    }
  };

  explore(0, {
    forms: [network.inputs.map((input) => input.map(() => zero))],
    cone: [],
  });
  return { gradients };
}

/** *Exact.* Equality of two matrices, entry by entry. Throws Undecided. */
export function equalMatrices(a: RealMatrix, b: RealMatrix): boolean {
  return equalRows(a.flat(), b.flat());
}

function equalRows(a: RealRow, b: RealRow): boolean {
  const differences = a.map((entry, k) => subtractReals(entry, b[k] as Real));
  return areAllZero(differences, 'two derivatives are equal');
}

/** *Exact.* One entry that is proved not to be 0 settles it, whatever is not decided of the others. */
function areAllZero(row: RealRow, what: string): boolean {
  if (row.some((entry) => vanishes(entry) === false)) return false;
  return row.every((entry) => provedZero(entry, what));
}

function scaled(form: RealRow, factor: Real): RealRow {
  return form.map((entry) => multiplyReals(factor, entry));
}

/** The slope of a piece of an activation, polynomial or not. */
function slopeAt(equation: AnalyticEquation, piece: number, t: Real): Real {
  if (equation.op === 'transcendental') {
    return pieceSlope(equation.activation.functions[piece] as AnalyticPiece, t);
  }
  if (equation.op !== 'activation') throw new Error('slopeAt: no activation');
  const derivative = (equation.activation.pieces[piece] ?? [])
    .slice(1)
    .map((coefficient, k) => multiply(coefficient, integer(k + 1)));
  return polynomialOf(t, derivative);
}

/** The forms of what an equation assigns; at ties, those of the input, for the choice to replace. */
function advance(
  network: AnalyticNetwork,
  equation: AnalyticEquation,
  forms: Forms,
  values: RealValues,
  point: readonly Rational[],
  zero: RealRow,
): readonly (readonly RealRow[])[] {
  const width = network.widths[equation.out] ?? 0;
  const units = Array.from({ length: width }, (_, unit) => unit);
  return network.inputs.map((_, sample) => {
    const formOf = (variable: number, unit: number): RealRow =>
      forms[variable]?.[sample]?.[unit] ?? zero;
    const valueOf = (variable: number, unit: number): Real =>
      values[variable]?.[sample]?.[unit] ?? REAL_ZERO;
    switch (equation.op) {
      case 'dense':
        return units.map((unit) => {
          const form = [...zero];
          const accumulate = (parameter: number, by: Real): void => {
            form[parameter] = addReals(form[parameter] ?? REAL_ZERO, by);
          };
          equation.weight[unit]?.forEach((entry, input) => {
            if (isNothing(entry)) return;
            if ('parameter' in entry) {
              accumulate(entry.parameter, scaleReal(entry.scale, valueOf(equation.in, input)));
            }
            const weight = entryAt(entry, point);
            if (isZero(weight)) return;
            formOf(equation.in, input).forEach((derivative, parameter) => {
              if (!isStructuralZero(derivative))
                accumulate(parameter, scaleReal(weight, derivative));
            });
          });
          const bias = equation.bias[unit];
          if (bias !== undefined && 'parameter' in bias) {
            accumulate(bias.parameter, realOf(bias.scale));
          }
          return form;
        });
      case 'affine':
        return units.map((unit) =>
          (equation.terms[unit] ?? []).reduce<RealRow>(
            (form, term) =>
              form.map((entry, k) =>
                addReals(
                  entry,
                  scaleReal(term.coefficient, formOf(term.variable, term.unit)[k] as Real),
                ),
              ),
            zero,
          ),
        );
      case 'max':
        return equation.windows.map((window) => {
          // Off ties one unit is strictly larger; at ties the choice replaces this.
          const [largest = 0] = largestRealOf(window, values[equation.in]?.[sample] ?? []);
          return formOf(equation.in, largest);
        });
      case 'activation':
      case 'transcendental':
        return units.map((unit) => {
          const t = valueOf(equation.in, unit);
          const { left, right } = realSides(equation.activation.breakpoints, t);
          const kinked = equation.activation.kinks.some(({ breakpoint }) => breakpoint === left);
          const form = formOf(equation.in, unit);
          return left !== right && kinked ? form : scaled(form, slopeAt(equation, right, t));
        });
    }
  });
}

function choicesAt(network: AnalyticNetwork, tie: Tie, forms: Forms, values: RealValues): Choice[] {
  const equation = network.equations[tie.equation];
  if (equation?.op === 'max') {
    return maxChoices(tie as MaxTie, forms[equation.in]?.[tie.sample] ?? []);
  }
  if (equation?.op !== 'activation' && equation?.op !== 'transcendental') {
    throw new Error('choicesAt: a tie stands at an activation or a maximum');
  }
  const { unit } = tie as KinkTie;
  const form = forms[equation.in]?.[tie.sample]?.[unit] ?? [];
  const t = values[equation.in]?.[tie.sample]?.[unit] ?? REAL_ZERO;
  if (areAllZero(form, 'a tied form is 0')) {
    return [{ positive: [], form }];
  }
  const { left, right } = realSides(equation.activation.breakpoints, t);
  return [
    { positive: [form.map(negateReal)], form: scaled(form, slopeAt(equation, left, t)) },
    { positive: [form], form: scaled(form, slopeAt(equation, right, t)) },
  ];
}

/** Tied units with equal forms make one group: to first order it does not matter which is larger. */
function maxChoices({ tied }: MaxTie, forms: readonly RealRow[]): Choice[] {
  const groups: RealRow[] = [];
  for (const unit of tied) {
    const form = forms[unit] ?? [];
    if (!groups.some((other) => equalRows(other, form))) groups.push(form);
  }
  return groups.map((form) => ({
    form,
    positive: groups
      .filter((other) => other !== form)
      .map((other) => form.map((entry, k) => subtractReals(entry, other[k] as Real))),
  }));
}

function replaced(forms: Forms, variable: number, tie: Tie, form: RealRow): Forms {
  return forms.map((perSample, v) =>
    v !== variable
      ? perSample
      : perSample.map((units, sample) =>
          sample !== tie.sample
            ? units
            : units.map((old, unit) => (unit === tie.unit ? form : old)),
        ),
  );
}
