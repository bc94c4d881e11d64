/** Networks too large to plan a count of: told from the question, before anything is built. */
import { isDenseChain, type QuestionNetwork } from './question.js';

/** An exhaustive question of more weights and biases is refused before its network is built. */
const ENTRIES_MAX = 150_000;

/** Why a count of the network is not even planned. */
export interface TooLarge {
  readonly detail: string;
  /** Further members of the problem body. */
  readonly extensions: Readonly<Record<string, unknown>>;
}

/**
 * *Lower bound.* The refusal of a network that has more weights and biases than counts are planned
 * for; null where it has not, or is no chain of dense layers.
 */
export function tooLargeToCount(network: QuestionNetwork): TooLarge | null {
  const entries = entriesOf(network);
  if (entries <= ENTRIES_MAX) return null;
  return {
    detail: `Mode "exhaustive" plans counts of networks of up to ${String(ENTRIES_MAX)} weights and biases; this one has ${String(entries)}. The largest mode that fits is "bounds".`,
    extensions: {
      entries: String(entries),
      maxEntries: String(ENTRIES_MAX),
      largestMode: 'bounds',
      nearest: { mode: 'bounds', format: null },
    },
  };
}

/** Weights and biases of a chain of dense layers, constants among them; 0 of another network. */
function entriesOf(network: QuestionNetwork): number {
  if (!isDenseChain(network)) return 0;
  let fanIn = network.inputs[0]?.length ?? 0;
  let entries = 0;
  for (const layer of network.layers) {
    if (layer.type !== 'dense') return 0;
    entries += layer.units * fanIn + (layer.bias === false ? 0 : layer.units);
    fanIn = layer.units;
  }
  return entries;
}
