/**
 * The question of differentiability as a formula: the oracle that knows only the definitions
 * (`../../layer-oracle.ts`), run over directional derivatives written down for z3.
 */
import {
  add,
  compare,
  equal,
  multiply,
  type Rational,
} from '../../../../src/engine/num/rational.js';
import type { QuestionNetwork } from '../../../../src/plan/question.js';
import { at, runOver } from '../../layer-oracle.js';
import { oneSided } from '../../oracle.js';

/** A unit for z3: its value at w, and the name of its directional derivative. */
interface Formula {
  readonly value: Rational;
  readonly slope: string;
}

/**
 * *Exact.* An SMT-LIB 2 script that is satisfiable exactly if f is not differentiable at w: f'(w; ·) is
 * continuous and positively homogeneous, so it is linear exactly if f'(w; d) + f'(w; e) =
 * f'(w; d + e) for all d and e. The directional derivatives are written as nested conditionals, one
 * per tie; nothing is branched on here.
 */
export function differentiabilityScript(
  network: QuestionNetwork,
  point: readonly Rational[],
): string {
  const lines: string[] = point.flatMap((_, k) => [
    `(declare-const d${String(k)} Real)`,
    `(declare-const e${String(k)} Real)`,
  ]);
  const define = (expression: string): string => {
    const name = `t${String(lines.length)}`;
    lines.push(`(define-fun ${name} () Real ${expression})`);
    return name;
  };
  const times = (factor: Rational, slope: string): string =>
    slope === '0.0' || factor.n === 0n ? '0.0' : `(* ${real(factor)} ${slope})`;
  const sumOf = (a: string, b: string): string =>
    a === '0.0' ? b : b === '0.0' ? a : define(`(+ ${a} ${b})`);
  const along = (direction: (k: number) => string): readonly Formula[] =>
    runOver<Formula>(network, [], {
      constant: (value) => ({ value, slope: '0.0' }),
      parameter: (index, scale) => ({
        value: multiply(scale, at(point, index)),
        slope: times(scale, direction(index)),
      }),
      add: (a, b) => ({ value: add(a.value, b.value), slope: sumOf(a.slope, b.slope) }),
      multiply: (a, b) => ({
        value: multiply(a.value, b.value),
        slope: sumOf(times(a.value, b.slope), times(b.value, a.slope)),
      }),
      activate: (_, meaning, { value, slope }) => {
        const [left, right] = [oneSided(meaning, value, -1), oneSided(meaning, value, 1)];
        const moved =
          slope === '0.0' || equal(left, right)
            ? times(right, slope)
            : define(`(ite (> ${slope} 0.0) ${times(right, slope)} ${times(left, slope)})`);
        return { value: meaning.value(value), slope: moved };
      },
      largest: (xs) => {
        const value = xs.map((x) => x.value).reduce((a, b) => (compare(a, b) >= 0 ? a : b));
        const tied = xs.filter((x) => equal(x.value, value)).map((x) => x.slope);
        const slope = tied.reduce((a, b) =>
          a === b ? a : define(`(ite (> ${a} ${b}) ${a} ${b})`),
        );
        return { value, slope };
      },
    }).outputs;
  const first = along((k) => `d${String(k)}`);
  const second = along((k) => `e${String(k)}`);
  const both = along((k) => `(+ d${String(k)} e${String(k)})`);
  const broken = first.map(
    ({ slope }, k) => `(not (= (+ ${slope} ${at(second, k).slope}) ${at(both, k).slope}))`,
  );
  return [...lines, `(assert (or false ${broken.join(' ')}))`].join('\n');
}

function real({ n, d }: Rational): string {
  const magnitude = n < 0n ? -n : n;
  const text = d === 1n ? `${String(magnitude)}.0` : `(/ ${String(magnitude)}.0 ${String(d)}.0)`;
  return n < 0n ? `(- ${text})` : text;
}
