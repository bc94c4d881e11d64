/** Every layer type and the rule that builds it; the compiler demands a row for each. */
import type { LayerProgram, Tensor } from '../program.js';
import { add } from './add.js';
import { avgPool2d } from './avg-pool-2d.js';
import { concat } from './concat.js';
import { conv1d } from './conv1d.js';
import { conv2d } from './conv2d.js';
import { dense } from './dense.js';
import { flatten } from './flatten.js';
import type { LayerDescription, LayerRule, LayerType, TypedLayerDescription } from './layer.js';
import { max } from './max.js';
import { maxPool2d } from './max-pool-2d.js';
import { scale } from './scale.js';

type LayerTable = {
  readonly [T in LayerType]: LayerRule<Extract<TypedLayerDescription, { readonly type: T }>>;
};

const LAYERS: LayerTable = {
  dense,
  conv2d,
  conv1d,
  maxPool2d,
  avgPool2d,
  flatten,
  add,
  concat,
  scale,
  max,
};

/** *Exact.* Writes a layer into the program; null where it does not fit, after the faults. */
export function lower(
  layer: LayerDescription,
  inputs: readonly [Tensor, ...Tensor[]],
  program: LayerProgram,
): Tensor | null {
  const rule = LAYERS[layer.type ?? 'dense'] as unknown as LayerRule<LayerDescription>;
  return rule(layer, inputs, program);
}
