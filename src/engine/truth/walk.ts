/**
 * The walk: decides differentiability at one point from the definition alone (theory.md section 3).
 *
 * f is locally Lipschitz, so it is differentiable at w exactly if its directional derivative
 * d ↦ f'(w; d) is linear. The walk carries, for each unit, y'(d) as a linear form in d. At a tied
 * neuron whose form is not zero it branches on the sign of the form, at a tied maximum on which of
 * the distinct tied forms is strictly largest; it keeps a branch where the open cone of its sign
 * constraints is not empty. The leaves are the gradients of the pieces; open cones are dense, so one
 * distinct leaf means differentiable, two mean not.
 *
 * No theorem is used, and no code of `ad/`: this is the judge. Where more leaves than `maxLeaves`
 * would be needed, or more than DEPENDENT_MAX dependent constraints meet in one cone, the answer is
 * undecided, unless two distinct leaves are already in hand.
 */
import type { ActivationEquation, MaxEquation, Network } from '../net/ir.js';
import { ZERO, equal, isZero, negate, type Rational } from '../num/rational.js';
import { advance, isConstant, type Branch } from './branch.js';
import { cutBy, directionIn, wholeSpace, type Cone } from './cone.js';
import { outputAt, sides, throughLoss, valuesAt, type Values } from './evaluate.js';
import {
  composed,
  constantExpansion,
  maySignsMeet,
  opposite,
  plus,
  sameExpansion,
  type Expansion,
} from './expansion.js';
import { difference, equalForms, scaled, slopeOf } from './forms.js';
import type { Row } from './linear.js';
import { readUnits } from './read.js';
import { tiesAt, type KinkTie, type MaxTie, type Tie } from './tie.js';

export { tiesAt, type Tie } from './tie.js';

/** One piece of f near w: the open cone of directions on which f'(w; ·) has this gradient. */
export interface Leaf {
  /**
   * What was chosen at each tie: −1 or 1, the sign of y'(d); at a maximum the unit whose form is
   * largest; null where the tie does not branch.
   */
  readonly choices: readonly (number | null)[];
  /** A direction inside the open cone, `[parameter]`. */
  readonly direction: Row;
  /** `[output, parameter]`. */
  readonly gradient: readonly Row[];
}

export interface Walk {
  /** f(w), stacked sample by sample, or the loss. */
  readonly value: Row;
  readonly ties: readonly Tie[];
  /** The leaves found: all of them where `complete`. */
  readonly leaves: readonly Leaf[];
  readonly complete: boolean;
  /** Why the walk is not complete; null where it is, or where it stopped because it was decided. */
  readonly limit: string | null;
  /** Null where undecided. */
  readonly differentiable: boolean | null;
  /** Df(w), `[output, parameter]`; null where it does not exist or is undecided. */
  readonly derivative: readonly Row[] | null;
}

export interface WalkOptions {
  /** Most leaves to visit. */
  readonly maxLeaves: number;
  /**
   * Stop at the second distinct gradient, and do not branch on ties that no output reads (`read.ts`):
   * enough for differentiability, not for hulls.
   */
  readonly stopWhenDecided?: boolean;
  /** Stop at the first leaf with this gradient: enough where a hull is asked for one of its vertices. */
  readonly until?: readonly Row[];
  /**
   * Follow every pattern of the ties that is not shown to be impossible, whether or not it is seen to
   * first order: the leaves then span the outer hull of theory.md section 4 and say nothing about
   * differentiability.
   */
  readonly allPatterns?: boolean;
}

/** Most constraints of one cone that depend on others: the size of an exact linear program. */
const DEPENDENT_MAX = 64;

/** One way to resolve a tie: what must be positive, and what the tied unit then is. */
interface Choice {
  readonly choice: number;
  readonly positive: readonly { readonly form: Row; readonly expansion: Expansion | null }[];
  readonly form: Row;
  readonly expansion: Expansion | null;
}

/** *Exact.* Walks the pieces of f near w. See the header for what the answer means. */
export function walk(network: Network, point: Row, options: WalkOptions): Walk {
  const width = network.parameters.length;
  const outer = options.allPatterns === true;
  const values = valuesAt(network, point);
  const ties = tiesAt(network, values);
  const zeroForm: Row = Array.from({ length: width }, () => ZERO);
  const read =
    options.stopWhenDecided === true && !outer ? readUnits(network, values, point) : null;
  const isRead = ({ equation, sample, unit }: Tie): boolean =>
    read?.[network.equations[equation]?.out ?? 0]?.[sample]?.[unit] ?? true;
  const leaves: Leaf[] = [];
  const distinct: (readonly Row[])[] = [];
  const met: { limit: string | null; wanted: boolean } = { limit: null, wanted: false };

  const emit = ({ forms, choices, cone }: Branch): void => {
    if (leaves.length === options.maxLeaves) {
      met.limit = `more than ${String(options.maxLeaves)} pieces meet at this point`;
      return;
    }
    const stacked = (forms[network.output] as readonly (readonly Row[])[]).flat();
    const gradient = throughLoss(network, values, stacked);
    let direction = outer ? zeroForm : null;
    leaves.push({
      choices,
      // A linear program, which whoever asks for differentiability alone need not solve.
      get direction() {
        return (direction ??= directionIn(cone, width));
      },
      gradient,
    });
    if (options.until !== undefined && equalRows(options.until, gradient)) met.wanted = true;
    if (!distinct.some((other) => equalRows(other, gradient))) distinct.push(gradient);
  };
  const stopped = (): boolean =>
    met.limit !== null || met.wanted || (options.stopWhenDecided === true && distinct.length > 1);

  const explore = (index: number, branch: Branch): void => {
    if (stopped()) return;
    const equation = network.equations[index];
    if (equation === undefined) {
      emit(branch);
      return;
    }
    const own = ties.filter((tie) => tie.equation === index);
    const advanced = advance(network, index, branch, values, point, outer, read);
    resolve(own, 0, index, advanced);
  };

  const resolve = (own: readonly Tie[], position: number, index: number, branch: Branch): void => {
    const tie = own[position];
    if (tie === undefined) {
      explore(index + 1, branch);
      return;
    }
    if (!isRead(tie)) {
      resolve(own, position + 1, index, { ...branch, choices: [...branch.choices, null] });
      return;
    }
    const choices = choicesAt(network, tie, branch, values);
    const single = choices.length === 1;
    for (const choice of choices) {
      const chosen = choose(branch, tie, choice, network, single);
      const narrowed = outer ? narrowedOuter(chosen, choice) : narrowedInner(chosen, choice);
      if (narrowed === null) continue;
      if (narrowed.cone.dependent > DEPENDENT_MAX) {
        met.limit = `more than ${String(DEPENDENT_MAX)} dependent constraints meet in one cone`;
        return;
      }
      resolve(own, position + 1, index, narrowed);
      if (stopped()) return;
    }
  };

  explore(0, {
    forms: [network.inputs.map((input) => input.map(() => zeroForm))],
    expansions: outer ? [network.inputs.map((input) => input.map(constantExpansion))] : [],
    choices: [],
    cone: wholeSpace(width),
    positive: [],
  });
  const decided = (met.limit === null && !met.wanted) || distinct.length > 1;
  const differentiable = decided ? distinct.length === 1 : null;
  return {
    value: outputAt(network, values),
    ties,
    leaves,
    complete:
      met.limit === null &&
      !met.wanted &&
      !(options.stopWhenDecided === true && distinct.length > 1),
    limit: met.limit,
    differentiable,
    derivative: differentiable === true ? (distinct[0] ?? null) : null,
  };
}

/** *Exact.* Equality of two matrices, entry by entry. */
export function equalRows(a: readonly Row[], b: readonly Row[]): boolean {
  return a.every((row, i) => row.every((entry, j) => equal(entry, (b[i] as Row)[j] as Rational)));
}

/** The ways to resolve a tie; one where it does not branch. */
function choicesAt(network: Network, tie: Tie, branch: Branch, values: Values): Choice[] {
  const equation = network.equations[tie.equation] as ActivationEquation | MaxEquation;
  const forms = branch.forms[equation.in]?.[tie.sample] ?? [];
  const expansions = branch.expansions[equation.in]?.[tie.sample] ?? [];
  if (equation.op === 'max') return maxChoices(tie as MaxTie, forms, expansions);
  const t = values[equation.in]?.[tie.sample]?.[tie.unit] as Rational;
  return kinkChoices(tie as KinkTie, equation, t, forms, expansions);
}

function kinkChoices(
  { unit }: KinkTie,
  equation: ActivationEquation,
  t: Rational,
  forms: readonly Row[],
  expansions: readonly (Expansion | null)[],
): Choice[] {
  const form = forms[unit] as Row;
  const expansion = expansions[unit] ?? null;
  const { left, right } = sides(equation.activation, t);
  const on = (piece: number): Expansion | null =>
    composed(equation.activation.pieces[piece] ?? [], expansion);
  if (form.every(isZero)) {
    const known = isConstant(expansion) ? on(right) : null;
    return [{ choice: 0, positive: [], form, expansion: known }];
  }
  const above = plus(expansion, constantExpansion(negate(t)));
  return [
    {
      choice: -1,
      positive: [{ form: form.map(negate), expansion: opposite(above) }],
      form: scaled(form, slopeOf(equation, left, t)),
      expansion: on(left),
    },
    {
      choice: 1,
      positive: [{ form, expansion: above }],
      form: scaled(form, slopeOf(equation, right, t)),
      expansion: on(right),
    },
  ];
}

/** Tied units with equal forms make one group: to first order it does not matter which is larger. */
function maxChoices(
  { tied }: MaxTie,
  forms: readonly Row[],
  expansions: readonly (Expansion | null)[],
): Choice[] {
  const groups: { readonly form: Row; readonly units: number[] }[] = [];
  for (const unit of tied) {
    const form = forms[unit] as Row;
    const group = groups.find((other) => equalForms(other.form, form));
    if (group === undefined) groups.push({ form, units: [unit] });
    else group.units.push(unit);
  }
  return groups.map(({ form, units }) => {
    const [first = 0, ...others] = units;
    const known = expansions[first] ?? null;
    // Which member of the group is largest is known where they are the same polynomial.
    const same = others.every((unit) => sameExpansion(expansions[unit] ?? null, known));
    const expansion = same ? known : null;
    const positive = groups.flatMap((other) =>
      other.form === form
        ? []
        : other.units.map((unit) => ({
            form: difference(form, other.form),
            expansion: plus(expansion, opposite(expansions[unit] ?? null)),
          })),
    );
    return { choice: first, positive, form, expansion };
  });
}

function choose(
  branch: Branch,
  tie: Tie,
  { choice, form, expansion }: Choice,
  network: Network,
  single: boolean,
): Branch {
  const variable = network.equations[tie.equation]?.out ?? 0;
  return {
    ...branch,
    choices: [...branch.choices, single ? null : choice],
    forms: replaced(branch.forms, variable, tie, form),
    expansions: replaced(branch.expansions, variable, tie, expansion),
  };
}

function replaced<T>(
  all: readonly (readonly (readonly T[])[])[],
  variable: number,
  tie: Tie,
  value: T,
): readonly (readonly (readonly T[])[])[] {
  return all.map((perSample, v) =>
    v !== variable
      ? perSample
      : perSample.map((units, sample) =>
          sample !== tie.sample
            ? units
            : units.map((old, unit) => (unit === tie.unit ? value : old)),
        ),
  );
}

/** The branch on the directions that make the choice; null where there are none. */
function narrowedInner(branch: Branch, { positive }: Choice): Branch | null {
  let cone: Cone | null = branch.cone;
  for (const { form } of positive) {
    if (cone !== null) cone = cutBy(cone, form);
  }
  return cone === null ? null : { ...branch, cone };
}

/** The branch, unless its pattern is shown to be impossible. */
function narrowedOuter(branch: Branch, choice: Choice): Branch | null {
  const known = choice.positive.flatMap(({ expansion }) => (expansion === null ? [] : [expansion]));
  if (known.length === 0) return branch;
  const positive = [...branch.positive, ...known];
  return maySignsMeet(positive) ? { ...branch, positive } : null;
}
