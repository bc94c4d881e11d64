/**
 * conv1d: y[f, p] = b_f + Σ_c Σ_i W[f, c, i] · x[g·C/G + c, p·s − pad + i·dil], then σ. Shape `[C, L]` →
 * `[filters, L']`. It is a conv2d over an input of height 1, and is built as one.
 */
import type { Tensor } from '../program.js';
import { shapeText } from '../shape.js';
import { conv2d } from './conv2d.js';
import type { Conv1dDescription, LayerRule } from './layer.js';

export const conv1d: LayerRule<Conv1dDescription> = (layer, [x], program) => {
  const [channels = 0, length = 0] = x.shape;
  if (x.shape.length !== 2) {
    program.fault([], `conv1d needs an input [channels, length], not ${shapeText(x.shape)}`);
    return null;
  }
  const flat: Tensor = { ...x, shape: [channels, 1, length] };
  const { kernelSize, stride, padding, dilation, weight, ...rest } = layer;
  const out = conv2d(
    {
      ...rest,
      type: 'conv2d',
      kernelSize: [1, kernelSize],
      stride: [1, stride],
      padding: [0, padding],
      dilation: [1, dilation],
      weight: weight?.map((byChannel) => byChannel.map((taps) => [taps])) ?? null,
    },
    [flat],
    {
      ...program,
      // A fault or a name that conv2d puts at its one row belongs to the filter's channel here.
      fault: (field, detail) => {
        program.fault(withoutRow(field), detail);
      },
      own: (place, role) => program.own(place.replace(ONE_ROW, '$1$2'), role),
    },
  );
  if (out === null) return null;
  const [filters = 0, , positions = 0] = out.shape;
  return { ...out, shape: [filters, positions] };
};

/** `weight[filter][channel][0][tap]`. */
const ONE_ROW = /^(weight\[\d+\]\[\d+\])\[0\](\[\d+\])$/;

function withoutRow(field: readonly (string | number)[]): readonly (string | number)[] {
  return field[0] === 'weight' && field.length > 3 ? field.slice(0, 3) : field;
}
