/**
 * The walk: decides differentiability at one point from the definition alone (theory.md section 3).
 *
 * f is locally Lipschitz, so it is differentiable at w exactly if its directional derivative
 * d ↦ f'(w; d) is linear. The walk carries, for each unit, y'(d) as a linear form in d, branches at
 * a tied neuron whose form is not zero on the sign of the form, and keeps a branch where the open
 * cone of its sign constraints is not empty. The leaves are the gradients of the pieces; open
 * cones are dense, so one distinct leaf means differentiable, two mean not.
 *
 * No theorem is used, and no code of `ad/`: this is the judge. Where more leaves than `maxLeaves`
 * would be needed the answer is undecided, unless two distinct leaves are already in hand.
 */
import { kinkIndexAt } from '../net/activation.js';
import { evaluate as evaluatePolynomial } from '../net/polynomial.js';
import type { ActivationEquation, DenseEquation, Network } from '../net/ir.js';
import {
  ONE,
  ZERO,
  add,
  equal,
  integer,
  isZero,
  multiply,
  negate,
  type Rational,
} from '../num/rational.js';
import { entryAt, sides, valuesAt, type Values } from './evaluate.js';
import { emptySpan, solveNonNegative, type Row, type Span } from './linear.js';

/** A pre-activation that sits on a kink. */
export interface Tie {
  /** Index of the activation equation, and of the layer in the request. */
  readonly equation: number;
  readonly layer: number;
  readonly sample: number;
  readonly unit: number;
  /** Index into the activation's kinks. */
  readonly kink: number;
}

/** One piece of f near w: the open cone of directions on which f'(w; ·) has this gradient. */
export interface Leaf {
  /** Sign of y'(d) at each tie on this cone; 0 where the form is zero and the tie does not branch. */
  readonly signs: readonly (-1 | 0 | 1)[];
  /** A direction inside the open cone, `[parameter]`. */
  readonly direction: Row;
  /** `[output, parameter]`. */
  readonly gradient: readonly Row[];
}

export interface Walk {
  /** f(w), stacked sample by sample. */
  readonly value: Row;
  readonly ties: readonly Tie[];
  /** The leaves found: all of them where `complete`. */
  readonly leaves: readonly Leaf[];
  readonly complete: boolean;
  /** Null where undecided. */
  readonly differentiable: boolean | null;
  /** Df(w), `[output, parameter]`; null where it does not exist or is undecided. */
  readonly derivative: readonly Row[] | null;
}

export interface WalkOptions {
  /** Most leaves to visit. */
  readonly maxLeaves: number;
  /** Stop at the second distinct gradient: enough for differentiability, not for hulls. */
  readonly stopWhenDecided?: boolean;
  /**
   * Follow every sign pattern of the ties, feasible or not: the leaves then span the outer hull of
   * theory.md section 4 and say nothing about differentiability.
   */
  readonly allPatterns?: boolean;
}

/** *Exact.* The ties at the given values, in topological order. */
export function tiesAt(network: Network, values: Values): Tie[] {
  const ties: Tie[] = [];
  network.equations.forEach((equation, index) => {
    if (equation.op !== 'activation' || equation.activation.kinks.length === 0) return;
    (values[equation.in] as readonly Row[]).forEach((vector, sample) => {
      vector.forEach((t, unit) => {
        const kink = kinkIndexAt(equation.activation, t);
        if (kink !== -1) ties.push({ equation: index, layer: equation.layer, sample, unit, kink });
      });
    });
  });
  return ties;
}

/** Sign constraints of a branch: the tied forms, as coordinates over an independent few of them. */
interface Cone {
  readonly span: Span;
  readonly constraints: readonly Row[];
}

/** `[variable][sample][unit]`: y'(d) as a row over the parameters. */
type Forms = readonly (readonly (readonly Row[])[])[];

/** *Exact.* Walks the pieces of f near w. See the header for what the answer means. */
export function walk(network: Network, point: Row, options: WalkOptions): Walk {
  const width = network.parameters.length;
  const values = valuesAt(network, point);
  const ties = tiesAt(network, values);
  const zeroForm: Row = Array.from({ length: width }, () => ZERO);
  const value = (values[network.output] as readonly Row[]).flat();
  const leaves: Leaf[] = [];
  const distinct: (readonly Row[])[] = [];
  let complete = true;

  const emit = (forms: Forms, signs: readonly (-1 | 0 | 1)[], cone: Cone): void => {
    if (leaves.length === options.maxLeaves) {
      complete = false;
      return;
    }
    const gradient = (forms[network.output] as readonly (readonly Row[])[]).flat();
    leaves.push({
      signs,
      direction: options.allPatterns === true ? zeroForm : directionIn(cone, width),
      gradient,
    });
    if (!distinct.some((other) => equalRows(other, gradient))) distinct.push(gradient);
  };
  const stopped = (): boolean =>
    !complete || (options.stopWhenDecided === true && distinct.length > 1);

  const explore = (
    index: number,
    forms: Forms,
    signs: readonly (-1 | 0 | 1)[],
    cone: Cone,
  ): void => {
    if (stopped()) return;
    const equation = network.equations[index];
    if (equation === undefined) {
      emit(forms, signs, cone);
      return;
    }
    const inForms = forms[equation.in] as readonly (readonly Row[])[];
    const inValues = values[equation.in] as readonly Row[];
    if (equation.op === 'dense') {
      const next = inForms.map((sampleForms, sample) =>
        denseForms(equation, sampleForms, inValues[sample] as Row, point, width),
      );
      explore(index + 1, [...forms, next], signs, cone);
      return;
    }
    const own = ties.filter((tie) => tie.equation === index);
    const next = inForms.map((sampleForms, sample) =>
      sampleForms.map((form, unit) => {
        if (own.some((tie) => tie.sample === sample && tie.unit === unit)) return zeroForm;
        const t = (inValues[sample] as Row)[unit] as Rational;
        return scaled(form, slopeOf(equation, sides(equation.activation, t).right, t));
      }),
    );
    branch(own, 0, index, [...forms, next], signs, cone);
  };

  const branch = (
    own: readonly Tie[],
    position: number,
    index: number,
    forms: Forms,
    signs: readonly (-1 | 0 | 1)[],
    cone: Cone,
  ): void => {
    const tie = own[position];
    if (tie === undefined) {
      explore(index + 1, forms, signs, cone);
      return;
    }
    const equation = network.equations[index] as ActivationEquation;
    const form = (
      (forms[equation.in] as readonly (readonly Row[])[])[tie.sample] as readonly Row[]
    )[tie.unit] as Row;
    if (form.every(isZero)) {
      branch(own, position + 1, index, forms, [...signs, 0], cone);
      return;
    }
    const t = ((values[equation.in] as readonly Row[])[tie.sample] as Row)[tie.unit] as Rational;
    const { left, right } = sides(equation.activation, t);
    for (const side of [-1, 1] as const) {
      const narrowed = options.allPatterns === true ? cone : narrow(cone, form, side);
      if (narrowed === null) continue;
      const out = scaled(form, slopeOf(equation, side === -1 ? left : right, t));
      const chosen = replaced(forms, equation.out, tie, out);
      branch(own, position + 1, index, chosen, [...signs, side], narrowed);
      if (stopped()) return;
    }
  };

  const inputForms = network.inputs.map((input) => input.map(() => zeroForm));
  explore(0, [inputForms], [], { span: emptySpan(width), constraints: [] });
  const decided = complete || distinct.length > 1;
  const differentiable = decided ? distinct.length === 1 : null;
  return {
    value,
    ties,
    leaves,
    complete: complete && !(options.stopWhenDecided === true && distinct.length > 1),
    differentiable,
    derivative: differentiable === true ? (distinct[0] ?? null) : null,
  };
}

/** *Exact.* Equality of two matrices, entry by entry. */
export function equalRows(a: readonly Row[], b: readonly Row[]): boolean {
  return a.every((row, i) => row.every((entry, j) => equal(entry, (b[i] as Row)[j] as Rational)));
}

function slopeOf(equation: ActivationEquation, piece: number, t: Rational): Rational {
  const p = equation.activation.pieces[piece] ?? [];
  return evaluatePolynomial(
    p.slice(1).map((coefficient, k) => multiply(coefficient, integer(k + 1))),
    t,
  );
}

function scaled(form: Row, factor: Rational): Row {
  return form.map((entry) => (isZero(entry) ? entry : multiply(entry, factor)));
}

function denseForms(
  equation: DenseEquation,
  inForms: readonly Row[],
  inValues: Row,
  point: Row,
  width: number,
): Row[] {
  return equation.weight.map((row, unit) => {
    const form: Rational[] = Array.from({ length: width }, () => ZERO);
    const accumulate = (parameter: number, by: Rational): void => {
      form[parameter] = add(form[parameter] as Rational, by);
    };
    row.forEach((entry, input) => {
      const z = inValues[input] as Rational;
      if ('parameter' in entry && !isZero(z)) {
        accumulate(entry.parameter, multiply(entry.scale, z));
      }
      const weight = entryAt(entry, point);
      if (isZero(weight)) return;
      (inForms[input] as Row).forEach((derivative, parameter) => {
        if (!isZero(derivative)) accumulate(parameter, multiply(weight, derivative));
      });
    });
    const bias = equation.bias[unit];
    if (bias !== undefined && 'parameter' in bias) accumulate(bias.parameter, bias.scale);
    return form;
  });
}

function replaced(forms: Forms, variable: number, tie: Tie, form: Row): Forms {
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

/** The cone cut by side·form > 0; null where nothing open is left of it. */
function narrow(cone: Cone, form: Row, side: -1 | 1): Cone | null {
  const oriented = side === -1 ? form.map(negate) : form;
  const coordinates = cone.span.coordinates(oriented);
  if (coordinates === null) {
    // Independent of all constraints so far: both sides stay open whatever they are.
    const unit = Array.from({ length: cone.span.rank + 1 }, (_, k) =>
      k === cone.span.rank ? ONE : ZERO,
    );
    return { span: cone.span.extended(oriented), constraints: [...cone.constraints, unit] };
  }
  const constraints = [...cone.constraints, coordinates];
  return interior(constraints, cone.span.rank) === null ? null : { span: cone.span, constraints };
}

/**
 * A t with A·t > 0 in every row, or null: by Gordan's theorem there is none exactly if some
 * λ ≥ 0 with Σλ = 1 has Aᵀλ = 0.
 */
function interior(constraints: readonly Row[], rank: number): Row | null {
  const rows = Array.from({ length: rank }, (_, k) =>
    constraints.map((constraint) => constraint[k] ?? ZERO),
  );
  rows.push(constraints.map(() => ONE));
  const right = [...Array.from({ length: rank }, () => ZERO), ONE];
  const answer = solveNonNegative(rows, right);
  return answer.feasible ? null : answer.farkas.slice(0, rank);
}

function directionIn(cone: Cone, width: number): Row {
  if (cone.constraints.length === 0) return Array.from({ length: width }, () => ZERO);
  const t = interior(cone.constraints, cone.span.rank);
  if (t === null) throw new Error('walk: an open cone lost its interior');
  return cone.span.pointWith(t);
}
