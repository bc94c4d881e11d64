/**
 * Automorphisms of a network over its sets: signed permutations of the parameters, with the moves of
 * samples and units that go with them (`equivariance.ts`), which map Ω onto itself and leave every
 * verdict as it is: touched, non-differentiable, incorrect, and which units are tied or relevant, up to
 * the move of the units. Found by imposing a move somewhere and passing it through every equation: what is
 * returned has been proved on this very network, whatever suggested it.
 *
 * The outputs may be moved by any signed permutation P, which is invertible; below a loss only so that the
 * loss is the same function or its negative.
 */
import type { Proxies } from '../../ad/rules.js';
import type { ValueSet } from '../../format/domain.js';
import type { Entry, Network } from '../../net/ir.js';
import { memoised } from '../../num/memoised.js';
import { divide, equal, negate, type Rational } from '../../num/rational.js';
import { constantOf, imageOf, movedBy, signOf, type Move, type Sign } from './equivariance.js';

export interface Automorphism {
  /** Of the parameters: w′ at `image[p]` is `sign[p]` times w at p. */
  readonly parameters: NonNullable<Move>;
  /** By variable. */
  readonly variables: readonly Move[];
}

/** A move imposed on a variable: the input's, or what a dense equation assigns. */
export interface Seed {
  readonly variable: number;
  readonly move: NonNullable<Move>;
}

/** Sets longer than this are not compared value by value: they are equal where they are one. */
const COMPARED_MAX = 1n << 16n;

/** *Exact.* Which automorphism a seed is part of; null where none is found. */
export function automorphismsOf(
  network: Network,
  proxies: Proxies,
): (seed: Seed) => Automorphism | null {
  // Sets are compared pair by pair, each pair once.
  const same = memoised((a: ValueSet) => memoised((b: ValueSet) => sameSet(a, b, 1)));
  const mirrored = memoised((a: ValueSet) => memoised((b: ValueSet) => sameSet(a, b, -1)));
  return (seed) => {
    const [image, sign] = [new Map<number, number>(), new Map<number, Sign>()];
    const carry = (from: Entry, to: Entry, by: Sign): boolean => {
      const constant = constantOf(from);
      if (constant !== null) {
        const other = constantOf(to);
        return other !== null && equal(other, by === 1 ? constant : negate(constant));
      }
      if (!('parameter' in from) || constantOf(to) !== null || !('parameter' in to)) return false;
      // scale′·w′ = ±scale·w, so that w′ is the same value or its negative.
      const ratio = divide(from.scale, to.scale);
      if (ratio.d !== 1n || (ratio.n !== 1n && ratio.n !== -1n)) return false;
      const factor: Sign = (ratio.n === 1n) === (by === 1) ? 1 : -1;
      const known = image.get(from.parameter);
      if (known !== undefined) {
        return known === to.parameter && sign.get(from.parameter) === factor;
      }
      const [a, b] = [from, to].map(({ parameter }) => network.parameters[parameter]?.values);
      if (a === undefined || b === undefined) return false;
      if (!(factor === 1 ? same(a)(b) : mirrored(a)(b))) return false;
      image.set(from.parameter, to.parameter);
      sign.set(from.parameter, factor);
      return true;
    };
    const samples = samplesMoved(network, seed.variable === 0 ? seed.move : null);
    if (samples === null) return null;
    const variables: Move[] = [seed.variable === 0 ? seed.move : null];
    for (const [index, equation] of network.equations.entries()) {
      const move = movedBy(equation, {
        moveOf: (variable) => variables[variable] ?? null,
        proxies: proxies[index] ?? [],
        imposed: seed.variable === equation.out ? seed.move : undefined,
        carry,
      });
      if (move === undefined) return null;
      variables.push(move);
    }
    if (!keepsLoss(network, variables[network.output] ?? null, samples)) return null;
    // A parameter with scales of 0 alone stays where it is.
    const images = network.parameters.map((_, p) => image.get(p) ?? p);
    if (new Set(images).size < images.length) return null;
    return {
      parameters: { image: images, sign: images.map((_, p) => sign.get(p) ?? 1) },
      variables,
    };
  };
}

/** Whether b holds the values of a, or their negatives. */
function sameSet(a: ValueSet, b: ValueSet, sign: Sign): boolean {
  if (a === b && sign === 1) return true;
  if (a.size !== b.size || a.size > COMPARED_MAX) return false;
  for (let rank = 0n; rank < a.size; rank += 1n) {
    const value = a.at(rank);
    const other = sign === 1 ? b.at(rank) : negate(b.at(b.size - 1n - rank));
    if (!equal(value, other)) return false;
  }
  return true;
}

/** Where each sample goes as the inputs are moved; null where a moved sample is none of them. */
function samplesMoved({ inputs }: Network, move: Move): number[] | null {
  if (move === null) return inputs.map((_, sample) => sample);
  const taken = new Set<number>();
  const images = inputs.map((input) => {
    const to = inputs.findIndex(
      (other, k) =>
        !taken.has(k) &&
        input.every((x, j) =>
          equal(other[imageOf(move, j)] as Rational, signOf(move, j) === 1 ? x : negate(x)),
        ),
    );
    taken.add(to);
    return to;
  });
  return images.includes(-1) ? null : images;
}

/** Whether the loss of moved outputs is the loss, or its negative. */
function keepsLoss(network: Network, move: Move, samples: readonly number[]): boolean {
  const { loss } = network;
  if (loss === undefined) return true;
  if (loss.type === 'sum') return move === null || new Set(move.sign).size <= 1;
  return loss.targets.every((targets, sample) =>
    targets.every((target, unit) => {
      const other = loss.targets[samples[sample] as number]?.[imageOf(move, unit)] as Rational;
      return equal(other, signOf(move, unit) === 1 ? target : negate(target));
    }),
  );
}
