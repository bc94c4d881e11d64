/**
 * How large a network is, told from its description: a body of a few bytes may name layers that
 * would take minutes and gigabytes to build, so they are counted before anything is built.
 */
import { TRANSCENDENTAL_ACTIVATIONS } from '../engine/index.js';
import type { NetworkInput } from '../schemas/network.js';
import type { QuestionNetwork } from './question.js';

/** Most free parameters without a name; named ones are bounded by the body that names them. */
export const FREE_PARAMETERS_MAX = 1_000_000;
/** An exhaustive question of more weights and biases is refused before its network is built. */
const ENTRIES_MAX = 150_000;

/** Of the dense layers whose width of input is told by the description: no other is as large. */
export interface NetworkSize {
  /** *Lower bound*, exact of a chain of dense layers. Weights and biases, constants among them. */
  readonly entries: number;
  /** *Lower bound*, exact of a chain of dense layers. Free parameters without a name. */
  readonly free: number;
}

/** The size, in time that depends on the number of layers alone. */
export function sizeOf({ inputs, layers }: NetworkInput): NetworkSize {
  /** Width of what the next layer reads; null where only the shapes tell. */
  let fanIn: number | null = inputs[0]?.length ?? 0;
  let entries = 0;
  let free = 0;
  for (const layer of layers) {
    if (layer.type !== 'dense') {
      fanIn = null;
      continue;
    }
    const { from, units, weight, bias = true } = layer;
    if (from === undefined && fanIn !== null) {
      entries += units * fanIn + (bias === false ? 0 : units);
      free += (weight === undefined ? units * fanIn : 0) + (bias === true ? units : 0);
    }
    fanIn = units;
  }
  return { entries, free };
}

/** Why a count of a network is not even planned. */
export interface TooLarge {
  readonly detail: string;
  /** Further members of the problem body. */
  readonly extensions: Readonly<Record<string, unknown>>;
}

/**
 * The refusal of a network that has more weights and biases than counts are planned for; null where
 * it has not, or needs no count.
 */
export function tooLargeToCount(
  { entries }: NetworkSize,
  network: QuestionNetwork,
): TooLarge | null {
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
