/**
 * maxPool2d: y[c, p, q] = the largest x[c, i, j] of the window, channel by channel; padding takes no
 * part (it is −∞). Shape `[C, H, W]` → `[C, H', W']`.
 *
 * No kinks in one variable, but ties: where the maximum is attained at two places of a window, the
 * directional derivative is the largest of the tied ones. AD resolves a tie by position in the
 * window, row by row (`ad/proxies.ts`).
 */
import { activated } from '../program.js';
import { positionsOf, shapeText, tapsOf, type Strides } from '../shape.js';
import type { AvgPool2dDescription, LayerRule, MaxPool2dDescription } from './layer.js';
import type { LayerProgram, Tensor } from '../program.js';

export const maxPool2d: LayerRule<MaxPool2dDescription> = (layer, [x], program) => {
  const strides = poolingStrides(layer, x, program);
  if (strides === null) return null;
  const [channels = 0, height = 0, width = 0] = x.shape;
  const taps = tapsOf(height, width, strides);
  const windows = Array.from({ length: channels }, (_, c) =>
    taps.map((window) => window.map(({ unit }) => c * height * width + unit)),
  ).flat();
  const shape = [channels, positionsOf(height, strides[0]), positionsOf(width, strides[1])];
  const y = program.emit({ op: 'max', in: x.variable, type: 'maxPool2d', windows }, shape);
  return activated(program, y, layer.activation ?? null);
};

/** The windows of a pooling layer; null after a fault. */
export function poolingStrides(
  layer: MaxPool2dDescription | AvgPool2dDescription,
  x: Tensor,
  program: LayerProgram,
): Strides | null {
  if (x.shape.length !== 3) {
    program.fault(
      [],
      `${layer.type} needs an input [channels, height, width], not ${shapeText(x.shape)}`,
    );
    return null;
  }
  const axis = (k: 0 | 1): Strides[number] => ({
    kernel: layer.kernelSize[k],
    stride: layer.stride[k],
    padding: layer.padding[k],
    dilation: 1,
  });
  const strides: Strides = [axis(0), axis(1)];
  if (strides.some(({ kernel, padding }) => 2 * padding > kernel)) {
    // Then every window holds at least one real unit, as PyTorch demands too.
    program.fault(['padding'], 'is more than half of the kernel');
    return null;
  }
  if (strides.some((stride, k) => positionsOf(x.shape[k + 1] ?? 0, stride) < 1)) {
    program.fault(
      ['kernelSize'],
      `the window does not fit into the padded input ${shapeText(x.shape)}`,
    );
    return null;
  }
  return strides;
}
