/** The figures of enumeration as Markdown. Only writes: measures nothing. */
import { leastRatio, markdownTable, median, medianRatio } from '../machine.js';
import type { SeedRow } from './seed.js';
import type { SlabRow } from './slabs.js';
import type { WalkRow } from './walk.js';
import type { Scaling } from './workers.js';

export interface Results {
  readonly machine: readonly string[];
  readonly date: string;
  readonly slabs: readonly SlabRow[];
  readonly seed: SeedRow | null;
  readonly scaling: Scaling | null;
  readonly walk: readonly WalkRow[];
}

/** What was asked for. */
const LEAST_INTERPRETING = 0.2e9;
const LEAST_RATIO = 0.4;
/** From so many values up, with the innermost parameter solved for. */
const MANY_VALUES = 63;
const LEAST_RATIO_SOLVED = 1;
const MOST_SEED = 2;
const LEAST_SCALING = 1.85;
const MOST_WALK_SECONDS = 1e-3;

/** The whole of `bench/enumerate.md`. */
export function document(results: Results): string {
  return `${[
    '# Enumeration beside C',
    '',
    'Made by `npm run bench -- enumerate`, which writes this file; nothing here is written by hand. `--print` prints it',
    'instead; `--only=WORD`, once or more, takes the rows whose name contains a word, and prints.',
    '',
    ...results.machine.map((line) => `- ${line}`),
    `- ${results.date}`,
    ...section('Slabs of dense networks, and a convolution', results.slabs, SLAB_NOTES, slabTable),
    ...section('What the goals come to', results.slabs, GOAL_NOTES, goalLines),
    ...section("The seed's P at bfloat16", present(results.seed), SEED_NOTES, seedTable),
    ...section('Two workers', present(results.scaling), SCALING_NOTES, scalingTable),
    ...section('The walk, per tied point', results.walk, WALK_NOTES, walkTable),
  ].join('\n')}\n`;
}

const SLAB_NOTES = `10⁹ points per second on one core, medians of alternating rounds after a second that is not measured; counts of each round are equal to C's, or the
run would have failed. C (\`native/dense.c\`, \`native/conv.c\`) hoists partial sums, tries the innermost values in 256-bit lanes, and the better of its
kernels stands here. Ours is made anew in each run. *Kernel*: what it counts in a second, without what it takes
to make it (*making*: grid, code, tables); *× C*: C's time by ours, of the same round; *with making*: the same with that time
added. Processor time, or wall time where that is less; what ours does in less than 250 ms is repeated, and C repeats the convolution. A network
of one hidden layer is a sum of independent parts, each enumerated alone (\`count/parts/\`); *whole* is without that: generated
code over all points. *Interpreting*: the generic kernel, which generates nothing and serves where the host forbids code from text, on the first points
of the slab. *Tied*: the first hidden unit is on its kink all over the slab. The convolution is 1×4×4, two filters 2×2 with shared
weights, their maxima, one dense unit.`;

const GOAL_NOTES = `Asked for: at least ${String(LEAST_RATIO)} × C; at least ${String(LEAST_RATIO_SOLVED)} × C from ${String(MANY_VALUES)} values up; the interpreting kernel at least ${String(LEAST_INTERPRETING / 1e9)}.`;

const SEED_NOTES = `65,279 values by 130,558 neurons. Ours from the network on, \`native/seed-p.c\` without its start, both processor time. Asked for: at most ${String(MOST_SEED)} × C's time.`;

const SCALING_NOTES = `The shards of one job of two samples (2-2-1, values −30 … 30, one bias for both hidden units), which neither layers nor parts count, as a worker's compute
threads run them; threads are warm, rounds alternate, tallies are equal to the byte. Asked for: at least ${String(LEAST_SCALING)} × one. Least times of the rounds: whoever else uses the
cores only adds to them, and most to that of two. *Processor time*, median of the rounds, depends less on them: with cores of its own, two
workers reach twice its inverse.`;

const WALK_NOTES = `Milliseconds of a whole verdict (values, AD, the walk) by how many units are tied, samples counted apart, on
tied points of three networks: the convolution above, 2-2-1 and 2-2-2-1 on two samples. L-iff is off. Asked for: at most ${String(MOST_WALK_SECONDS * 1e3)}.`;

function section<T>(
  title: string,
  rows: readonly T[],
  notes: string,
  text: (rows: readonly T[]) => string,
): string[] {
  return rows.length === 0 ? [] : ['', `## ${title}`, '', notes, '', text(rows)];
}

function present<T>(row: T | null): T[] {
  return row === null ? [] : [row];
}

function slabTable(rows: readonly SlabRow[]): string {
  return markdownTable(
    [
      'slab',
      'points',
      'C',
      'kernel',
      '× C',
      'making',
      'with making, × C',
      'whole, × C',
      'interpreting',
    ],
    rows.map((row) => [
      row.name,
      row.points.toExponential(2),
      rate(row.points / median(row.native)),
      rate(row.points / median(row.counting)),
      ratioOf(row).toPrecision(3),
      milliseconds(median(row.preparing)),
      ratioWithMaking(row).toPrecision(3),
      row.whole.length === 0 ? '–' : wholeRatio(row).toPrecision(3),
      row.interpreting === null ? '–' : rate(row.interpreting),
    ]),
  );
}

function ratioOf({ native, counting }: SlabRow): number {
  return median(native.map((time, round) => time / (counting[round] ?? NaN)));
}

function wholeRatio({ native, whole }: SlabRow): number {
  return median(whole.map((time, round) => (native[round] ?? NaN) / time));
}

function ratioWithMaking({ native, counting, preparing }: SlabRow): number {
  return median(
    native.map((time, round) => time / ((counting[round] ?? NaN) + (preparing[round] ?? NaN))),
  );
}

/** The ratio of generated code over all points: of the kernel itself where there are no parts. */
function bySolving(row: SlabRow): number {
  return row.whole.length === 0 ? ratioOf(row) : wholeRatio(row);
}

function goalLines(rows: readonly SlabRow[]): string {
  const line = (what: string, all: readonly SlabRow[], met: (row: SlabRow) => boolean): string => {
    const missed = all.filter((row) => !met(row)).map(({ name }) => name);
    const verdict =
      missed.length === 0 ? `met on all ${String(all.length)}` : `not met on ${missed.join('; ')}`;
    return `- ${what}: ${verdict}.`;
  };
  const many = rows.filter(({ values }) => values >= MANY_VALUES);
  const interpreted = rows.filter(({ interpreting }) => interpreting !== null);
  return [
    line(`${String(LEAST_RATIO)} × C`, rows, (row) => ratioOf(row) >= LEAST_RATIO),
    line(
      `${String(LEAST_RATIO)} × C with the making`,
      rows,
      (row) => ratioWithMaking(row) >= LEAST_RATIO,
    ),
    line(
      `${String(LEAST_RATIO)} × C by generated code over all points`,
      rows,
      (row) => bySolving(row) >= LEAST_RATIO,
    ),
    line(
      `${String(LEAST_RATIO_SOLVED)} × C from ${String(MANY_VALUES)} values up, by generated code over all points`,
      many,
      (row) => bySolving(row) >= LEAST_RATIO_SOLVED,
    ),
    line(
      'the interpreting kernel',
      interpreted,
      (row) => (row.interpreting ?? 0) >= LEAST_INTERPRETING,
    ),
  ].join('\n');
}

function seedTable(rows: readonly SeedRow[]): string {
  return markdownTable(
    ['points', 'incorrect', 'ours', 'C', 'ours / C', 'met'],
    rows.map(({ points, incorrect, ours, native }) => [
      ...[points, incorrect, `${ours.toPrecision(3)} s`, `${native.toPrecision(3)} s`],
      ...[(ours / native).toPrecision(3), yesOrNo(ours <= MOST_SEED * native)],
    ]),
  );
}

function scalingTable(rows: readonly Scaling[]): string {
  return markdownTable(
    [
      ...['points', 'shards', 'one', 'two', 'two workers, × one', 'met', 'median of rounds'],
      'processor time, two / one',
    ],
    rows.map(({ points, shards, one, two }) => {
      const ratio = leastRatio(one.wall, two.wall);
      return [
        ...[points, String(shards), `${Math.min(...one.wall).toPrecision(3)} s`],
        ...[`${Math.min(...two.wall).toPrecision(3)} s`, ratio.toPrecision(3)],
        ...[yesOrNo(ratio >= LEAST_SCALING), medianRatio(one.wall, two.wall).toPrecision(3)],
        medianRatio(two.processor, one.processor).toPrecision(3),
      ];
    }),
  );
}

function walkTable(rows: readonly WalkRow[]): string {
  return markdownTable(
    ['ties', 'points', 'median', 'largest', 'met by the median', 'by all'],
    rows.map((row) => [
      ...[String(row.ties), String(row.points)],
      ...[row.median, row.largest].map((time) => (time * 1e3).toPrecision(3)),
      yesOrNo(row.median <= MOST_WALK_SECONDS),
      yesOrNo(row.largest <= MOST_WALK_SECONDS),
    ]),
  );
}

function yesOrNo(is: boolean): string {
  return is ? 'yes' : 'no';
}

function rate(pointsPerSecond: number): string {
  return (pointsPerSecond / 1e9).toPrecision(3);
}

function milliseconds(time: number): string {
  return `${(time * 1e3).toPrecision(2)} ms`;
}
