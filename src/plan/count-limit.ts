/** Networks too large to plan a count of: told from the question, before anything is built. */
import { TRANSCENDENTAL_ACTIVATIONS } from '../engine/index.js';
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
 * for; null where it has not, is no chain of dense layers, or needs no count.
 */
export function tooLargeToCount(network: QuestionNetwork): TooLarge | null {
  const entries = entriesOf(network);
  if (entries <= ENTRIES_MAX || isSmoothByName(network)) return null;
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

/**
 * *Lower bound.* Whether no activation has a kink and one has exponentials, so that the answer is 0
 * whatever the size; told by names, of those without settings.
 */
function isSmoothByName(network: QuestionNetwork): boolean {
  const types = network.layers.map(({ activation }) => activation?.type ?? 'identity');
  const smooth = (type: string): boolean => {
    const kind = TRANSCENDENTAL_ACTIVATIONS.get(type);
    if (kind === undefined || Object.keys(kind.settings).length > 0) return false;
    return kind.build({}).kinks.length === 0;
  };
  return types.some(smooth) && types.every((type) => type === 'identity' || smooth(type));
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
