/** What a layered count adds up, shard by shard. */
import { emptyTally, type Tally } from '../../tally.js';

type Witnesses = { -readonly [K in keyof Tally['witnesses']]: Tally['witnesses'][K] };
type Counted = Omit<Tally, 'neurons' | 'witnesses'>;
export type Sums = { -readonly [K in keyof Counted]: Counted[K] } & {
  neurons: { touched: bigint; relevant: bigint }[];
  witnesses: Witnesses;
};

/** *Exact.* The sums over nothing, for so many neurons. */
export function noSums(neurons: number): Sums {
  const empty = emptyTally(neurons);
  return {
    ...empty,
    neurons: empty.neurons.map((neuron) => ({ ...neuron })),
    witnesses: { ...empty.witnesses },
  };
}

/** Whether a witness of this order comes before the one that is there. */
export function isLower(order: bigint, than: bigint | undefined): boolean {
  return than === undefined || order < than;
}
