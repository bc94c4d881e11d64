/**
 * The sums of a dense layer in WebAssembly SIMD: units in lanes, two to a vector, every sum in the
 * order of `dense.ts` (bias first, then the products from the left), so that both yield the same bits.
 * Beside them the least and the greatest |ŷ| of the layer, and max(ŷ, floor) in place of ŷ: for a
 * rectifier the floor is 0, else −∞.
 *
 * The module is encoded here, byte by byte (WebAssembly core specification 2.0, section 5): one
 * function and one memory. Units are taken in blocks of 8, 2 and 1 vectors; in memory a block is its
 * biases, then its weights input by input. An odd last unit is held twice.
 */

/** Vectors per block, the widest first; the last takes what is left. */
const BLOCKS = [8, 2, 1] as const;
const LANES = 2;
const VECTOR_BYTES = 16;
const PAGE_BYTES = 65536;
/** Where the function leaves the least and the greatest modulus, a vector each. */
const LEAST_AT = 0;
const MOST_AT = VECTOR_BYTES;
const FIRST_FREE = 2 * VECTOR_BYTES;
/** Largest memory that is asked for. */
const MAX_BYTES = 2 ** 28;

/** What is used of WebAssembly; the engine is compiled without the types of any host. */
interface Instance {
  readonly exports: Readonly<Record<string, unknown>>;
}
interface Host {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => Instance;
}

type Sums = (
  matrix: number,
  z: number,
  out: number,
  n: number,
  wide: number,
  middle: number,
  narrow: number,
  floor: number,
) => void;

/** A layer's matrix in memory. */
export interface LaneMatrix {
  /** Lays out the entries of a point; rows of `weight` begin at `weightAt`. */
  readonly fill: (
    weight: Float64Array,
    weightAt: number,
    bias: Float64Array,
    biasAt: number,
  ) => void;
  /** max(ŷ, floor) of every unit into `out`, which is a vector of these lanes. */
  readonly sums: (z: Float64Array, out: Float64Array, floor: number) => void;
}

export interface Lanes {
  /** A vector in the memory of the lanes. */
  readonly vector: (length: number) => Float64Array;
  readonly matrix: (units: number, n: number) => LaneMatrix;
  /** The least and the greatest |ŷ| of the last sums; NaN where one of them is. */
  readonly least: () => number;
  readonly most: () => number;
}

export interface LanesOptions {
  /** Without, `least` and `most` tell nothing: the plain sums that a benchmark compares with. */
  readonly extremes?: boolean;
}

/** Numbers that a matrix takes, an odd last unit twice. */
function matrixNumbers(units: number, n: number): number {
  return (n + 1) * paddedUnits(units);
}

function paddedUnits(units: number): number {
  return Math.ceil(units / LANES) * LANES;
}

/**
 * Lanes with room for these vectors and matrices (`[units, n]`); null where the host has no
 * WebAssembly SIMD, or they are too large.
 */
export function lanesFor(
  vectors: readonly number[],
  matrices: readonly (readonly [units: number, n: number])[],
  options: LanesOptions = {},
): Lanes | null {
  const numbers =
    vectors.reduce((sum, length) => sum + paddedUnits(length), 0) +
    matrices.reduce((sum, [units, n]) => sum + matrixNumbers(units, n), 0);
  const bytes = FIRST_FREE + 8 * numbers;
  const host = (globalThis as { readonly WebAssembly?: Host }).WebAssembly;
  if (host === undefined || bytes > MAX_BYTES) return null;
  const module = moduleOf(Math.ceil(bytes / PAGE_BYTES), options.extremes ?? true);
  const instance = instantiated(host, module);
  if (instance === null) return null;
  const run = instance.exports['sums'] as Sums;
  const { buffer } = instance.exports['memory'] as { readonly buffer: ArrayBuffer };
  const extremes = new Float64Array(buffer, 0, 2 * LANES);
  let free = FIRST_FREE;
  const take = (length: number): Float64Array => {
    const vector = new Float64Array(buffer, free, length);
    free += 8 * paddedUnits(length);
    return vector;
  };
  return {
    vector: take,
    matrix(units, n) {
      const entries = take(matrixNumbers(units, n));
      const blocks = blocksOf(units);
      return {
        fill(weight, weightAt, bias, biasAt) {
          fillMatrix(entries, blocks, units, n, weight, weightAt, bias, biasAt);
        },
        sums(z, out, floor) {
          run(entries.byteOffset, z.byteOffset, out.byteOffset, n, ...blocks, floor);
        },
      };
    },
    least: () => Math.min(extremes[0]!, extremes[1]!),
    most: () => Math.max(extremes[2]!, extremes[3]!),
  };
}

/** How many blocks of each size make up a layer. */
function blocksOf(units: number): readonly [wide: number, middle: number, narrow: number] {
  let left = paddedUnits(units) / LANES;
  const [wide = 0, middle = 0, narrow = 0] = BLOCKS.map((vectors) => {
    const count = Math.floor(left / vectors);
    left -= count * vectors;
    return count;
  });
  return [wide, middle, narrow];
}

function fillMatrix(
  entries: Float64Array,
  blocks: readonly number[],
  units: number,
  n: number,
  weight: Float64Array,
  weightAt: number,
  bias: Float64Array,
  biasAt: number,
): void {
  let at = 0;
  let first = 0;
  BLOCKS.forEach((vectors, size) => {
    const width = vectors * LANES;
    for (let block = 0; block < blocks[size]!; block += 1) {
      for (let lane = 0; lane < width; lane += 1) {
        const unit = Math.min(first + lane, units - 1);
        const row = weightAt + unit * n;
        entries[at + lane] = bias[biasAt + unit]!;
        for (let j = 0; j < n; j += 1) entries[at + (j + 1) * width + lane] = weight[row + j]!;
      }
      at += (n + 1) * width;
      first += width;
    }
  });
}

function instantiated(host: Host, module: Uint8Array): Instance | null {
  try {
    return new host.Instance(new host.Module(module));
  } catch (error) {
    // A CompileError says that the host lacks SIMD; whatever else, such as memory, is no answer.
    if (error instanceof Error && error.name === 'CompileError') return null;
    throw error;
  }
}

const I32 = 0x7f;
const F64 = 0x7c;
const V128 = 0x7b;
const EMPTY = 0x40;

/** Locals: the parameters of `Sums`, then these. */
const MATRIX = 0;
const Z = 1;
const OUT = 2;
const N = 3;
const FIRST_COUNT = 4;
const FLOOR = 7;
const INPUT = 8;
const END = 9;
const LEAST = 10;
const MOST = 11;
const FLOORS = 12;
const FACTOR = 13;
const SUM = 14;

/** Unsigned LEB128. */
function leb(n: number): number[] {
  const bytes: number[] = [];
  let rest = n;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return bytes;
}

/** Signed LEB128 of a number that is not negative. */
function constant(n: number): number[] {
  const bytes = leb(n);
  // The sign is the second highest bit of the last byte.
  if ((bytes[bytes.length - 1]! & 0x40) !== 0) {
    bytes[bytes.length - 1]! += 0x80;
    bytes.push(0);
  }
  return [0x41, ...bytes];
}

function double(x: number): number[] {
  return [0x44, ...new Uint8Array(Float64Array.of(x).buffer)];
}

const get = (local: number): number[] => [0x20, ...leb(local)];
const set = (local: number): number[] => [0x21, ...leb(local)];
const simd = (opcode: number): number[] => [0xfd, ...leb(opcode)];
const load = (offset: number): number[] => [...simd(0), 3, ...leb(offset)];
const loadSplat = [...simd(10), 3, 0];
const store = (offset: number): number[] => [...simd(11), 3, ...leb(offset)];
const SPLAT = simd(20);
const ABS = simd(236);
const ADD = simd(240);
const MULTIPLY = simd(242);
const MIN = simd(244);
const MAX = simd(245);
const [I32_ADD, I32_SUB, I32_SHL, I32_EQZ, I32_LT_U] = [0x6a, 0x6b, 0x74, 0x45, 0x49];
const [BLOCK, LOOP, BR, BR_IF, END_OF] = [0x02, 0x03, 0x0c, 0x0d, 0x0b];

function advance(local: number, by: number): number[] {
  return [...get(local), ...constant(by), I32_ADD, ...set(local)];
}

/** All blocks of so many vectors, counted down in the local `count`. */
function blocksLoop(vectors: number, count: number, hasExtremes: boolean): number[] {
  const all = Array.from({ length: vectors }, (_, k) => k);
  const bytes = vectors * VECTOR_BYTES;
  const products = all.flatMap((k) => [
    ...get(SUM + k),
    ...[...get(MATRIX), ...load(k * VECTOR_BYTES), ...get(FACTOR), ...MULTIPLY],
    ...ADD,
    ...set(SUM + k),
  ]);
  const extremesOf = (k: number): number[] => [
    ...[...get(LEAST), ...get(SUM + k), ...ABS, ...MIN, ...set(LEAST)],
    ...[...get(MOST), ...get(SUM + k), ...ABS, ...MAX, ...set(MOST)],
  ];
  const ends = all.flatMap((k) => [
    ...(hasExtremes ? extremesOf(k) : []),
    ...[...get(OUT), ...get(SUM + k), ...get(FLOORS), ...MAX, ...store(k * VECTOR_BYTES)],
  ]);
  return [
    ...[BLOCK, EMPTY, LOOP, EMPTY],
    ...[...get(count), I32_EQZ, BR_IF, 1],
    ...all.flatMap((k) => [...get(MATRIX), ...load(k * VECTOR_BYTES), ...set(SUM + k)]),
    ...advance(MATRIX, bytes),
    ...[...get(Z), ...set(INPUT)],
    ...[LOOP, EMPTY],
    ...[...get(INPUT), ...loadSplat, ...set(FACTOR)],
    ...products,
    ...advance(MATRIX, bytes),
    ...advance(INPUT, 8),
    ...[...get(INPUT), ...get(END), I32_LT_U, BR_IF, 0],
    END_OF,
    ...ends,
    ...advance(OUT, bytes),
    ...[...get(count), ...constant(1), I32_SUB, ...set(count)],
    ...[BR, 0, END_OF, END_OF],
  ];
}

function moduleOf(pages: number, hasExtremes: boolean): Uint8Array {
  const section = (id: number, content: readonly number[]): number[] => [
    id,
    ...leb(content.length),
    ...content,
  ];
  const name = (text: string): number[] => [
    ...leb(text.length),
    ...Array.from(text, (letter) => letter.charCodeAt(0)),
  ];
  const parameters = [I32, I32, I32, I32, I32, I32, I32, F64];
  const body = [
    // Two more integers, then vectors.
    ...[2, 2, I32, ...leb(SUM - LEAST + BLOCKS[0]), V128],
    ...[...get(FLOOR), ...SPLAT, ...set(FLOORS)],
    ...[...double(Infinity), ...SPLAT, ...set(LEAST)],
    ...[...double(0), ...SPLAT, ...set(MOST)],
    ...[...get(Z), ...get(N), ...constant(3), I32_SHL, I32_ADD, ...set(END)],
    ...BLOCKS.flatMap((vectors, k) => blocksLoop(vectors, FIRST_COUNT + k, hasExtremes)),
    ...[...constant(LEAST_AT), ...get(LEAST), ...store(0)],
    ...[...constant(MOST_AT), ...get(MOST), ...store(0)],
    END_OF,
  ];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [1, 0x60, parameters.length, ...parameters, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0x01, ...leb(pages), ...leb(pages)]),
    ...section(7, [2, ...name('sums'), 0x00, 0, ...name('memory'), 0x02, 0]),
    ...section(10, [1, ...leb(body.length), ...body]),
  ]);
}
