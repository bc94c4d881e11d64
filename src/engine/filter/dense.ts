/**
 * The loops of a dense layer: sums of products, and what their bounds need. Two or four rows at a
 * time, since one accumulator waits for its own additions. All arrays are Float64Arrays and must
 * stay so: mixed kinds make these loops several times slower.
 *
 * Rows of `weight` begin at `weightAt`, n apart. The order of additions is bias first, then the
 * products from the left: `rounding.ts` allows any, but `exact-sum.ts` follows this one.
 */

/** Rounded sums ŷ. */
export function sums(
  weight: Float64Array,
  weightAt: number,
  bias: Float64Array,
  biasAt: number,
  z: Float64Array,
  n: number,
  units: number,
  y: Float64Array,
): void {
  let unit = 0;
  for (; unit + 4 <= units; unit += 4) {
    const row = weightAt + unit * n;
    let y0 = bias[biasAt + unit]!;
    let y1 = bias[biasAt + unit + 1]!;
    let y2 = bias[biasAt + unit + 2]!;
    let y3 = bias[biasAt + unit + 3]!;
    for (let j = 0; j < n; j += 1) {
      const zj = z[j]!;
      y0 += weight[row + j]! * zj;
      y1 += weight[row + n + j]! * zj;
      y2 += weight[row + 2 * n + j]! * zj;
      y3 += weight[row + 3 * n + j]! * zj;
    }
    y[unit] = y0;
    y[unit + 1] = y1;
    y[unit + 2] = y2;
    y[unit + 3] = y3;
  }
  for (; unit < units; unit += 1) {
    const row = weightAt + unit * n;
    let sum = bias[biasAt + unit]!;
    for (let j = 0; j < n; j += 1) sum += weight[row + j]! * z[j]!;
    y[unit] = sum;
  }
}

/** Rounded sums ŷ, and S = gamma·|b| + Σ|w_j|·t_j of the running bound, not yet inflated. */
export function sumsAndBounds(
  weight: Float64Array,
  weightAt: number,
  bias: Float64Array,
  biasAt: number,
  z: Float64Array,
  t: Float64Array,
  gamma: number,
  n: number,
  units: number,
  y: Float64Array,
  bound: Float64Array,
): void {
  let unit = 0;
  for (; unit + 2 <= units; unit += 2) {
    const row = weightAt + unit * n;
    let y0 = bias[biasAt + unit]!;
    let y1 = bias[biasAt + unit + 1]!;
    let s0 = gamma * Math.abs(y0);
    let s1 = gamma * Math.abs(y1);
    for (let j = 0; j < n; j += 1) {
      const zj = z[j]!;
      const tj = t[j]!;
      const w0 = weight[row + j]!;
      const w1 = weight[row + n + j]!;
      y0 += w0 * zj;
      y1 += w1 * zj;
      s0 += Math.abs(w0) * tj;
      s1 += Math.abs(w1) * tj;
    }
    y[unit] = y0;
    y[unit + 1] = y1;
    bound[unit] = s0;
    bound[unit + 1] = s1;
  }
  for (; unit < units; unit += 1) {
    const row = weightAt + unit * n;
    let sum = bias[biasAt + unit]!;
    let s = gamma * Math.abs(sum);
    for (let j = 0; j < n; j += 1) {
      sum += weight[row + j]! * z[j]!;
      s += Math.abs(weight[row + j]!) * t[j]!;
    }
    y[unit] = sum;
    bound[unit] = s;
  }
}

/** N = Σ|w_j| of one row. */
export function rowNorm(weight: Float64Array, row: number, n: number): number {
  let sum = 0;
  for (let j = 0; j < n; j += 1) sum += Math.abs(weight[row + j]!);
  return sum;
}
