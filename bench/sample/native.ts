/**
 * Plain Monte Carlo in C (`bench/native/monte-carlo.c`), and the proof that it decides as the engine
 * does: the engine draws the same points by the same generator and decides them one by one.
 */
import { writeFileSync } from 'node:fs';
import { judgeOf, tieFinderOf, toDouble } from '../../src/engine/index.js';
import type { Built } from '../compiler.js';
import { AGREEING, networkOf, valuesOf, type SampleCase } from './cases.js';

export interface NativeRun {
  readonly points: number;
  readonly touched: number;
  readonly nonDifferentiable: number;
  /** Points that the doubles left open, where it works in doubles. */
  readonly open: number;
  /** 64 or 128; 0 where it works in doubles and fixed point. */
  readonly integerBits: number;
  readonly seconds: number;
}

/** Largest set that C is given as a table. */
const MAX_TABLE = 2n ** 20n;

/** A run of C; null where the format has too many values for its table. */
export function nativeRun(
  program: Built,
  of: SampleCase,
  points: number,
  seed: number,
): NativeRun | null {
  const values = valuesOf(of);
  if (values.size > MAX_TABLE || of.widths.length > 4 || of.widths.at(-1) !== 1) return null;
  const file = program.file('values');
  const table = Float64Array.from({ length: Number(values.size) }, (_, rank) =>
    toDouble(values.at(BigInt(rank))),
  );
  writeFileSync(file, Buffer.from(table.buffer));
  const [inputs, widths] = [of.inputs.join(','), of.widths.join(',')];
  return JSON.parse(program.run(inputs, widths, file, String(points), String(seed))) as NativeRun;
}

/** The generator of monte-carlo.c. */
function splitMix64(seed: number): () => bigint {
  let state = BigInt(seed);
  return () => {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    let x = state;
    x = BigInt.asUintN(64, (x ^ (x >> 30n)) * 0xbf58476d1ce4e5b9n);
    x = BigInt.asUintN(64, (x ^ (x >> 27n)) * 0x94d049bb133111ebn);
    return x ^ (x >> 31n);
  };
}

export interface Agreement {
  readonly name: string;
  readonly points: number;
  readonly touched: number;
  readonly nonDifferentiable: number;
  /** How C decided. */
  readonly how: string;
}

/** *Exact.* Throws where C and the engine count differently over the same points. */
export function agreements(program: Built, seed: number): Agreement[] {
  return AGREEING.map(({ case: of, points }) => {
    const run = nativeRun(program, of, points, seed);
    if (run === null) throw new Error(`${of.name}: C cannot take it`);
    const { network, proxies } = networkOf(of);
    const finder = tieFinderOf(network);
    const judge = judgeOf(network, proxies);
    const values = valuesOf(of);
    const random = splitMix64(seed);
    let touched = 0;
    let nonDifferentiable = 0;
    for (let k = 0; k < points; k += 1) {
      const point = network.parameters.map(() => values.at((random() * values.size) >> 64n));
      if (finder.at(Float64Array.from(point, toDouble)).length === 0) continue;
      touched += 1;
      const verdict = judge(point);
      if (verdict.differentiable === null) throw new Error(`${of.name}: undecided`);
      if (!verdict.differentiable) nonDifferentiable += 1;
    }
    if (touched !== run.touched || nonDifferentiable !== run.nonDifferentiable) {
      throw new Error(
        `${of.name}: C counts ${run.touched} and ${run.nonDifferentiable}, the engine ${touched} and ${nonDifferentiable}`,
      );
    }
    const how =
      run.integerBits > 0 ? `${run.integerBits}-bit integers` : `doubles, ${run.open} open`;
    return { name: of.name, points, touched, nonDifferentiable, how };
  });
}

/** z of a two-sided normal interval of 99 %. */
const Z = 2.5758293035489004;

/**
 * *Estimate.* How many points plain Monte Carlo needs so that a normal interval of 99 % is within so
 * much of a density: (z/ε)²(1 − p)/p.
 */
export function pointsNeeded(density: number, relativeError: number): number {
  return ((Z / relativeError) ** 2 * (1 - density)) / density;
}
