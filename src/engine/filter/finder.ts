/**
 * The tie finder: which pre-activations sit on a kink, and on which piece all others are, exactly,
 * at the speed of float64.
 *
 * Every neuron is evaluated in doubles beside a proved bound (`rounding.ts`, `pieces.ts`); what no
 * bound decides is decided exactly. Many samples at one point go through the norm bound first
 * (`norm-pass.ts`); a sample that it does not prove free of ties, and few samples, through the running
 * bound (`running-pass.ts`). A finder holds scratch memory and is not reentrant; what it returns is
 * the caller's.
 */
import { chainOf } from '../net/chain.js';
import type { Network } from '../net/ir.js';
import type { Rational } from '../num/rational.js';
import type { Point } from './exact.js';
import { layersAt } from './layers.js';
import { normPassOf } from './norm-pass.js';
import { programOf, type ActivationStep } from './program.js';
import { runningPassOf, type Doubts } from './running-pass.js';

export type { Point } from './exact.js';

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

/** What a finder did since it was made. */
export interface FilterWork extends Doubts {
  /** Samples decided, over all points. */
  readonly samples: number;
  /** Of those, by the norm bound alone. */
  readonly byNorm: number;
}

export interface TieFinder {
  /**
   * *Exact.* The ties at w, by equation, sample and unit. Each number of w must be a value of its
   * parameter's set. Throws a RangeError where w has another length, or a number that is not finite
   * decides something.
   */
  readonly at: (point: Point) => readonly Tie[];
  /**
   * *Exact.* Per equation, `[sample][unit]`: 2p where the pre-activation lies strictly inside piece
   * p, 2k + 1 where it is breakpoint k. Empty for dense equations and where nothing is decided: behind
   * the last activation with breakpoints. Conditions and errors as for `at`.
   */
  readonly positionsAt: (point: Point) => readonly Int32Array[];
  /**
   * Decides sample after sample and shows each: for callers that need to know more than ties, such as
   * which value of one parameter would make one. Conditions and errors as for `at`.
   */
  readonly eachSampleAt: (point: Point, visit: (sample: DecidedSample) => void) => void;
  readonly work: () => FilterWork;
}

/**
 * One sample, decided, as long as the visit lasts. Variables are those of the network, up to the last
 * activation with breakpoints; those behind it were not evaluated.
 */
export interface DecidedSample {
  readonly sample: number;
  readonly ties: readonly Tie[];
  /**
   * *Upper bound.* By variable: every unit's value is within `error` of `value`; where one of the two
   * is not finite, nothing is known. An error of 0 is exact. To be read only.
   */
  readonly value: readonly Float64Array[];
  readonly error: readonly Float64Array[];
  /** *Exact.* The value of a unit of a variable; in dyadics or rationals, so not for every unit. */
  readonly exactly: (variable: number, unit: number) => Rational;
}

export interface TieFinderOptions {
  /**
   * `running`: one more matrix-vector product per sample. `norm`: norms of the rows once per point,
   * then next to nothing per sample, and a looser bound. By default what is cheaper.
   */
  readonly bound?: 'running' | 'norm';
  /** Whether the norm bound takes WebAssembly where the host has it; by default with many samples. */
  readonly lanes?: boolean;
}

/** From so many samples on the norms of the rows pay off. */
const NORM_SAMPLES = 3;
/** And from so many on the matrices are laid out for WebAssembly. */
const LANES_SAMPLES = 16;
/** The norm bound is given up for the rest of a point where it failed on most of this many samples. */
const NORM_TRIALS = 8;

/** *Exact.* The finder of a chain; prepare it once, ask it often. Throws a TypeError where it is none. */
export function tieFinderOf(whole: Network, options: TieFinderOptions = {}): TieFinder {
  const network = chainOf(whole);
  const program = programOf(network);
  const samples = network.inputs.length;
  const byNormFirst = (options.bound ?? (samples < NORM_SAMPLES ? 'running' : 'norm')) === 'norm';
  const norm = byNormFirst
    ? normPassOf(program, network.widths, options.lanes ?? samples >= LANES_SAMPLES)
    : null;
  const running = runningPassOf(program, network);
  const scratch = new Float64Array(network.parameters.length);
  const counts = { samples: 0, byNorm: 0 };

  const pointOf = (point: Point): ReturnType<typeof layersAt> => {
    if (point.length !== network.parameters.length) {
      throw new RangeError(
        `tieFinderOf: the point has ${String(point.length)} parameters, the network ${String(network.parameters.length)}`,
      );
    }
    return layersAt(program, point, scratch);
  };

  /** Decides by the running bound and adds the ties of the sample. */
  const decide = (sample: number, ties: Tie[]): void => {
    running.decide(sample, (step, unit, breakpoint) => {
      const kink = step.pieces.kinkAt[breakpoint]!;
      if (kink === -1) return;
      ties.push({ equation: step.equation, layer: step.layer, sample, unit, kink });
    });
  };

  return {
    at(point) {
      const inDoubles = pointOf(point);
      running.begin(inDoubles);
      norm?.begin(inDoubles);
      const ties: Tie[] = [];
      let failures = 0;
      for (let sample = 0; sample < samples; sample += 1) {
        counts.samples += 1;
        const isTried = sample < NORM_TRIALS || 2 * failures <= sample;
        if (isTried && norm?.isFree(sample) === true) {
          counts.byNorm += 1;
          continue;
        }
        failures += 1;
        decide(sample, ties);
      }
      // Samples came one after the other; a stable sort leaves sample and unit in order.
      return samples === 1 ? ties : ties.sort((a, b) => a.equation - b.equation);
    },
    positionsAt(point) {
      running.begin(pointOf(point));
      const activations = program.steps.filter(
        (step): step is ActivationStep => step.op === 'activation',
      );
      const positions = network.equations.map(() => new Int32Array(0));
      for (const { equation, units } of activations) {
        positions[equation] = new Int32Array(samples * units);
      }
      for (let sample = 0; sample < samples; sample += 1) {
        counts.samples += 1;
        decide(sample, []);
        for (const step of activations) {
          for (let unit = 0; unit < step.units; unit += 1) {
            positions[step.equation]![sample * step.units + unit] = running.positionAt(step, unit);
          }
        }
      }
      return positions;
    },
    eachSampleAt(point, visit) {
      running.begin(pointOf(point));
      const { value, error, exactly } = running;
      for (let sample = 0; sample < samples; sample += 1) {
        counts.samples += 1;
        const ties: Tie[] = [];
        decide(sample, ties);
        visit({ sample, ties, value, error, exactly });
      }
    },
    work: () => ({ ...counts, ...running.doubts() }),
  };
}
