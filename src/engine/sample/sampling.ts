/**
 * Sampling behind one door: which methods apply to a network, and the sums of any range of samples.
 * A sample is a function of (seed, index), so a range gives the same sums wherever it is drawn.
 */
import type { Proxies } from '../ad/rules.js';
import { gridProgramOf } from '../count/grid.js';
import { decisionsOf } from '../analytic/verdict.js';
import { neuronsOf, spaceOf } from '../count/space.js';
import { tieFinderOf } from '../filter/finder.js';
import { isChain } from '../net/chain.js';
import { isPolynomial, type AnalyticNetwork, type Network } from '../net/ir.js';
import { judgeOf } from '../verdict.js';
import type { Scale } from './assessment.js';
import { conditionalEstimator, whyNotConditional } from './conditional.js';
import { drawsOf } from './draws.js';
import type { Estimator, SampleMethod } from './estimator.js';
import { NO_SHORTCUTS, exactSubject, type Judge, type Shortcuts } from './exact-subject.js';
import { gridSubject } from './kernel.js';
import { looksOf, stretchOf } from './looks.js';
import { lateFilterOf, type Tables } from './no-tie-doubles.js';
import { frontFilterOf, noTieFilterOf } from './no-tie.js';
import { rowsOf } from './pivots.js';
import { plainEstimator } from './plain.js';
import { realSubject } from './real-subject.js';
import { relevanceInDoubles } from './relevance-doubles.js';
import { rowDrawsOf } from './row-draws.js';
import type { Subject } from './subject.js';
import { Collector, type BatchSums, type SampleSums } from './sums.js';
import { unionEstimator } from './union.js';

export interface Sampling {
  readonly method: SampleMethod;
  readonly scale: Scale;
  /** Whether a compiled kernel does the work, not exact arithmetic point by point. */
  readonly compiled: boolean;
  /**
   * *Exact.* The sums of the samples [from, to), by the stretches between the looks of `samples`.
   * `onProgress` hears how many are done, and `onLook` (by default deaf) the sums up to each look;
   * both say whether to go on. Where not, the sums are those of the samples until then.
   */
  readonly sumsOf: (
    range: { readonly from: number; readonly to: number; readonly samples: number },
    onProgress: (done: number) => boolean,
    onLook?: (sums: SampleSums) => boolean,
  ) => { readonly done: number; readonly sums: SampleSums };
}

export interface SamplingOptions {
  readonly seed: bigint;
  /** Allow the kernel; default true. Off, every point is exact rationals. */
  readonly kernel?: boolean;
  /** Allow the filters in doubles, of points without ties and without possible ties; default true. */
  readonly filter?: boolean;
  /** Decides a point in place of the exact judge; must agree with it. */
  readonly judge?: Judge;
}

/** How often progress is told, in samples. */
const PROGRESS_EVERY = 16;

/** Why a method does not apply to a network; null where it does. */
export function whyNotSampled(network: AnalyticNetwork, method: SampleMethod): string | null {
  if (method === 'plain') return null;
  if (!isPolynomial(network)) return 'an activation of the network has exponentials';
  if (!isChain(network)) return 'it needs a chain of dense and convolution layers, without a loss';
  if (method === 'conditional') return whyNotConditional(network);
  if (rowsOf(network).some(({ own }) => own.length > 0)) return null;
  return 'no neuron with a kink has a parameter of its own in its row';
}

/** *Exact.* The method that has the least variance among those that apply. */
export function sampleMethodFor(network: AnalyticNetwork): SampleMethod {
  const methods = ['conditional', 'union'] as const;
  return methods.find((method) => whyNotSampled(network, method) === null) ?? 'plain';
}

/** Whether a network is sampled on its grid, not in exact arithmetic point by point. */
export function isCompiled(network: AnalyticNetwork, proxies: Proxies): boolean {
  return isPolynomial(network) && gridProgramOf(network, proxies, spaceOf(network)) !== null;
}

/** Prepares sampling of a network by a method. Throws an Error where it does not apply. */
export function samplingOf(
  network: AnalyticNetwork,
  proxies: Proxies,
  method: SampleMethod,
  options: SamplingOptions,
): Sampling {
  const { estimator, compiled } = isPolynomial(network)
    ? prepared(network, proxies, method, options)
    : { estimator: overReals(network, proxies, method, options), compiled: false };
  const draws = drawsOf(options.seed);
  const { unit, range, neuronRanges } = estimator;
  return {
    method,
    scale: { method, unit, range, neuronRanges },
    compiled,
    sumsOf: ({ from, to, samples }, onProgress, onLook = () => true) => {
      const looks = looksOf(samples);
      const sums = new Map<number, BatchSums>();
      let at = from;
      let goesOn = true;
      while (at < to && goesOn) {
        const stretch = stretchOf(looks, at);
        const end = Math.min(to, looks[stretch] ?? to);
        const collector = new Collector(estimator.usual);
        try {
          while (at < end && goesOn) {
            draws.begin(at);
            const became = estimator.observe(draws, collector.observation);
            if (became === 'usual') collector.takeUsual();
            else if (became === 'written') collector.take();
            at += 1;
            if ((at - from) % PROGRESS_EVERY === 0) goesOn = onProgress(at - from);
          }
        } finally {
          // Also where somebody threw: the next range must not find what this one kept.
          estimator.flush?.(collector);
        }
        sums.set(stretch, collector.sums());
        if (goesOn && at === looks[stretch]) goesOn = onLook(sums);
      }
      onProgress(at - from);
      return { done: at - from, sums };
    },
  };
}

/** Of a network with exponentials. */
function overReals(
  network: AnalyticNetwork,
  proxies: Proxies,
  method: SampleMethod,
  options: SamplingOptions,
): Estimator {
  if (method !== 'plain') throw new Error(`samplingOf: ${method} needs rational values`);
  const judge = options.judge ?? decisionsOf(network, proxies);
  return plainEstimator(realSubject(network, spaceOf(network), judge), neuronsOf(network).length);
}

function prepared(
  network: Network,
  proxies: Proxies,
  method: SampleMethod,
  options: SamplingOptions,
): { readonly estimator: Estimator; readonly compiled: boolean } {
  const { subject, compiled } = subjectOf(network, proxies, method, options);
  return { estimator: estimatorOf(network, subject, method), compiled };
}

function subjectOf(
  network: Network,
  proxies: Proxies,
  method: SampleMethod,
  options: SamplingOptions,
): { readonly subject: Subject; readonly compiled: boolean } {
  const space = spaceOf(network);
  const judge = options.judge ?? judgeOf(network, proxies);
  const program = options.kernel === false ? null : gridProgramOf(network, proxies, space);
  return program === null || !isChain(network)
    ? {
        subject: exactSubject(network, space, judge, shortcutsOf(network, method, options)),
        compiled: false,
      }
    : { subject: gridSubject(network, space, program, judge), compiled: true };
}

function shortcutsOf(
  network: Network,
  method: SampleMethod,
  { filter }: SamplingOptions,
): Shortcuts {
  if (filter === false || !isChain(network)) return NO_SHORTCUTS;
  const tables: Tables = new Map();
  const noTie = noTieFilterOf(network, { tables });
  const late = noTie === null || method !== 'conditional' ? null : lateFilterOf(network, tables);
  const draws = late === null ? null : rowDrawsOf(network, tables);
  const rows =
    late === null || draws === null
      ? null
      : { draws, late, relevance: relevanceInDoubles(network, tables) };
  const front = noTie === null || method !== 'conditional' ? null : frontFilterOf(network);
  return { filter: noTie, front, finder: tieFinderOf(network), rows };
}

function estimatorOf(network: Network, subject: Subject, method: SampleMethod): Estimator {
  if (method === 'plain') return plainEstimator(subject, neuronsOf(network).length);
  if (!isChain(network)) throw new Error(`estimatorOf: ${method} needs a chain`);
  switch (method) {
    case 'conditional':
      return conditionalEstimator(network, subject);
    case 'union':
      return unionEstimator(network, subject);
  }
}
