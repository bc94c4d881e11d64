/** The filter of `bench/native/filter.c`: the same numbers, the same decisions. */
import { writeFileSync } from 'node:fs';
import type { Built } from '../compiler.js';
import { WIDTHS, type Case } from './cases.js';

export type NativePath =
  'fixedPlain' | 'fixedNorm' | 'fixedRunning' | 'freshPlain' | 'freshRunning';

export type NativeRun = Readonly<
  Record<
    NativePath,
    {
      /** Over all inputs (fixed) or points (fresh). */
      readonly positive: number;
      /** Neurons that the bound leaves open. */
      readonly open: number;
      /** Per neuron, round by round. */
      readonly nanoseconds: readonly number[];
    }
  >
>;

export function nativeRun(program: Built, of: Case, rounds: number, seconds: number): NativeRun {
  const file = program.file('data');
  const head = Int32Array.from([WIDTHS.length - 1, of.points.length, of.inputs.length, ...WIDTHS]);
  const numbers = Float64Array.from([...of.points, ...of.inputs].flatMap((list) => [...list]));
  writeFileSync(file, Buffer.concat([Buffer.from(head.buffer), Buffer.from(numbers.buffer)]));
  return JSON.parse(program.run(file, String(rounds), String(seconds))) as NativeRun;
}
