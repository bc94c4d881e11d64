/**
 * Which units f'(w; ·) reads: those whose own y'(d) enters the outputs' by the chain rule of
 * `forms.ts`, with a factor that is not 0 at w.
 *
 * A weight whose value is 0 reads nothing of what it multiplies, nor does σ where its slope is 0, nor
 * a maximum of the units below it: their y'(d) appears in no output's, whatever the signs of the
 * tied forms are. So a tie at a unit that is not read moves no gradient of any piece, and the walk
 * need not branch on it to decide differentiability. To second order it may still be felt, so that
 * hulls and certificates are walked with every tie.
 */
import type { Equation, Network } from '../net/ir.js';
import { isZero, type Rational } from '../num/rational.js';
import { entryAt, largestOf, sides, type Values } from './evaluate.js';
import { slopeOf } from './forms.js';
import type { Row } from './linear.js';

/** `[variable][sample][unit]`. */
export type ReadUnits = readonly (readonly (readonly boolean[])[])[];

/** *Exact upper bound.* The units that are read; what is not listed is not. */
export function readUnits(network: Network, values: Values, point: Row): ReadUnits {
  const read = network.widths.map((width) =>
    network.inputs.map(() => Array.from({ length: width }, () => false)),
  );
  for (const flags of read[network.output] ?? []) flags.fill(true);
  for (let index = network.equations.length - 1; index >= 0; index -= 1) {
    const equation = network.equations[index] as Equation;
    read[equation.out]?.forEach((flags, sample) => {
      flags.forEach((is, unit) => {
        if (!is) return;
        const note = (variable: number, from: number): void => {
          const below = read[variable]?.[sample];
          if (below !== undefined) below[from] = true;
        };
        noteReads(equation, unit, values, sample, point, note);
      });
    });
  }
  return read;
}

function noteReads(
  equation: Equation,
  unit: number,
  values: Values,
  sample: number,
  point: Row,
  note: (variable: number, from: number) => void,
): void {
  switch (equation.op) {
    case 'dense':
      equation.weight[unit]?.forEach((entry, j) => {
        if (!isZero(entryAt(entry, point))) note(equation.in, j);
      });
      break;
    case 'affine':
      for (const { variable, unit: from, coefficient } of equation.terms[unit] ?? []) {
        if (!isZero(coefficient)) note(variable, from);
      }
      break;
    case 'activation': {
      const t = values[equation.in]?.[sample]?.[unit] as Rational;
      const { left, right } = sides(equation.activation, t);
      // Off breakpoints one slope; on one, either side's may be in force.
      const isFlat = isZero(slopeOf(equation, left, t)) && isZero(slopeOf(equation, right, t));
      if (!isFlat) note(equation.in, unit);
      break;
    }
    case 'max':
      for (const from of largestOf(
        equation.windows[unit] ?? [],
        values[equation.in]?.[sample] ?? [],
      )) {
        note(equation.in, from);
      }
  }
}
