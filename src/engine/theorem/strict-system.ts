/**
 * P-8 of [P], the theorem that allows max pooling: w is good if for every layer an explicit system of
 * strict linear inequalities in the layer's parameters is feasible, which says that a move of these
 * parameters resolves each tie of the layer as AD resolved it.
 *
 * The system here: the layer of a tie is the last dense or convolution layer that the tied quantity
 * depends on. A tied neuron demands that the derivative of its pre-activation in the parameters of
 * its layer be positive where AD used the right derivative, negative where it used the left one; a
 * tied maximum, that the unit AD chose grow more than each other tied one. The derivatives are AD's
 * own. Take moves of the layers, each much larger than those of the layers before: along their
 * sum every tie resolves as AD resolved it, so D^AD f(w) is a limit of derivatives. Hence parameters
 * must not be shared between layers. Ties of quantities that are constant near w demand nothing.
 */
import { kinkIndexAt } from '../net/activation.js';
import { inputsOf, isPolynomial, usesOf, type AnalyticNetwork } from '../net/ir.js';
import {
  ONE,
  ZERO,
  compare,
  equal,
  isZero,
  negate,
  subtract,
  type Rational,
} from '../num/rational.js';
import {
  SOURCE_P,
  type Finding,
  type PointFacts,
  type Theorem,
  type TheoremQuestion,
} from './theorem.js';

type Row = readonly Rational[];

export const P_8: Theorem = {
  id: 'P-8',
  on: 'clarke',
  statement:
    'D^AD f(w) lies in the Clarke subdifferential at w, max pooling allowed, if for every layer some move of its parameters resolves each of its ties as AD resolved it.',
  source: SOURCE_P,
  check: (question) => {
    const fault = structuralFault(question);
    return fault === null
      ? { applies: true, why: `${HOLDS}; a condition on single points` }
      : { applies: false, why: fault };
  },
  checkAt: (question, facts) => {
    const fault = structuralFault(question) ?? systemFault(question, facts);
    const finding: Finding =
      fault === null
        ? { applies: true, why: `${HOLDS}; each layer's strict linear inequalities are feasible` }
        : { applies: false, why: fault };
    return finding;
  },
};

const HOLDS =
  'no parameter is shared between layers, each proxy is a one-sided derivative, each tied maximum is resolved to one unit';

function structuralFault({ network, proxies }: TheoremQuestion): string | null {
  for (const [parameter, uses] of usesOf(network).entries()) {
    const first = uses[0]?.equation;
    if (uses.some(({ equation }) => equation !== first)) {
      return `parameter ${network.parameters[parameter]?.name ?? ''} is shared between layers`;
    }
  }
  for (const [index, equation] of network.equations.entries()) {
    const own = proxies[index] ?? [];
    if (equation.op === 'max' && choiceOf(own) === null) {
      return `layer ${String(equation.layer)}: AD does not resolve a tied maximum to one unit`;
    }
    if (equation.op !== 'activation' && equation.op !== 'transcendental') continue;
    const { kinks, type } = equation.activation;
    const mixed = kinks.some(
      (kink, k) => !equal(own[k] ?? ZERO, kink.left) && !equal(own[k] ?? ZERO, kink.right),
    );
    if (mixed) {
      return `layer ${String(equation.layer)}: a proxy of ${type} is no one-sided derivative`;
    }
  }
  return null;
}

/** Which of the tied units a rule of shares chooses; null where it mixes them. */
function choiceOf(rule: Row): 'first' | 'last' | null {
  const [first = ZERO, last = ZERO, ...rest] = rule;
  if (!rest.every(isZero)) return null;
  if (equal(first, ONE) && isZero(last)) return 'first';
  return isZero(first) && equal(last, ONE) ? 'last' : null;
}

/** Why some layer's system is infeasible, or was not set up; null where all are feasible. */
function systemFault(question: TheoremQuestion, facts: PointFacts): string | null {
  const { network } = question;
  if (!isPolynomial(network)) return 'its systems are set up at rational values only';
  const demands = demandsAt(question, facts);
  if (demands === null) return 'the derivatives of all units are too many to set up its systems';
  const layers = [...new Set(demands.map(({ dense }) => dense))].sort((a, b) => a - b);
  for (const dense of layers) {
    const parameters = network.parameters.flatMap((_, parameter) =>
      ownerOf(network)[parameter] === dense ? [parameter] : [],
    );
    const forms = demands
      .filter((demand) => demand.dense === dense)
      .map(({ form }) => parameters.map((parameter) => form[parameter] ?? ZERO));
    const layer = network.equations[dense]?.layer ?? 0;
    if (forms.some((form) => form.every(isZero))) {
      return `layer ${String(layer)}: a tie does not move with the parameters of the layer`;
    }
    if (!facts.canAllBePositive(forms)) {
      return `layer ${String(layer)}: no move of its parameters resolves its ties as AD did`;
    }
  }
  return null;
}

/** What must be positive, as a form over all parameters; and the dense equation of its layer. */
interface Demand {
  readonly dense: number;
  readonly form: Row;
}

function demandsAt({ network, proxies }: TheoremQuestion, facts: PointFacts): Demand[] | null {
  const demands: (Demand & { sample: number })[] = [];
  const dense = lastDense(network);
  let tangents: ReturnType<PointFacts['tangents']> = null;
  for (const [index, equation] of network.equations.entries()) {
    if (equation.op !== 'activation' && equation.op !== 'max') continue;
    for (const [sample, vector] of (facts.values[equation.in] ?? []).entries()) {
      const still = facts.constant[equation.in]?.[sample] ?? [];
      const formOf = (unit: number): Row =>
        tangents?.[sample]?.[equation.in]?.map((tangent) => tangent[unit] ?? ZERO) ?? [];
      const add = (form: () => Row): boolean => {
        tangents ??= facts.tangents();
        if (tangents === null) return false;
        demands.push({ dense: dense[equation.in] ?? -1, form: form(), sample });
        return true;
      };
      if (equation.op === 'activation') {
        for (const [unit, t] of vector.entries()) {
          const kink = equation.activation.kinks[kinkIndexAt(equation.activation, t)];
          if (kink === undefined || still[unit] === true) continue;
          const proxy = proxies[index]?.[kinkIndexAt(equation.activation, t)] ?? ZERO;
          const right = equal(proxy, kink.right);
          if (!add(() => (right ? formOf(unit) : formOf(unit).map(negate)))) return null;
        }
        continue;
      }
      const choice = choiceOf(proxies[index] ?? []);
      for (const window of equation.windows) {
        const tied = largest(window, vector);
        if (tied.every((unit) => still[unit] === true)) continue;
        const chosen = (choice === 'first' ? tied[0] : tied[tied.length - 1]) ?? 0;
        for (const unit of tied) {
          if (unit === chosen) continue;
          const grows = (): Row =>
            formOf(chosen).map((entry, k) => subtract(entry, formOf(unit)[k] ?? ZERO));
          if (!add(grows)) return null;
        }
      }
    }
  }
  return demands;
}

function largest(window: readonly number[], vector: Row): number[] {
  const best = window
    .map((unit) => vector[unit] ?? ZERO)
    .reduce((a, b) => (compare(a, b) >= 0 ? a : b));
  return window.filter((unit) => equal(vector[unit] ?? ZERO, best));
}

/** Per variable, the last dense equation that it depends on; −1 where there is none. */
function lastDense(network: AnalyticNetwork): number[] {
  const last = [-1];
  network.equations.forEach((equation, index) => {
    const read = inputsOf(equation).map((variable) => last[variable] ?? -1);
    last.push(equation.op === 'dense' ? index : Math.max(...read, -1));
  });
  return last;
}

/** Per parameter, the dense equation that uses it; no parameter is used by two. */
function ownerOf(network: AnalyticNetwork): number[] {
  return usesOf(network).map((uses) => uses[0]?.equation ?? -1);
}
