/**
 * Block formats: known by name so that asking for one can be refused with its reason. The values
 * of a block share a scale, so a block of B values ranges over the union of (s·E)^B over all
 * scales s. That is no product of sets, one per parameter, which every count here assumes; and
 * the values of one element in isolation would be a set that no parameter moves in by itself.
 */
export interface BlockFormat {
  readonly names: readonly string[];
  /** Catalogue id of the elements. */
  readonly element: string;
  readonly blockSize: number;
  readonly scale: string;
}

/** OCP Microscaling v1.0; NVFP4 as NVIDIA documents it (E2M1 · E4M3 per 16, float32 per tensor). */
export const BLOCK_FORMATS: readonly BlockFormat[] = Object.freeze([
  block(['mxfp8', 'mxfp8_e4m3'], 'float8_e4m3fn', 32, 'E8M0'),
  block(['mxfp8_e5m2'], 'float8_e5m2', 32, 'E8M0'),
  block(['mxfp6', 'mxfp6_e3m2'], 'float6_e3m2fn', 32, 'E8M0'),
  block(['mxfp6_e2m3'], 'float6_e2m3fn', 32, 'E8M0'),
  block(['mxfp4', 'mxfp4_e2m1'], 'float4_e2m1fn', 32, 'E8M0'),
  block(['nvfp4', 'nvfp4_e2m1'], 'float4_e2m1fn', 16, 'E4M3'),
]);

function block(
  names: readonly string[],
  element: string,
  blockSize: number,
  scale: string,
): BlockFormat {
  return Object.freeze({ names: Object.freeze(names), element, blockSize, scale });
}

/** Why a block format cannot be taken, and what to ask for instead. */
export function refusalOf(typed: string, format: BlockFormat): string {
  return (
    `"${typed}" is a block format: ${String(format.blockSize)} elements of ${format.element} share ` +
    `one ${format.scale} scale, so a block ranges over a union over the scales and not over a ` +
    'product of independent sets, one per parameter. Ask for the elements at a fixed scale: ' +
    `"${format.element}", or { "values": [...] } with the scale multiplied in.`
  );
}
