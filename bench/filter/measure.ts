/**
 * Times the paths over and over, one after the other in every round, so that what else the machine
 * does falls on all of them; ratios are taken round by round, of processor time. Before that, what each path decides is
 * compared: with exact arithmetic (the judge) on a few inputs, with C on all.
 */
import { tieFinderOf, type FilterWork, type TieFinder } from '../../src/engine/index.js';
import { fromDouble } from '../../src/engine/num/float64.js';
import { valuesAt } from '../../src/engine/truth/evaluate.js';
import { tiesAt } from '../../src/engine/truth/walk.js';
import type { Built } from '../compiler.js';
import { median } from '../machine.js';
import { NEURONS, type Case } from './cases.js';
import { nativeRun, type NativeRun } from './native.js';
import { forwardPass, forwardPassInLanes } from './plain.js';

/** Nanoseconds per neuron and round. */
interface Timed {
  readonly name: string;
  readonly run: () => void;
  readonly neurons: number;
  readonly nanoseconds: number[];
}

export interface Row {
  readonly format: string;
  readonly path: string;
  /** Medians of nanoseconds per neuron. */
  readonly plain: number;
  readonly decided: number;
  /** Median of the ratios of the rounds. */
  readonly ratio: number;
  readonly work: FilterWork | null;
}

export const FIXED = 'parameters fixed, many inputs';
export const FIXED_IN_LANES = 'parameters fixed, many inputs, WebAssembly';
export const ANEW = 'parameters anew for each pass';

const ROUNDS = 81;
const WARM_UP_ROUNDS = 10;
/** Passes of one path in one round. */
const ROUND_PASSES = 256;
const NATIVE = { rounds: 21, seconds: 0.01 } as const;

export interface Measured {
  readonly javascript: readonly Row[];
  readonly native: readonly Row[];
}

export function measure(of: Case, program: Built | null): Measured {
  const native = program === null ? null : nativeRun(program, of, NATIVE.rounds, NATIVE.seconds);
  compareWithJudge(of);
  if (native !== null) compareWithNative(of, native);
  return { javascript: javascriptRows(of), native: native === null ? [] : nativeRows(of, native) };
}

function javascriptRows(of: Case): Row[] {
  const [point] = of.points;
  const [input] = of.inputs;
  if (point === undefined || input === undefined) throw new Error('a case without numbers');
  const forward = forwardPass();
  const inLanes = forwardPassInLanes(point);
  if (inLanes === null) throw new Error('there is no WebAssembly SIMD');
  const fixed = tieFinderOf(of.network, { lanes: false });
  const fixedInLanes = tieFinderOf(of.network, { lanes: true });
  const fresh = tieFinderOf(of.single);
  const repeats = ROUND_PASSES / of.points.length;
  const repeated = Array.from({ length: repeats }, () => of.points).flat();
  const timed = (name: string, run: () => void, passes: number): Timed => ({
    name,
    run,
    neurons: passes * NEURONS,
    nanoseconds: [],
  });
  const paths = {
    fixedPlain: timed('plain', () => of.inputs.forEach((x) => forward(point, x)), of.inputs.length),
    fixed: timed('fixed', () => fixed.at(point), of.inputs.length),
    lanesPlain: timed('plain', () => of.inputs.forEach((x) => inLanes(x)), of.inputs.length),
    lanes: timed('fixed', () => fixedInLanes.at(point), of.inputs.length),
    freshPlain: timed('plain', () => repeated.forEach((w) => forward(w, input)), repeated.length),
    fresh: timed('fresh', () => repeated.forEach((w) => fresh.at(w)), repeated.length),
  };
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
    const all = Object.values(paths);
    for (const path of round % 2 === 0 ? all : all.reverse()) {
      const start = process.cpuUsage();
      path.run();
      const { user, system } = process.cpuUsage(start);
      if (round >= WARM_UP_ROUNDS) path.nanoseconds.push(((user + system) * 1e3) / path.neurons);
    }
  }
  return [
    row(of, FIXED, paths.fixedPlain, paths.fixed, fixed),
    row(of, FIXED_IN_LANES, paths.lanesPlain, paths.lanes, fixedInLanes),
    row(of, ANEW, paths.freshPlain, paths.fresh, fresh),
  ];
}

function row(
  of: Case,
  path: string,
  plain: { readonly nanoseconds: readonly number[] },
  decided: { readonly nanoseconds: readonly number[] },
  finder: TieFinder | null,
): Row {
  const ratios = decided.nanoseconds.map((time, k) => time / (plain.nanoseconds[k] ?? NaN));
  return {
    format: of.format,
    path,
    plain: median(plain.nanoseconds),
    decided: median(decided.nanoseconds),
    ratio: median(ratios),
    work: finder?.work() ?? null,
  };
}

function nativeRows(of: Case, native: NativeRun): Row[] {
  const { fixedPlain, fixedNorm, fixedRunning, freshPlain, freshRunning } = native;
  return [
    row(of, 'parameters fixed, norm bound', fixedPlain, fixedNorm, null),
    row(of, 'parameters fixed, running bound', fixedPlain, fixedRunning, null),
    row(of, 'parameters anew, running bound', freshPlain, freshRunning, null),
  ];
}

/** Throws where the finder does not find what exact evaluation does. */
function compareWithJudge(of: Case): void {
  const [point] = of.points;
  if (point === undefined) return;
  const few = { ...of.network, inputs: of.network.inputs.slice(0, 4) };
  const exact = tiesAt(few, valuesAt(few, Array.from(point, fromDouble)));
  const found = tieFinderOf(few).at(point);
  if (JSON.stringify(found) !== JSON.stringify(exact)) {
    throw new Error(
      `${of.format}: the finder finds ${found.length} ties, the judge ${exact.length}`,
    );
  }
}

/** Throws where C counts other signs than the finder, or leaves a neuron open. */
function compareWithNative(of: Case, native: NativeRun): void {
  const positives = (lists: readonly Int32Array[]): number =>
    lists.reduce((sum, list) => sum + list.filter((position) => position === 2).length, 0);
  const [point] = of.points;
  if (point === undefined) return;
  const fixed = positives(tieFinderOf(of.network).positionsAt(point));
  const single = tieFinderOf(of.single);
  const fresh = of.points.reduce((sum, w) => sum + positives(single.positionsAt(w)), 0);
  for (const [path, expected] of [
    ['fixedNorm', fixed],
    ['fixedRunning', fixed],
    ['freshRunning', fresh],
  ] as const) {
    const { positive, open } = native[path];
    if (open !== 0) throw new Error(`${of.format}: C leaves ${open} neurons open (${path})`);
    if (positive !== expected) {
      throw new Error(
        `${of.format}: ${positive} positive neurons in C (${path}), ${expected} here`,
      );
    }
  }
}

/** The rows of a case with a tie in every pass. */
export function measureTied(of: Case): readonly Row[] {
  compareWithJudge(of);
  return javascriptRows(of).map((each) => ({ ...each, path: `${each.path}, a tie in each` }));
}
