/** The result of mode `point`: one examination, as text. */
import {
  sharesOf,
  spaceSize,
  toText,
  type Examination,
  type Network,
  type Proxies,
  type Rational,
  type RelevantTie,
} from '../engine/index.js';
import type { PointResult } from '../schemas/result.js';
import { boundOf, refuseContradictions } from './bound-text.js';
import type { Plan } from './plan.js';
import { spaceText } from './space-text.js';

type Matrix = readonly (readonly Rational[])[];

function matrixText(matrix: Matrix): string[][] {
  return matrix.map((row) => row.map(toText));
}

function touchedText(
  network: Network,
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
  if (equation?.op !== 'activation') throw new Error('pointResult: a tie without an activation');
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

/** *Exact.* The result of an examination. Throws a Contradiction where it breaks a theorem. */
export function pointResult(
  plan: Plan,
  network: Network,
  proxies: Proxies,
  { verdict, clarke, theorems }: Examination,
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
    value: verdict.value.map(toText),
    ad: matrixText(verdict.ad),
    derivative: verdict.derivative === null ? null : matrixText(verdict.derivative),
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
