/**
 * Whether an open polyhedral cone {d : a·d > 0 for every row a} is empty, over exact real numbers, by
 * Fourier–Motzkin elimination: variables are eliminated one by one, without division, until every row
 * is 0 (Schrijver, Theory of Linear and Integer Programming, section 12.2, for strict inequalities).
 */
import {
  REAL_ZERO,
  addReals,
  multiplyReals,
  negateReal,
  provedSign,
  type Real,
} from '../../num/real.js';
import { Undecided } from '../../num/undecided.js';
import { isStructuralZero } from './values.js';

type Row = readonly Real[];

/** Most rows that an elimination may make. */
const ROWS_MAX = 128;

/** *Exact.* Whether some d makes every row positive. Throws Undecided where a sign is not decided. */
export function hasInterior(rows: readonly Row[]): boolean {
  let left = rows;
  const width = rows[0]?.length ?? 0;
  for (let column = 0; column < width && left.length > 0; column += 1) {
    const signs = left.map((row) => signAt(row, column));
    const positive = left.filter((_, k) => signs[k] === 1);
    const negative = left.filter((_, k) => signs[k] === -1);
    const untouched = left.filter((_, k) => signs[k] === 0);
    // Where all signs agree the variable alone makes these rows as large as wanted.
    const combined = positive.flatMap((p) =>
      negative.map((n) =>
        p.map((entry, k) => {
          if (k <= column) return REAL_ZERO;
          const up = multiplyReals(negateReal(n[column] as Real), entry);
          return addReals(up, multiplyReals(p[column] as Real, n[k] as Real));
        }),
      ),
    );
    left = [...untouched, ...combined];
    if (left.length > ROWS_MAX) {
      throw new Undecided(`more than ${String(ROWS_MAX)} inequalities in one elimination`);
    }
  }
  // What is left says 0 > 0.
  return left.length === 0;
}

function signAt(row: Row, column: number): -1 | 0 | 1 {
  const entry = row[column] as Real;
  if (isStructuralZero(entry)) return 0;
  return provedSign(entry, 'a coefficient of a tied form is 0');
}
