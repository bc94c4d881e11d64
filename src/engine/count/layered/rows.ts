/**
 * The rows of a network whose rows own their parameters, on the integer grid: what the layered
 * count needs to know of each neuron before it knows its inputs (theory.md section 5).
 *
 * Given the activations of a layer the neurons of the next are independent, because no parameter
 * occurs twice. Two neurons are exchangeable where their rows are alike and the next layer reads
 * them alike; then only the multiset of their outcomes matters.
 */
import type { GridLayer, GridProgram } from '../grid.js';

/** One neuron: the values that its bias and its weights range over, on the grid. */
export interface Row {
  readonly bias: Float64Array;
  readonly weights: readonly Float64Array[];
  /** Whether the bias is a free parameter of its own. */
  readonly ownBias: boolean;
  /** Number of ways to choose its parameters. */
  readonly total: bigint;
  /** Equal for rows that are alike. */
  readonly type: string;
}

export interface RowLayer {
  readonly grid: GridLayer;
  readonly rows: readonly Row[];
  /** Indices of exchangeable neurons, one list per class. */
  readonly classes: readonly (readonly number[])[];
  /** Whether some row has no bias parameter of its own. */
  readonly biasFree: boolean;
  /** Number of ways to choose all its parameters. */
  readonly total: bigint;
}

/** *Exact.* The product of big integers. */
export function product(factors: Iterable<bigint>): bigint {
  let result = 1n;
  for (const factor of factors) result *= factor;
  return result;
}

/**
 * *Exact.* The rows of a program, or null where layered counting does not apply: several samples,
 * a parameter used twice, or a row with kinks that has no bias of its own. Rows without biases are
 * declined because a random test found the states of `bound-ties.ts` counted wrongly behind three
 * such layers; that file, and the origins of a state, wait for that to be understood (issue 3).
 */
export function rowLayersOf(program: GridProgram): readonly RowLayer[] | null {
  if (program.samples !== 1 || program.digits.some((uses) => uses.length !== 1)) return null;
  const tableNames = new Map<Float64Array, string>();
  const nameOf = (values: Float64Array): string => {
    const known = tableNames.get(values);
    if (known !== undefined) return known;
    const made = values.length === 1 ? `=${String(values[0])}` : `#${String(tableNames.size)}`;
    tableNames.set(values, made);
    return made;
  };
  const tables = program.layers.map((grid) => ({
    weight: Array.from(grid.weight, (value): Float64Array => Float64Array.of(value)),
    bias: Array.from(grid.bias, (value): Float64Array => Float64Array.of(value)),
  }));
  for (const [use] of program.digits) {
    const layer = use === undefined ? undefined : tables[use.layer];
    if (use === undefined || layer === undefined) return null;
    (use.isBias ? layer.bias : layer.weight)[use.index] = use.values;
  }
  const rowsOf = program.layers.map((grid, index) =>
    Array.from({ length: grid.units }, (_, unit): Row => {
      const table = tables[index];
      const bias = table?.bias[unit] ?? new Float64Array(1);
      const weights = table?.weight.slice(unit * grid.fanIn, (unit + 1) * grid.fanIn) ?? [];
      const ownBias = grid.privateBias[unit] === 1;
      return {
        bias,
        weights,
        ownBias,
        total: product([bias, ...weights].map((values) => BigInt(values.length))),
        type: `${ownBias ? 'own' : 'none'} ${[bias, ...weights].map(nameOf).join(' ')}`,
      };
    }),
  );
  const layers = program.layers.map((grid, index): RowLayer => {
    const rows = rowsOf[index] ?? [];
    const next = rowsOf[index + 1] ?? [];
    const classes = new Map<string, number[]>();
    rows.forEach((row, unit) => {
      const readers = next.map((reader) => nameOf(reader.weights[unit] ?? new Float64Array(1)));
      const key = `${row.type} > ${readers.join(' ')}`;
      classes.set(key, [...(classes.get(key) ?? []), unit]);
    });
    return {
      grid,
      rows,
      classes: [...classes.values()],
      biasFree: rows.some((row) => !row.ownBias),
      total: product(rows.map((row) => row.total)),
    };
  });
  const supported = layers.every(
    ({ grid, biasFree }) => !biasFree || grid.kinkAt.every((kink) => kink === -1),
  );
  return supported ? layers : null;
}
