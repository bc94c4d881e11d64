/**
 * Chains: networks whose layers are dense equations and activations in turn, each reading the one
 * before, without a loss. What is fast (grids, kernels, sampling by pivots, filters) is made for them.
 */
import { inputsOf, type ActivationEquation, type DenseEquation, type Network } from './ir.js';

export interface ChainNetwork extends Network {
  /** Dense at even places, activations at odd ones. */
  readonly equations: readonly (DenseEquation | ActivationEquation)[];
}

/** *Exact.* Whether a network is a chain of dense equations (convolutions among them) and activations. */
export function isChain(network: Network): network is ChainNetwork {
  const dense = network.equations.every(
    ({ op }, k) => op === (k % 2 === 0 ? 'dense' : 'activation'),
  );
  const chained = network.equations.every((equation) => {
    const read = inputsOf(equation);
    return read.length === 1 && read[0] === equation.out - 1;
  });
  return dense && chained && network.loss === undefined;
}

/** *Exact.* The network as the chain that it is. Throws a TypeError where it is none. */
export function chainOf(network: Network): ChainNetwork {
  if (isChain(network)) return network;
  throw new TypeError('chainOf: the network is no chain of dense equations and activations');
}
