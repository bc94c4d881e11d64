/**
 * Subspaces of Q^n by a canonical basis of integer vectors: reduced row echelon form, each row
 * primitive with a positive pivot. Equal subspaces have equal bases. Entries are doubles that hold
 * integers; a step whose products might leave 2^53 throws Outgrown instead of rounding.
 */
import { Outgrown } from './outgrown.js';

export type Vector = readonly number[];

/** Factors up to here have products, and differences of products, that doubles hold exactly. */
const FACTOR_MAX = 2 ** 25;

/** *Exact.* The canonical basis of the span; empty for {0}. Throws Outgrown. */
export function spanOf(vectors: readonly Vector[]): readonly Vector[] {
  const rows = vectors.filter((vector) => vector.some((x) => x !== 0)).map(primitive);
  const width = rows[0]?.length ?? 0;
  let rank = 0;
  for (let column = 0; column < width && rank < rows.length; column += 1) {
    const found = rows.findIndex((row, i) => i >= rank && row[column] !== 0);
    if (found === -1) continue;
    const pivotRow = rows[found] as number[];
    rows[found] = rows[rank] as number[];
    rows[rank] = pivotRow;
    const pivot = pivotRow[column] as number;
    for (let i = 0; i < rows.length; i += 1) {
      const row = rows[i] as number[];
      const factor = row[column] as number;
      if (i === rank || factor === 0) continue;
      rows[i] = primitive(
        row.map(
          (x, j) => checked(x) * checked(pivot) - checked(factor) * checked(pivotRow[j] as number),
        ),
      );
    }
    rank += 1;
  }
  return rows
    .slice(0, rank)
    .map((row) => ((row.find((x) => x !== 0) ?? 1) < 0 ? row.map((x) => (x === 0 ? 0 : -x)) : row));
}

function checked(x: number): number {
  if (x > FACTOR_MAX || x < -FACTOR_MAX) {
    throw new Outgrown('the tangents of this network outgrow exact doubles');
  }
  return x;
}

function primitive(row: Vector): number[] {
  let divisor = 0;
  for (const x of row) {
    let a = Math.abs(x);
    while (a !== 0) [divisor, a] = [a, divisor % a];
  }
  return divisor === 0 ? [...row] : row.map((x) => (x === 0 ? 0 : x / divisor));
}
