/** Rounds of one slab: C with each of its kernels, then ours, then the interpreting kernel. */
import { enumerationOf } from '../../src/engine/index.js';
import {
  CONV_INPUT,
  convNetwork,
  denseNetwork,
  integersOf,
  type Built,
  type DenseCase,
} from './cases.js';
import type { NativeProgram } from './native.js';
import { agree, timed, warmUp } from './timing.js';

/** One slab; times in seconds, round by round. */
export interface SlabRow {
  readonly name: string;
  /** How many values a parameter has. */
  readonly values: number;
  readonly points: number;
  /** The better of C's kernels. */
  readonly native: readonly number[];
  readonly preparing: readonly number[];
  readonly counting: readonly number[];
  /** Of counting without parts; empty where there are none. */
  readonly whole: readonly number[];
  /** Points per second; null where the interpreting kernel does not take the network. */
  readonly interpreting: number | null;
}

/** The interpreting kernel takes so many points first, then as many as last about `ENOUGH_SECONDS`. */
const FIRST_POINTS = 2_000_000;
const ENOUGH_SECONDS = 0.5;
const CONV_REPEATS = 200;

/** *Estimate.* Throws where counts differ. */
export function denseRow(each: DenseCase, c: NativeProgram, rounds: number): SlabRow {
  const built = denseNetwork(each);
  const { values, unit } = integersOf(each.format);
  const { space } = enumerationOf(built.network, built.proxies, { generate: false });
  const radix = BigInt(values.length);
  const points = radix ** BigInt(space.digits.length - each.fixed.length);
  const from = each.fixed.reduce((rank, digit) => rank * radix + BigInt(digit), 0n) * points;
  const parameters = [
    ...[String(each.hidden), each.inputs.join(','), values.join(','), String(unit)],
    each.fixed.length === 0 ? '-' : each.fixed.join(','),
  ];
  return measured(
    { name: each.name, built, values: values.length, from, points },
    ['classes', 'lanes'].map((kernel) => () => c.run([...parameters, kernel])),
    rounds,
  );
}

/** *Estimate.* Throws where counts differ. */
export function convRow(c: NativeProgram, rounds: number): SlabRow {
  const built = convNetwork();
  const { space } = enumerationOf(built.network, built.proxies, { generate: false });
  return measured(
    { name: 'conv, ternary', built, values: 3, from: 0n, points: space.visits },
    [() => c.run([CONV_INPUT.join(','), String(CONV_REPEATS)])],
    rounds,
  );
}

interface Slab {
  readonly name: string;
  readonly built: Built;
  readonly values: number;
  readonly from: bigint;
  readonly points: bigint;
}

function measured(
  { name, built, values, from, points }: Slab,
  kernels: readonly (() => ReturnType<NativeProgram['run']>)[],
  rounds: number,
): SlabRow {
  warmUp(built, from, from + points);
  const [native, preparing, counting] = [[] as number[], [] as number[], [] as number[]];
  const whole: number[] = [];
  const { network, proxies } = built;
  const byParts = enumerationOf(network, proxies).by === 'parts';
  for (let round = 0; round < rounds; round += 1) {
    const ours = timed(built, from, from + points);
    preparing.push(ours.preparing);
    counting.push(ours.counting);
    if (byParts) whole.push(timed(built, from, from + points, { parts: false }).counting);
    const times = kernels.map((kernel) => {
      const run = kernel();
      agree(name, ours.tally, run);
      return run.seconds;
    });
    native.push(Math.min(...times));
  }
  return {
    ...{ name, values, points: Number(points), native, preparing, counting, whole },
    interpreting: interpretingRate(built, from, points),
  };
}

function interpretingRate(built: Built, from: bigint, points: bigint): number | null {
  const { network, proxies } = built;
  if (enumerationOf(network, proxies, { generate: false }).by !== 'kernel') return null;
  let size = FIRST_POINTS;
  for (;;) {
    const sample = points < BigInt(size) ? points : BigInt(size);
    const { tally, counting } = timed(built, from, from + sample, { generate: false });
    const reference = timed(built, from, from + sample).tally;
    if (tally.nonDifferentiable !== reference.nonDifferentiable) {
      throw new Error('the interpreting kernel counts otherwise');
    }
    if (counting >= ENOUGH_SECONDS / 2 || sample === points) return Number(sample) / counting;
    size = Math.ceil((size * ENOUGH_SECONDS) / Math.max(counting, ENOUGH_SECONDS / 100));
  }
}
