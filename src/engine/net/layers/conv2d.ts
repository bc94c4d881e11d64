/**
 * conv2d (cross-correlation, as PyTorch and TensorFlow compute it):
 *   y[f, p, q] = b_f + Σ_c Σ_i Σ_j W[f, c, i, j] · x[g·C/G + c, p·s − pad + i·dil, q·s' − pad' + j·dil']
 * with zeros outside the input, then σ; g is the group of filter f. Shape `[C, H, W]` →
 * `[filters, H', W']` with H' = ⌊(H + 2·pad − dil·(k − 1) − 1)/s⌋ + 1.
 *
 * Lowered to one dense equation whose rows share the filter's parameters: each parameter multiplies
 * at most one input of a unit, and the bias of a filter is shared by all of its positions. Kinks are
 * the activation's; there are no other ties.
 */
import { ZERO } from '../../num/rational.js';
import type { Entry } from '../ir.js';
import { activated, type LayerProgram, type Tensor } from '../program.js';
import { positionsOf, shapeText, sizeOf, tapsOf, type Shape, type Strides } from '../shape.js';
import { checkLength } from './dense.js';
import type { Conv2dDescription, LayerRule } from './layer.js';

/** Most entries of the matrix that a convolution is lowered to. */
const ENTRIES_MAX = 4_000_000;

export const conv2d: LayerRule<Conv2dDescription> = (layer, [x], program) => {
  if (x.shape.length !== 3) {
    program.fault([], `conv2d needs an input [channels, height, width], not ${shapeText(x.shape)}`);
    return null;
  }
  const shape = convolvedShape(layer, x.shape, program);
  if (shape === null) return null;
  return convolve(layer, x, shape, stridesOf(layer), program);
};

function stridesOf({ kernelSize, stride, padding, dilation }: Conv2dDescription): Strides {
  const axis = (k: 0 | 1): Strides[number] => ({
    kernel: kernelSize[k],
    stride: stride[k],
    padding: padding[k],
    dilation: dilation[k],
  });
  return [axis(0), axis(1)];
}

function convolvedShape(
  layer: Conv2dDescription,
  [channels = 0, height = 0, width = 0]: Shape,
  program: LayerProgram,
): Shape | null {
  const { filters, groups } = layer;
  if (channels % groups !== 0 || filters % groups !== 0) {
    program.fault(
      ['groups'],
      `${String(groups)} groups do not divide ${String(channels)} channels and ${String(filters)} filters`,
    );
    return null;
  }
  const [down, across] = stridesOf(layer);
  const out = [filters, positionsOf(height, down), positionsOf(width, across)];
  if (out.some((extent) => extent < 1)) {
    program.fault(
      ['kernelSize'],
      `the window does not fit into the padded input ${shapeText([channels, height, width])}`,
    );
    return null;
  }
  if (sizeOf(out) * sizeOf([channels, height, width]) > ENTRIES_MAX) {
    program.fault(
      [],
      `the layer has ${String(sizeOf(out))} units with ${String(sizeOf([channels, height, width]))} inputs each; at most ${String(ENTRIES_MAX)} pairs are taken`,
    );
    return null;
  }
  return out;
}

/** The layer's matrix, row by row, over an input of shape `[channels, height, width]`. */
function convolve(
  layer: Conv2dDescription,
  x: Tensor,
  shape: Shape,
  strides: Strides,
  program: LayerProgram,
): Tensor | null {
  const [channels = 0, height = 0, width = 0] = x.shape;
  const perGroup = channels / layer.groups;
  const filter = filtersOf(layer, perGroup, program);
  if (filter === null) return null;
  const bias = Array.from({ length: layer.filters }, (_, f): Entry => {
    if (layer.bias === false) return { constant: ZERO };
    if (layer.bias === true) return program.own(`bias[${String(f)}]`, 'bias');
    return program.entry(layer.bias[f] ?? ZERO, 'bias');
  });
  const nothing: Entry = { constant: ZERO };
  const taps = tapsOf(height, width, strides);
  const weight = filter.flatMap((channelsOfGroup, f) => {
    const first = Math.floor(f / (layer.filters / layer.groups)) * perGroup;
    return taps.map((window) => {
      const row: Entry[] = Array.from({ length: channels * height * width }, () => nothing);
      channelsOfGroup.forEach((kernel, c) => {
        for (const tap of window) {
          const entry = kernel[tap.row]?.[tap.column];
          if (entry !== undefined) row[(first + c) * height * width + tap.unit] = entry;
        }
      });
      return row;
    });
  });
  const y = program.emit(
    {
      op: 'dense',
      in: x.variable,
      weight,
      bias: bias.flatMap((entry) => taps.map(() => entry)),
    },
    shape,
  );
  return activated(program, y, layer.activation);
}

/** `[filter][channel of the group][row][column]`; null after a fault. */
function filtersOf(
  layer: Conv2dDescription,
  perGroup: number,
  program: LayerProgram,
): Entry[][][][] | null {
  const { filters, kernelSize, weight } = layer;
  const [rows, columns] = kernelSize;
  const before = { faulty: false };
  const check = (field: readonly number[], got: number, want: number): void => {
    if (got !== want) before.faulty = true;
    checkLength(program, ['weight', ...field], got, want, 'entries');
  };
  weight?.forEach((byChannel, f) => {
    check([f], byChannel.length, perGroup);
    byChannel.forEach((byRow, c) => {
      check([f, c], byRow.length, rows);
      byRow.forEach((row, i) => {
        check([f, c, i], row.length, columns);
      });
    });
  });
  if (weight !== null) check([], weight.length, filters);
  if (typeof layer.bias !== 'boolean') {
    if (layer.bias.length !== filters) before.faulty = true;
    checkLength(program, ['bias'], layer.bias.length, filters, 'entries');
  }
  if (before.faulty) return null;
  if (weight !== null) {
    return weight.map((byChannel) =>
      byChannel.map((byRow) => byRow.map((row) => row.map((e) => program.entry(e, 'weight')))),
    );
  }
  const upTo = (length: number): number[] => Array.from({ length }, (_, k) => k);
  return upTo(filters).map((f) =>
    upTo(perGroup).map((c) =>
      upTo(rows).map((i) =>
        upTo(columns).map((j) =>
          program.own(`weight${[f, c, i, j].map(index).join('')}`, 'weight'),
        ),
      ),
    ),
  );
}

function index(k: number): string {
  return `[${String(k)}]`;
}
