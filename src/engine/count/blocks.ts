/**
 * Blocks of the interpreting kernel: all points that share the digits before the tail. What is counted in
 * a block is determined by a key, so that equal blocks are counted once.
 *
 * The key holds where it is made: on one sample, slopes constant on pieces, a private bias in every unit
 * that can tie (all ties are free then, and L-iff decides), affine layers alone behind the last kink. What
 * remains is which ties reach an output: that needs the codes of the units, and the weights by which AD
 * multiplies on the way up from a tie. All of them, digit by digit, are a number below 2^53.
 */
import type { GridLayer, GridProgram } from './grid.js';
import { slopeAt } from './grid-ties.js';
import { pieceOf, type LayerState } from './layer-state.js';
import type { Odometer } from './odometer.js';

const MAX_KEY = 2 ** 53;

/** *Exact.* The key of the block of a point whose forward pass is done. */
export type BlockKey = (layers: readonly LayerState[]) => number;

/** What makes keys for a program; null where they would not determine the blocks. */
export function blockKeyOf(
  program: GridProgram,
  radices: Float64Array,
  odometer: Odometer,
): BlockKey | null {
  const before = program.layers.filter(({ tail }) => !tail);
  const last = before[before.length - 1];
  if (program.samples > 1 || !program.reverseExact || last === undefined) return null;
  // Digits of the tail must feed affine layers alone.
  if (!hasKinks(last) || !before.every(isDetermined)) return null;
  /** Per layer, the position of the digit that sets each weight; −1 where none does. */
  const positions = program.layers.map(({ weight }) => new Int32Array(weight.length).fill(-1));
  const always = new Set<number>();
  program.digits.forEach((uses, position) => {
    for (const { layer, isBias, index } of uses) {
      if (isBias) continue;
      (positions[layer] as Int32Array)[index] = position;
      if (program.layers[layer]?.tail === true && position < odometer.tail) always.add(position);
    }
  });
  const codes = before.reduce(
    (size, { units, thresholds }) => size * (2 * thresholds.length + 1) ** units,
    1,
  );
  let size = codes;
  before.forEach((_, layer) => {
    if (layer === 0) return;
    for (const position of positions[layer] ?? []) size *= radices[position] ?? 1;
  });
  for (const position of always) size *= radices[position] as number;
  if (size > MAX_KEY) return null;
  const reached = before.map(({ units }) => new Uint8Array(units));
  return (layers) => {
    let code = 0;
    for (let layer = 0; layer < before.length; layer += 1) {
      const state = layers[layer] as LayerState;
      const radix = 2 * state.grid.thresholds.length + 1;
      for (let unit = 0; unit < state.grid.units; unit += 1) {
        code = code * radix + codeOf(state.grid, state.y[unit] as number);
      }
    }
    let key = 0;
    const read = (position: number): void => {
      key = key * (radices[position] as number) + odometer.digitAt(position);
    };
    for (let layer = 0; layer < before.length; layer += 1) {
      const state = layers[layer] as LayerState;
      const { units, fanIn } = state.grid;
      const own = reached[layer] as Uint8Array;
      own.fill(0);
      for (let tie = 0; tie < state.ties; tie += 1) own[state.tied[tie] as number] = 1;
      if (layer === 0) continue;
      const below = reached[layer - 1] as Uint8Array;
      for (let unit = 0; unit < units; unit += 1) {
        if (!below.includes(1) || slopeAt(state, unit) === 0) continue;
        for (let j = 0; j < fanIn; j += 1) {
          if (below[j] === 0) continue;
          own[unit] = 1;
          const position = positions[layer]?.[unit * fanIn + j] as number;
          if (position !== -1) read(position);
        }
      }
    }
    for (const position of always) read(position);
    // Codes come last: they tell which digits stand before them.
    return key * codes + code;
  };
}

function hasKinks({ kinkAt }: GridLayer): boolean {
  return kinkAt.some((kink) => kink !== -1);
}

/** Whether slopes are constant on pieces, and every unit that can tie has a private bias. */
function isDetermined(layer: GridLayer): boolean {
  return (
    layer.slopes.every(({ length }) => length <= 1) &&
    (!hasKinks(layer) || layer.privateBias.every((own) => own === 1))
  );
}

/** 2p on piece p, 2k + 1 on breakpoint k where that is a kink. */
function codeOf(grid: GridLayer, y: number): number {
  const piece = pieceOf(grid, y);
  const onKink = piece > 0 && y === grid.thresholds[piece - 1] && grid.kinkAt[piece - 1] !== -1;
  return onKink ? 2 * piece - 1 : 2 * piece;
}
