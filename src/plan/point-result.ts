/** The result of mode `point`: one examination, as text. */
import {
  enclosureOf,
  sharesOf,
  spaceSize,
  toText,
  type AnalyticExamination,
  type AnalyticNetwork,
  type Decision,
  type Examination,
  type Network,
  type Proxies,
  type Rational,
  type Real,
  type RelevantTie,
} from '../engine/index.js';
import type { RealText } from '../schemas/exact.js';
import type { PointResult } from '../schemas/result.js';
import { boundOf, refuseContradictions } from './bound-text.js';
import type { Plan } from './plan.js';
import { spaceText } from './space-text.js';

type Matrix = readonly (readonly Rational[])[];

function matrixText(matrix: Matrix): string[][] {
  return matrix.map((row) => row.map(toText));
}

function touchedText(
  network: AnalyticNetwork,
  proxies: Proxies,
  tie: RelevantTie,
): PointResult['touched'][number] {
  const equation = network.equations[tie.equation];
  const own = proxies[tie.equation] ?? [];
  const { layer, unit, sample, relevant } = tie;
  const place = { layer, unit, sample };
  if ('tied' in tie) {
    if (equation?.op !== 'max') throw new Error('pointResult: a tied maximum without a maximum');
    return {
      ...place,
      activation: equation.type,
      inputs: [...tie.tied],
      proxies: sharesOf(own, tie.tied.length).map(toText),
      relevant,
    };
  }
  if (equation?.op !== 'activation' && equation?.op !== 'transcendental') {
    throw new Error('pointResult: a tie without an activation');
  }
  const kink = equation.activation.kinks[tie.kink];
  const proxy = own[tie.kink];
  if (kink === undefined || proxy === undefined)
    throw new Error('pointResult: a tie off the kinks');
  return {
    ...place,
    activation: equation.activation.type,
    kink: toText(kink.at),
    proxy: toText(proxy),
    relevant,
  };
}

/** Of a number of which nothing is known. */
const UNKNOWN: RealText = { lower: null, upper: null, form: null };

/** *Exact.* The result of an examination. Throws a Contradiction where it breaks a theorem. */
export function pointResult(
  plan: Plan,
  network: Network,
  proxies: Proxies,
  examination: Examination,
): PointResult {
  const { value, ad, derivative } = examination.verdict;
  return resultOf(plan, network, proxies, examination, {
    value: value.map(toText),
    ad: matrixText(ad),
    derivative: derivative === null ? null : matrixText(derivative),
  });
}

/** *Exact.* The same where values need not be rational: those that are not are enclosed. */
export function analyticPointResult(
  plan: Plan,
  network: AnalyticNetwork,
  proxies: Proxies,
  examination: AnalyticExamination,
): PointResult {
  const { verdict } = examination;
  const { value, ad, derivative } = verdict;
  const matrix = (rows: readonly (readonly Real[])[]): RealText[][] =>
    rows.map((row) => row.map(enclosureOf));
  const stacked = (network.widths[network.output] ?? 0) * network.inputs.length;
  const outputs = Array.from({ length: network.loss === undefined ? stacked : 1 }, () => UNKNOWN);
  const adText =
    ad === null ? outputs.map(() => network.parameters.map(() => UNKNOWN)) : matrix(ad);
  return resultOf(plan, network, proxies, examination, {
    value: value?.map(enclosureOf) ?? outputs,
    ad: adText,
    // Where there is one it is written like AD's if they are proved equal, known or not.
    derivative:
      verdict.adCorrect === true ? adText : derivative === null ? null : matrix(derivative),
  });
}

function resultOf(
  plan: Plan,
  network: AnalyticNetwork,
  proxies: Proxies,
  {
    verdict,
    clarke,
    theorems,
  }: Pick<Examination, 'clarke' | 'theorems'> & { readonly verdict: Decision },
  numbers: Pick<PointResult, 'value' | 'ad' | 'derivative'>,
): PointResult {
  const touched = verdict.ties.map((tie) => touchedText(network, proxies, tie));
  const bounds = theorems.map((report) => {
    const bound = boundOf(report, null);
    return report.applies ? { ...bound, holds: holdsAt(report.id, report.on) } : bound;
  });
  refuseContradictions(bounds);
  return {
    mode: 'point',
    engine: plan.engine,
    question: { ...plan.question },
    space: spaceText(plan.parameters, spaceSize(network)),
    decidedBy: verdict.decidedBy,
    ...(verdict.limit === null ? {} : { limit: verdict.limit }),
    differentiable: verdict.differentiable,
    adCorrect: verdict.adCorrect,
    touched,
    tiesDecided: verdict.tiesDecided,
    ...numbers,
    clarke: {
      membership: clarke.membership,
      why: clarke.why,
      ...(clarke.vertices === undefined
        ? {}
        : {
            certificate: {
              kind: 'convex-combination' as const,
              vertices: clarke.vertices.map((vertex) => ({
                weight: toText(vertex.weight),
                direction: vertex.direction.map(toText),
                gradient: matrixText(vertex.gradient),
              })),
            },
          }),
      ...(clarke.separation === undefined
        ? {}
        : {
            separation: {
              normal: matrixText(clarke.separation.normal),
              ad: toText(clarke.separation.candidate),
              supremum: toText(clarke.separation.supremum),
            },
          }),
    },
    bounds,
  };

  /** What the theorem's conclusion says of this very point; null where it speaks of densities only. */
  function holdsAt(id: string, on: string): boolean | null {
    if (on === 'clarke') {
      return clarke.membership === 'undecided' ? null : clarke.membership === 'certified';
    }
    if (verdict.differentiable === null) return null;
    if (id === 'L-inc') return verdict.adCorrect !== false;
    if (id === 'L-suff') return verdict.differentiable && verdict.adCorrect === true;
    if (id === 'L-iff') return verdict.differentiable === !touched.some((tie) => tie.relevant);
    if (id === 'seed-P') {
      const wrong = theorems.find((report) => report.id === id)?.exact?.n === 1n;
      return verdict.adCorrect === !wrong;
    }
    return null;
  }
}
