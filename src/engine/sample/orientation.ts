/**
 * The orientation of the units in front of the last hidden layer. Where such a unit's row ranges
 * over sets closed under negation, w ↦ −w of the whole row maps its y to −y and Ω onto itself. Let
 * its activation be 0 on one side of its only kink, at 0, and c·t with c ≠ 0 on the other. Then,
 * given all rows up to their signs and that no y is 0, each unit is alive with probability exactly
 * 1/2, independently of the others: all 2^n patterns of alive units are equally likely, whatever the
 * magnitudes. So a mean over the patterns may replace the one that was drawn, and the pattern in
 * which all are dead, in which the last hidden layer sees zeros, needs no luck to be met.
 *
 * Every hypothesis is checked here and none is assumed.
 */
import type { ValueSet } from '../format/domain.js';
import { equal, isZero, negate } from '../num/rational.js';
import { usesOf, type Entry, type Network } from '../net/ir.js';

/** Sets up to here are looked through for the negation of each value. */
const SET_MAX = 1n << 17n;

/** A layer whose units are alive or dead with equal probability. */
export interface OrientedLayer {
  /** Index of its activation equation. */
  readonly equation: number;
  readonly units: number;
  /** Index of the piece that is not 0: 1 for ReLU. */
  readonly alive: 0 | 1;
}

/** *Exact.* The layer in front of the last hidden one, where the hypotheses hold; else null. */
export function orientedLayerOf(network: Network): OrientedLayer | null {
  // Equations are dense and activation in turn; the last hidden activation is the third from behind.
  return orientedLayerAt(network, network.equations.length - 5);
}

/** *Exact.* The layer of an activation equation, where the hypotheses hold; else null. */
export function orientedLayerAt(network: Network, equation: number): OrientedLayer | null {
  const dense = network.equations[equation - 1];
  const source = network.equations[equation];
  if (network.inputs.length !== 1 || dense?.op !== 'dense' || source?.op !== 'activation') {
    return null;
  }
  const { breakpoints, kinks, pieces } = source.activation;
  const [at] = breakpoints;
  if (breakpoints.length !== 1 || kinks.length !== 1 || at === undefined || !isZero(at))
    return null;
  const alive = pieces[0]?.length === 0 ? 1 : 0;
  const [dead, other] = [pieces[1 - alive], pieces[alive]];
  // A polynomial has no leading zeros, so c ≠ 0.
  const [constant] = other ?? [];
  if (dead?.length !== 0 || other?.length !== 2 || constant === undefined || !isZero(constant)) {
    return null;
  }
  const uses = usesOf(network);
  const known = new Map<ValueSet, boolean>();
  const turns = (entry: Entry): boolean => {
    if (!('parameter' in entry)) return isZero(entry.constant);
    const values = network.parameters[entry.parameter]?.values;
    if (values === undefined || uses[entry.parameter]?.length !== 1) return false;
    const symmetric = known.get(values) ?? isSymmetric(values);
    known.set(values, symmetric);
    return symmetric;
  };
  const entries = [...dense.weight.flat(), ...dense.bias];
  return entries.every(turns) ? { equation, units: dense.weight.length, alive } : null;
}

/** Whether −v is in the set for each v; false for sets that do not tell and are too large to look through. */
function isSymmetric(values: ValueSet): boolean {
  const { size } = values;
  if (values.isSymmetric === true) return true;
  if (size > SET_MAX) return false;
  for (let low = 0n, high = size - 1n; low <= high; low += 1n, high -= 1n) {
    if (!equal(values.at(low), negate(values.at(high)))) return false;
  }
  return true;
}
