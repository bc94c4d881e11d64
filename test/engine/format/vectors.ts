/** The records of `test/vectors/formats/formats.json`, typed; the README there says where they come from. */
import { readFileSync } from 'node:fs';

export interface FormatVector {
  readonly id: string;
  readonly name: string;
  readonly aliases: readonly string[];
  readonly kind: 'float' | 'posit' | 'integer' | 'fixed-point';
  readonly bits: number;
  readonly signed: boolean;
  readonly exponentBits: number;
  readonly mantissaBits: number | null;
  readonly bias: number | null;
  readonly es: number | null;
  readonly step: string | null;
  readonly infinities: readonly string[] | 'ieee';
  readonly nans: readonly string[] | 'ieee';
  readonly nanCount: string;
  readonly signedZero: boolean;
  readonly hasZero: boolean;
  readonly hasSubnormals: boolean;
  readonly cardinality: string;
  readonly cardinalityFlushed: string;
  readonly largest: string;
  readonly least: string;
  readonly smallestNormal: string | null;
  readonly smallestSubnormal: string | null;
  readonly holds: Readonly<Record<string, boolean>>;
  readonly values?: string;
}

// From dist/test/engine/format/ to the source tree, where the data stays.
const file = new URL('../../../../test/vectors/formats/formats.json', import.meta.url);

export const VECTORS: readonly FormatVector[] = JSON.parse(
  readFileSync(file, 'utf8'),
) as FormatVector[];
