/**
 * The last hidden layer behind every pattern of alive units, on the grid: of n units in front there
 * are 2^n patterns (`orientation.ts`), gone through in the order of a Gray code, so that each costs
 * one addition and one look-up per unit of the last hidden layer.
 */
import type { LayerState } from '../count/layer-state.js';
import type { RankOfDouble } from './members.js';
import type { OrientedLayer } from './orientation.js';
import type { Orientations } from './subject.js';

/** Most units in front, and most units whose ties fit into a mask. */
const FRONT_MAX = 6;
const LAST_MAX = 8;

/**
 * *Exact.* `biasRanks` by neuron: the ranks of its bias's values, null where it has none of its own.
 * Null where patterns are too many, or the last hidden layer has more than one kink or a unit without
 * a bias of its own. The layers must stand at the point when patterns are gone through.
 */
export function patternsOf(
  { equation, units, alive }: OrientedLayer,
  layers: readonly LayerState[],
  biasRanks: readonly (RankOfDouble | null)[],
): Orientations | null {
  const at = layers.findIndex(({ grid }) => grid.equation === equation);
  const [front, last] = [layers[at], layers[at + 1]];
  if (front === undefined || last === undefined || last.firstNeuron === -1) return null;
  const { grid } = last;
  const kinks = [...grid.kinkAt].flatMap((kink, k) => (kink === -1 ? [] : [grid.thresholds[k]!]));
  if (units > FRONT_MAX || grid.units > LAST_MAX || kinks.length > 1) return null;
  const kink = kinks[0] ?? NaN;
  const rankOf = Array.from(
    { length: grid.units },
    (_, unit) => biasRanks[last.firstNeuron + unit],
  );
  const found = rankOf.flatMap((look) => (look === null || look === undefined ? [] : [look]));
  if (found.length < grid.units) return null;
  const slope = front.grid.pieces[alive]![1]!;
  const patterns = 2 ** units;
  // The Gray code: which unit turns in front of each pattern but the first, and whether it comes alive.
  const turned = Array.from({ length: patterns }, (_, k) => 31 - Math.clz32(k & -k));
  const comesAlive = turned.map((unit, k) => (((k ^ (k >> 1)) >> unit) & 1) === 1);
  const masks = new Uint8Array(patterns);
  const terms = new Float64Array(units);
  return {
    patterns,
    masks() {
      const { weight, fanIn } = grid;
      masks.fill(0);
      for (let unit = 0; unit < found.length; unit += 1) {
        const rankOf = found[unit]!;
        for (let j = 0; j < units; j += 1) {
          const size = Math.abs(front.y[j]!) * slope;
          // The alive piece lies above 0 or below it.
          terms[j] = weight[unit * fanIn + j]! * (alive === 1 ? size : -size);
        }
        let sum = 0;
        for (let k = 0; k < patterns; k += 1) {
          if (k > 0) sum += comesAlive[k]! ? terms[turned[k]!]! : -terms[turned[k]!]!;
          if (rankOf(kink - sum) !== -1) masks[k] = masks[k]! | (1 << unit);
        }
      }
      return masks;
    },
  };
}
