/**
 * Enumeration beside C on the same slabs: counts are compared, then rates, in interleaved rounds of one
 * run; prints medians and ratios. Ends with an error where counts differ; no time is asserted.
 * `--only=WORD` takes the rows whose name contains it.
 */
import { enumerationOf, type Tally } from '../src/engine/index.js';
import { DENSE, denseNetwork, integersOf, seedP, type DenseCase } from './enumerate/cases.js';
import { build, type NativeProgram } from './enumerate/native.js';

const ROUNDS = 5;
/** Last bits of the codes of bfloat16 that the seed's P leaves out: 0 is all of it. */
const SEED_SKIPPED = 0;

const only = process.argv.slice(2).flatMap((argument) => /^--only=(.+)$/.exec(argument)?.[1] ?? []);
const chosen = (name: string): boolean =>
  only.length === 0 || only.some((word) => name.includes(word));
const silent = (): void => undefined;

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

function timed(count: () => Tally): { tally: Tally; seconds: number } {
  const start = performance.now();
  const tally = count();
  return { tally, seconds: (performance.now() - start) / 1000 };
}

function same(name: string, ours: bigint, theirs: string): void {
  if (String(ours) !== theirs) throw new Error(`${name}: ${ours} and ${theirs}`);
}

function denseRow(each: DenseCase, c: NativeProgram): void {
  const { network, proxies } = denseNetwork(each);
  const { values, unit } = integersOf(each.format);
  const { space } = enumerationOf(network, proxies);
  const radix = BigInt(values.length);
  const free = BigInt(space.digits.length - each.fixed.length);
  const points = radix ** free;
  const from = each.fixed.reduce((rank, digit) => rank * radix + BigInt(digit), 0n) * points;
  const parameters = (kernel: string): string[] => [
    ...[String(each.hidden), each.inputs.join(','), values.join(','), String(unit)],
    ...[each.fixed.length === 0 ? '-' : each.fixed.join(','), kernel],
  ];
  const seconds = { ours: [] as number[], classes: [] as number[], lanes: [] as number[] };
  for (let round = 0; round < ROUNDS; round += 1) {
    // Compiled anew each round, as each job does; code that V8 has seen is warm after the first.
    const { tally, seconds: own } = timed(() =>
      enumerationOf(network, proxies).tallyOf(from, from + points, silent),
    );
    seconds.ours.push(own);
    for (const kernel of ['classes', 'lanes'] as const) {
      const run = c.run(parameters(kernel));
      same(each.name, points, run.points);
      same(each.name, tally.nonDifferentiable, run.nonDifferentiable);
      seconds[kernel].push(run.seconds);
    }
  }
  const sample = points < 3_000_000n ? points : 3_000_000n;
  const kernel = timed(() =>
    enumerationOf(network, proxies, { generate: false }).tallyOf(from, from + sample, silent),
  );
  const rate = (n: bigint, time: number): string => (Number(n) / time / 1e9).toPrecision(3);
  const best = Math.min(median(seconds.classes), median(seconds.lanes));
  const ours = median(seconds.ours);
  process.stdout.write(
    `| ${each.name} | ${Number(points).toExponential(2)} | ${rate(points, best)} | ${rate(sample, kernel.seconds)} | ${rate(points, ours)} | ${(best / ours).toPrecision(3)} |\n`,
  );
}

const dense = build('dense.c', ['-O3', '-march=native']);
const scalar = build('seed-p.c', ['-O2', '-fno-tree-vectorize']);
try {
  process.stdout.write(
    '| slab | points | C, best of two kernels, 10⁹/s | interpreting kernel, 10⁹/s | generated, 10⁹/s | × C |\n|---|--:|--:|--:|--:|--:|\n',
  );
  for (const each of DENSE.filter(({ name }) => chosen(name))) denseRow(each, dense);
  if (chosen('seed P')) {
    const { network, proxies } = seedP(SEED_SKIPPED);
    const { tally, seconds } = timed(() => {
      const { space, tallyOf } = enumerationOf(network, proxies);
      return tallyOf(0n, space.visits, silent);
    });
    const run = scalar.run([String(SEED_SKIPPED)]);
    same('seed P', tally.done, run.points);
    same('seed P', tally.incorrect, run.incorrect ?? '');
    same('seed P', tally.nonDifferentiable, run.nonDifferentiable);
    process.stdout.write(
      `\nthe seed's P at bfloat16: ${String(tally.done)} points, all incorrect: ${String(tally.incorrect)}; ours ${seconds.toFixed(2)} s, scalar C ${run.seconds.toFixed(2)} s, ${(run.seconds / seconds).toPrecision(3)} × C\n`,
    );
  }
} finally {
  dense.remove();
  scalar.remove();
}
