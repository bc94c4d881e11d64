/**
 * How often intervals miss: a thousand seeded repetitions against known exact densities, at every look
 * at once. The number of repetitions that miss is held to its own binomial bound: if intervals missed
 * exactly as often as they may, more misses than that would come with a chance below 10^-6. The seeds
 * are fixed, so a test either always passes or never.
 */
import assert from 'node:assert/strict';
import {
  assess,
  enumerationOf,
  judgeOf,
  parseExact,
  rational,
  samplingOf,
  spaceOf,
  toDouble,
  toText,
  type SampledSet,
  type SampleMethod,
  type SampleSums,
  type SamplingOptions,
  type StopRule,
} from '../../../src/engine/index.js';
import type { Judge } from '../../../src/engine/sample/exact-subject.js';
import { looksOf } from '../../../src/engine/sample/looks.js';
import { caseOf, type Case } from '../../arbitraries-networks.js';

export const REPETITIONS = 1000;

/** P(X ≥ k) of a binomial variable, summed from the largest terms down. */
export function binomialTail(n: number, p: number, k: number): number {
  let log = 0;
  for (let i = 0; i < k; i += 1) log += Math.log((n - i) / (i + 1));
  let term = Math.exp(log + k * Math.log(p) + (n - k) * Math.log1p(-p));
  let sum = 0;
  for (let i = k; i <= n; i += 1) {
    sum += term;
    term *= ((n - i) / (i + 1)) * (p / (1 - p));
  }
  return sum;
}

/** The most misses of n that are no wonder where each has chance p. */
export function mostMisses(n: number, p: number): number {
  let k = Math.ceil(n * p);
  while (binomialTail(n, p, k) > 1e-6) k += 1;
  return k - 1;
}

export interface Known {
  readonly name: string;
  readonly found: Case;
  /** Remembers what it decided: the spaces are small and the repetitions many. */
  readonly judge: Judge;
  readonly densities: Readonly<Record<Exclude<SampledSet, 'either'>, number>>;
}

function remembering(judge: Judge): Judge {
  const known = new Map<string, ReturnType<Judge>>();
  return (point) => {
    const key = point.map(toText).join();
    const verdict = known.get(key) ?? judge(point);
    known.set(key, verdict);
    return verdict;
  };
}

/** A network with its exact densities. */
export function known(name: string, body: object): Known {
  const found = caseOf({ ...body, mode: 'bounds' });
  assert.ok(found !== null);
  const { network, proxies } = found;
  const { visits } = spaceOf(network);
  const counted = enumerationOf(network, proxies).tallyOf(0n, visits, () => undefined);
  const density = (count: bigint): number => toDouble(rational(count, visits));
  return {
    name,
    found,
    judge: remembering(judgeOf(network, proxies)),
    densities: {
      touched: density(counted.touched),
      nonDifferentiable: density(counted.nonDifferentiable),
      incorrect: density(counted.incorrect),
    },
  };
}

export const relu = (units: number, rest = {}) => ({
  type: 'dense',
  units,
  activation: 'relu',
  ...rest,
});
export const ternary = { values: ['-1', '0', '1'] };
/** A rule that may stop at any look, at nine in ten: misses are frequent enough to be counted. */
const RULE: StopRule = {
  samples: 324,
  confidence: parseExact('9/10'),
  relativeError: parseExact('1/10'),
  isTimed: true,
};

/** Throws where more repetitions miss than chance explains. */
export function covers(
  { found, judge, densities }: Known,
  method: SampleMethod,
  options: Omit<SamplingOptions, 'seed'> = {},
): void {
  const misses = { touched: 0, nonDifferentiable: 0, incorrect: 0 };
  const looks = looksOf(RULE.samples);
  for (let seed = 0; seed < REPETITIONS; seed += 1) {
    const settings = { ...options, seed: BigInt(seed), judge };
    for (const set of missesOf(found, method, settings, looks, densities)) misses[set] += 1;
  }
  const most = mostMisses(REPETITIONS, 0.1);
  for (const [set, count] of Object.entries(misses)) {
    assert.ok(count <= most, `${set} was missed ${String(count)} times, ${String(most)} allowed`);
  }
}

function missesOf(
  { network, proxies }: Case,
  method: SampleMethod,
  options: SamplingOptions,
  looks: readonly number[],
  densities: Known['densities'],
): Set<keyof Known['densities']> {
  const sampling = samplingOf(network, proxies, method, options);
  const range = { from: 0, to: RULE.samples, samples: RULE.samples };
  const { sums } = sampling.sumsOf(range, () => true);
  const missed = new Set<keyof Known['densities']>();
  const seen: [number, NonNullable<ReturnType<SampleSums['get']>>][] = [];
  for (const [look] of looks.entries()) {
    const stretch = sums.get(look);
    assert.ok(stretch !== undefined);
    seen.push([look, stretch]);
    // Never stopped by the error: every look is looked at.
    const { sets } = assess(new Map(seen), sampling.scale, { ...RULE, relativeError: null });
    for (const set of ['touched', 'nonDifferentiable', 'incorrect'] as const) {
      const { lower, upper } = sets[set];
      if (densities[set] < lower || densities[set] > upper) missed.add(set);
    }
  }
  return missed;
}
