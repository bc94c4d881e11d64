/**
 * What the symmetries say of whole counts. Neurons of one orbit have equal counts over Ω, but a count of
 * one point per orbit sees their sum alone: the visited points have one order of the keys and not the
 * others. So each neuron gets the orbit's sum divided by the orbit's size, once all shards are merged;
 * the division leaves no rest, for the share is a count of points.
 */
import type { NeuronTally, Tally } from '../../tally.js';

/** *Exact.* A whole tally with the neurons of each orbit counted alike. Throws where a sum does not divide. */
export function evenedOver(orbits: readonly (readonly number[])[], tally: Tally): Tally {
  if (orbits.length === 0) return tally;
  const neurons = [...tally.neurons];
  for (const orbit of orbits) {
    const share = (of: keyof NeuronTally): bigint => {
      const sum = orbit.reduce((total, k) => total + (tally.neurons[k] as NeuronTally)[of], 0n);
      const size = BigInt(orbit.length);
      if (sum % size !== 0n) {
        throw new Error(
          `evenedOver: ${String(sum)} ${of} points do not divide among ${String(size)} neurons`,
        );
      }
      return sum / size;
    };
    const each = { touched: share('touched'), relevant: share('relevant') };
    for (const k of orbit) neurons[k] = each;
  }
  return { ...tally, neurons };
}

/** *Exact.* A tally each of whose points stands for `weight` points; what was done stays as it is. */
export function weighted(tally: Tally, weight: bigint): Tally {
  const { touched, nonDifferentiable, incorrect, undecided, tiesUndecided, pairs } = tally;
  return {
    ...tally,
    touched: touched * weight,
    nonDifferentiable: nonDifferentiable * weight,
    incorrect: incorrect * weight,
    undecided: undecided * weight,
    tiesUndecided: tiesUndecided * weight,
    pairs: pairs * weight,
    neurons: tally.neurons.map((neuron) => ({
      touched: neuron.touched * weight,
      relevant: neuron.relevant * weight,
    })),
  };
}
