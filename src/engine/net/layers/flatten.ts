/** flatten: the same numbers in row-major order. Any shape → `[n]`; it computes nothing. */
import { sizeOf } from '../shape.js';
import type { FlattenDescription, LayerRule } from './layer.js';

export const flatten: LayerRule<FlattenDescription> = (_, [x]) => ({
  ...x,
  shape: [sizeOf(x.shape)],
});
