/**
 * Shapes of vectors: `[n]` flat, `[channels, length]`, `[channels, height, width]`. A vector of a
 * shape is stored flat in row-major order, as NumPy and PyTorch do; the shape is known while a
 * network is built and is no part of the intermediate representation.
 */

/** Positive integers; at least one. */
export type Shape = readonly number[];

/** *Exact.* The number of units. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((all, extent) => all * extent, 1);
}

/** A shape as people write it. */
export function shapeText(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** How a window moves along one axis; `padding` positions are added at both ends. */
export interface Stride {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
}

/** *Exact.* How many positions the window takes along an axis; 0 or less where it does not fit. */
export function positionsOf(extent: number, axis: Stride): number {
  const reach = axis.dilation * (axis.kernel - 1) + 1;
  return Math.floor((extent + 2 * axis.padding - reach) / axis.stride) + 1;
}

/** *Exact.* Where tap `k` of the window at `position` reads; outside [0, extent) it reads padding. */
export function tapAt(position: number, k: number, axis: Stride): number {
  return position * axis.stride - axis.padding + k * axis.dilation;
}

/** One place that a two-dimensional window reads: the tap, and the unit within a channel. */
export interface Tap {
  readonly row: number;
  readonly column: number;
  readonly unit: number;
}

/**
 * *Exact.* What the window reads at each position, row by row, padding left out: taps in row-major
 * order over a channel of `height × width` units.
 */
export function tapsOf(height: number, width: number, [down, across]: Strides): Tap[][] {
  const all: Tap[][] = [];
  for (let y = 0; y < positionsOf(height, down); y += 1) {
    for (let x = 0; x < positionsOf(width, across); x += 1) {
      const taps: Tap[] = [];
      for (let row = 0; row < down.kernel; row += 1) {
        const i = tapAt(y, row, down);
        if (i < 0 || i >= height) continue;
        for (let column = 0; column < across.kernel; column += 1) {
          const j = tapAt(x, column, across);
          if (j >= 0 && j < width) taps.push({ row, column, unit: i * width + j });
        }
      }
      all.push(taps);
    }
  }
  return all;
}

/** Down the rows, and across the columns. */
export type Strides = readonly [Stride, Stride];
