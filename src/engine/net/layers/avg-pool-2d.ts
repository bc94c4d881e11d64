/**
 * avgPool2d: y[c, p, q] = the mean of the window, channel by channel. Padding counts as zeros in the
 * divisor where `countIncludePad` says so (PyTorch's default); else the mean is of real units only
 * (TensorFlow's). Shape `[C, H, W]` → `[C, H', W']`. Constant and affine: no kinks, no ties.
 */
import { ZERO, rational } from '../../num/rational.js';
import { activated } from '../program.js';
import { positionsOf, tapsOf } from '../shape.js';
import type { AvgPool2dDescription, LayerRule } from './layer.js';
import { poolingStrides } from './max-pool-2d.js';

export const avgPool2d: LayerRule<AvgPool2dDescription> = (layer, [x], program) => {
  const strides = poolingStrides(layer, x, program);
  if (strides === null) return null;
  const [channels = 0, height = 0, width = 0] = x.shape;
  const [down, across] = strides;
  const taps = tapsOf(height, width, strides);
  const terms = Array.from({ length: channels }, (_, c) =>
    taps.map((window) => {
      const divisor = layer.countIncludePad ? down.kernel * across.kernel : window.length;
      return window.map(({ unit }) => ({
        variable: x.variable,
        unit: c * height * width + unit,
        coefficient: rational(1n, BigInt(divisor)),
      }));
    }),
  ).flat();
  const shape = [channels, positionsOf(height, down), positionsOf(width, across)];
  const y = program.emit({ op: 'affine', terms, offset: terms.map(() => ZERO) }, shape);
  return activated(program, y, layer.activation ?? null);
};
