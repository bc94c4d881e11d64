/**
 * How a signed permutation passes through each primitive: one row per primitive, as in every rule table.
 *
 * A *move* g of a network sends parameter p to parameter q with w′_q = ±w_p, sample s to sample s′, and
 * unit u of each variable to unit u′ with z′_{s′,u′} = ±z_{s,u}. A row is told the moves of what its
 * equation reads and returns one of what it assigns, or null where there is none of the kind it looks
 * for. That the values move as claimed follows row by row:
 *
 * - dense: it demands W′_{i′j′} = ±_i ±_j W_ij and b′_{i′} = ±_i b_i, entry by entry; this forces where
 *   each parameter goes (`carry`), and then y′_{i′} = ±_i y_i.
 * - activation: any permutation; a sign where σ is odd (it stays) or even (it goes).
 * - affine, max: to a unit that has the same terms, or the same window, moved.
 *
 * So f(gw) = P·f(w) for all real w, with linear invertible g and P: f is differentiable at w exactly if
 * it is at gw, and Df(gw)·g = P·Df(w). Ties move with their units. AD computes with the same matrices,
 * and its derivatives at ties move too: that of an odd σ is even and that of an even σ is odd, which is
 * demanded of the proxies at ±t as well; the shares of a tied maximum follow the order of its window,
 * which is demanded to be kept unless the shares are equal. So D^AD f(gw)·g = P·D^AD f(w), and cotangents
 * (relevance) move with their units.
 */
import type { Activation } from '../../net/activation.js';
import { varies } from '../../net/ir.js';
import type {
  ActivationEquation,
  AffineEquation,
  DenseEquation,
  Entry,
  Equation,
  MaxEquation,
} from '../../net/ir.js';
import type { Polynomial } from '../../net/polynomial.js';
import { ZERO, equal, isZero, negate, type Rational } from '../../num/rational.js';
import { toText } from '../../num/text.js';

export type Sign = 1 | -1;

/** Unit u goes to `image[u]`, times `sign[u]`; null is the identity. */
export type Move = {
  readonly image: readonly number[];
  readonly sign: readonly Sign[];
} | null;

/** What a row may ask besides its equation. */
export interface Moving {
  readonly moveOf: (variable: number) => Move;
  readonly proxies: readonly Rational[];
  /** The move that is imposed on what the equation assigns; undefined where none is. */
  readonly imposed: Move | undefined;
  /** Notes that entry `to` becomes ±`from`; false where it cannot. */
  readonly carry: (from: Entry, to: Entry, sign: Sign) => boolean;
}

/** A row: the move of what the equation assigns, or undefined where the network does not move so. */
type Row<E extends Equation> = (equation: E, moving: Moving) => Move | undefined;

/** *Exact.* Where a unit goes. */
export function imageOf(move: Move, unit: number): number {
  return move === null ? unit : (move.image[unit] as number);
}

/** *Exact.* The sign that a unit takes. */
export function signOf(move: Move, unit: number): Sign {
  return move === null ? 1 : (move.sign[unit] as Sign);
}

function times(a: Sign, b: Sign): Sign {
  return a === b ? 1 : -1;
}

function signed(value: Rational, sign: Sign): Rational {
  return sign === 1 ? value : negate(value);
}

const dense: Row<DenseEquation> = (equation, { moveOf, imposed, carry }) => {
  const read = moveOf(equation.in);
  // What parameters do not absorb goes no further: no other move is looked for.
  const out = imposed ?? null;
  const carried = equation.weight.every((row, i) => {
    const [to, sign] = [imageOf(out, i), signOf(out, i)];
    const target = equation.weight[to] as readonly Entry[];
    return (
      carry(equation.bias[i] as Entry, equation.bias[to] as Entry, sign) &&
      row.every((entry, j) =>
        carry(entry, target[imageOf(read, j)] as Entry, times(sign, signOf(read, j))),
      )
    );
  });
  return carried ? out : undefined;
};

const activation: Row<ActivationEquation> = ({ in: read, activation: sigma }, moving) => {
  const move = moving.moveOf(read);
  if (move === null || !move.sign.includes(-1)) return move;
  const parity = parityOf(sigma, moving.proxies);
  if (parity === null) return undefined;
  return parity === 'odd' ? move : { image: move.image, sign: move.sign.map(() => 1) };
};

/** Whether σ and its proxies are those of an odd or of an even function. */
function parityOf(
  { breakpoints, pieces, kinks }: Activation,
  proxies: readonly Rational[],
): 'odd' | 'even' | null {
  const mirrored = breakpoints.every((at, k) =>
    equal(at, negate(breakpoints[breakpoints.length - 1 - k] as Rational)),
  );
  if (!mirrored) return null;
  const holds = (odd: boolean): boolean =>
    pieces.every((piece, k) => isMirrored(piece, pieces[pieces.length - 1 - k] ?? [], odd)) &&
    kinks.every((_, k) => {
      const [proxy, other] = [proxies[k] ?? ZERO, proxies[kinks.length - 1 - k] ?? ZERO];
      return equal(proxy, odd ? other : negate(other));
    });
  if (holds(false)) return 'even';
  return holds(true) ? 'odd' : null;
}

/** Whether q(−t) = −p(t), or q(−t) = p(t). */
function isMirrored(p: Polynomial, q: Polynomial, odd: boolean): boolean {
  return (
    p.length === q.length &&
    p.every((coefficient, k) => {
      const turned = (k % 2 === 1) === odd;
      return equal(q[k] as Rational, turned ? coefficient : negate(coefficient));
    })
  );
}

const affine: Row<AffineEquation> = ({ terms, offset }, { moveOf }) => {
  const variables = new Set(terms.flat().map(({ variable }) => variable));
  if ([...variables].every((variable) => moveOf(variable) === null)) return null;
  const text = (variable: number, unit: number, c: Rational): string =>
    `${String(variable)} ${String(unit)} ${toText(c)}`;
  const signature = (texts: string[], o: Rational): string =>
    [...texts.sort(), toText(o)].join('; ');
  const own = terms.map((row, i) =>
    signature(
      row.map(({ variable, unit, coefficient }) => text(variable, unit, coefficient)),
      offset[i] as Rational,
    ),
  );
  const moved = (sign: Sign): string[] =>
    terms.map((row, i) =>
      signature(
        row.map(({ variable, unit, coefficient }) => {
          const move = moveOf(variable);
          const c = signed(coefficient, times(sign, signOf(move, unit)));
          return text(variable, imageOf(move, unit), c);
        }),
        signed(offset[i] as Rational, sign),
      ),
    );
  return matched(own, [
    { sign: 1, texts: moved(1) },
    { sign: -1, texts: moved(-1) },
  ]);
};

const max: Row<MaxEquation> = ({ in: read, windows }, { moveOf, proxies }) => {
  const move = moveOf(read);
  if (move === null) return null;
  // Of a maximum, (first, last, all, even): the order counts where the first or the last gets more.
  const [first = ZERO, last = ZERO] = proxies;
  const ordered = !isZero(first) || !isZero(last);
  const text = (units: number[]): string =>
    (ordered ? units : units.sort((a, b) => a - b)).join(' ');
  const turned = (window: readonly number[]): boolean =>
    window.some((unit) => signOf(move, unit) === -1);
  // max(−a, −b) is a minimum; a window of one unit is the unit.
  if (windows.some((window) => window.length > 1 && turned(window))) return undefined;
  const own = windows.map((window) => text([...window]));
  const texts = windows.map((window) => text(window.map((unit) => imageOf(move, unit))));
  const found = matched(own, [{ sign: 1, texts }]);
  if (found === undefined || found === null) return found;
  return {
    image: found.image,
    sign: windows.map((window) => (turned(window) ? -1 : 1)),
  };
};

/**
 * The move that sends unit i to a unit whose text is one of those that i becomes, itself where it can;
 * undefined where there is none.
 */
function matched(
  own: readonly string[],
  becomes: readonly { readonly sign: Sign; readonly texts: readonly string[] }[],
): Move | undefined {
  const image = own.map(() => -1);
  const sign = own.map((): Sign => 1);
  const taken = new Set<number>();
  const take = (i: number, to: number, by: Sign): void => {
    image[i] = to;
    sign[i] = by;
    taken.add(to);
  };
  for (const { sign: by, texts } of becomes) {
    own.forEach((text, i) => {
      if (image[i] === -1 && texts[i] === text && !taken.has(i)) take(i, i, by);
    });
  }
  const free = new Map<string, number[]>();
  own.forEach((text, to) => {
    if (!taken.has(to)) free.set(text, [...(free.get(text) ?? []), to]);
  });
  for (const { sign: by, texts } of becomes) {
    own.forEach((_, i) => {
      if (image[i] !== -1) return;
      const to = free.get(texts[i] as string)?.shift();
      if (to !== undefined) take(i, to, by);
    });
  }
  return image.includes(-1) ? undefined : { image, sign };
}

const ROWS: { readonly [Op in Equation['op']]: Row<Extract<Equation, { op: Op }>> } = {
  dense,
  activation,
  affine,
  max,
};

/** *Exact.* The move of what an equation assigns; undefined where the network does not move so. */
export function movedBy(equation: Equation, moving: Moving): Move | undefined {
  return (ROWS[equation.op] as Row<Equation>)(equation, moving);
}

/** *Exact.* A constant entry's value: of a parameter with scale 0 it is 0. Null where it varies. */
export function constantOf(entry: Entry): Rational | null {
  if (varies(entry)) return null;
  return 'parameter' in entry ? ZERO : entry.constant;
}
