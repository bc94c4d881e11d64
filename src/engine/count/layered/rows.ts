/**
 * The rows of a network whose rows own their parameters, on the integer grid: what the layered
 * count needs to know of each neuron before it knows its inputs (theory.md section 5).
 *
 * Given the activations of a layer the neurons of the next are independent, because no parameter
 * occurs twice. Two neurons are exchangeable where their rows are alike and the next layer reads
 * them alike; then only the multiset of their outcomes matters.
 */
import { product } from '../../num/product.js';
import type { GridLayer, GridProgram } from '../grid.js';
import type { Space } from '../space.js';

/** One neuron: the values that its bias and its weights range over, on the grid. */
export interface Row {
  readonly bias: Float64Array;
  readonly weights: readonly Float64Array[];
  /** Whether the bias, and each weight, is a parameter of its own with a scale that is not 0. */
  readonly ownBias: boolean;
  readonly ownWeights: readonly boolean[];
  /** The network's parameter behind the bias, and behind each weight; −1 for a constant. */
  readonly biasParameter: number;
  readonly weightParameters: readonly number[];
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
  /** Whether some row has no bias parameter of its own, so that its ties may not be free. */
  readonly biasFree: boolean;
  /** Number of ways to choose all its parameters. */
  readonly total: bigint;
}

/**
 * *Exact.* The rows of a program, or null where layered counting does not apply: several samples, or
 * a parameter used twice.
 */
export function rowLayersOf(program: GridProgram, space: Space): readonly RowLayer[] | null {
  if (program.samples !== 1 || program.digits.some((uses) => uses.length !== 1)) return null;
  const tableNames = new Map<Float64Array, string>();
  const nameOf = (values: Float64Array): string => {
    const known = tableNames.get(values);
    if (known !== undefined) return known;
    const made = values.length === 1 ? `=${String(values[0])}` : `#${String(tableNames.size)}`;
    tableNames.set(values, made);
    return made;
  };
  const tables = program.layers.map(({ weight, bias }) => ({
    weight: Array.from<Term | undefined>({ length: weight.length }),
    bias: Array.from<Term | undefined>({ length: bias.length }),
  }));
  for (const [position, [use]] of program.digits.entries()) {
    const layer = use === undefined ? undefined : tables[use.layer];
    if (use === undefined || layer === undefined) return null;
    const parameter = space.digits[position] ?? -1;
    (use.isBias ? layer.bias : layer.weight)[use.index] = { values: use.values, parameter };
  }
  const constant = (value: number): Term => ({ values: Float64Array.of(value), parameter: -1 });
  const rowsOf = program.layers.map((grid, index) =>
    Array.from({ length: grid.units }, (_, unit): Row => {
      const table = tables[index];
      const bias = table?.bias[unit] ?? constant(grid.bias[unit] ?? 0);
      const from = unit * grid.fanIn;
      const weights = Array.from(
        { length: grid.fanIn },
        (__, j) => table?.weight[from + j] ?? constant(grid.weight[from + j] ?? 0),
      );
      const ownBias = grid.privateBias[unit] === 1;
      const ownWeights = weights.map((__, j) => grid.privateWeight[from + j] === 1);
      const names = weights.map(
        ({ values }, j) => `${ownWeights[j] === true ? 'own' : ''}${nameOf(values)}`,
      );
      return {
        bias: bias.values,
        weights: weights.map(({ values }) => values),
        ownBias,
        ownWeights,
        biasParameter: bias.parameter,
        weightParameters: weights.map(({ parameter }) => parameter),
        total: product([bias, ...weights].map(({ values }) => BigInt(values.length))),
        type: `${ownBias ? 'own' : ''}${nameOf(bias.values)} ${names.join(' ')}`,
      };
    }),
  );
  return program.layers.map((grid, index): RowLayer => {
    const rows = rowsOf[index] ?? [];
    const next = rowsOf[index + 1] ?? [];
    const classes = new Map<string, number[]>();
    rows.forEach((row, unit) => {
      const readers = next.map((reader) => {
        const own = reader.ownWeights[unit] === true ? 'own' : '';
        return `${own}${nameOf(reader.weights[unit] ?? new Float64Array(1))}`;
      });
      const key = `${row.type} > ${readers.join(' ')}`;
      const units = classes.get(key);
      if (units === undefined) classes.set(key, [unit]);
      else units.push(unit);
    });
    return {
      grid,
      rows,
      classes: [...classes.values()],
      biasFree: rows.some((row) => !row.ownBias),
      total: product(rows.map((row) => row.total)),
    };
  });
}

interface Term {
  readonly values: Float64Array;
  readonly parameter: number;
}
