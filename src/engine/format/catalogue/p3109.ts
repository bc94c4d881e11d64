/**
 * Catalogue: the IEEE P3109 draft. One rule gives every format from its width k, its precision p
 * (implied bit counted), its signedness and whether it is extended (has infinities) or finite:
 * bias floor(2^(k−p−1)) where signed and 2^(k−p) where not; NaN is the code of −0 where signed and
 * the last code where not; infinities lie on the highest magnitudes that are left.
 */
import type { Format } from '../facts.js';

const GFLOAT = 'graphcore-research/gfloat@b142762 src/gfloat/formats.py format_info_p3109';

const NOTE =
  'P3109 is a draft; the parameters follow gfloat. Earlier interim reports call K8P3 and K8P4 ' +
  "signed extended 'binary8p3' and 'binary8p4' (names not verified again).";

/** Its printed table and its code disagree on this one. */
const NOTE_K8P1SE =
  `${NOTE} gfloat's documentation prints 2^-62 to 2^63 for this format; its code (bias 64) gives ` +
  '2^-63 to 2^62, which is what is meant here.';

function draft(
  k: number,
  p: number,
  signed: boolean,
  extended: boolean,
  aliases: readonly string[] = [],
): Format {
  const id = `p3109_k${String(k)}p${String(p)}${signed ? 's' : 'u'}${extended ? 'e' : 'f'}`;
  const kind = `${signed ? 'signed' : 'unsigned'} ${extended ? 'extended' : 'finite'}`;
  return {
    id,
    name: `P3109 draft K${String(k)}P${String(p)} ${kind}`,
    facts: {
      kind: 'float',
      exponentBits: signed ? k - p : k - p + 1,
      mantissaBits: p - 1,
      bias: Math.floor(2 ** (signed ? k - p - 1 : k - p)),
      signed,
      subnormals: p > 1,
      infinities: extended,
      nan: signed ? 'negative-zero' : 'all-ones',
      zero: true,
    },
    aliases,
    sources: [GFLOAT],
    note: id === 'p3109_k8p1se' ? NOTE_K8P1SE : NOTE,
  };
}

export const P3109: readonly Format[] = [
  draft(8, 1, true, true),
  draft(8, 1, true, false),
  draft(8, 2, true, true),
  draft(8, 2, true, false),
  draft(8, 3, true, true, ['binary8p3']),
  draft(8, 3, true, false),
  draft(8, 4, true, true, ['binary8p4']),
  draft(8, 4, true, false),
  draft(8, 5, true, true),
  draft(8, 5, true, false),
  draft(8, 6, true, true),
  draft(8, 6, true, false),
  draft(8, 7, true, true),
  draft(8, 7, true, false),
  draft(6, 3, true, true),
  draft(6, 3, true, false),
  draft(6, 4, true, true),
  draft(6, 4, true, false),
  draft(4, 2, true, true),
  draft(4, 2, true, false),
  draft(3, 2, true, true),
  draft(3, 2, true, false),
  draft(8, 3, false, true),
  draft(8, 3, false, false),
  draft(8, 4, false, true),
  draft(8, 4, false, false),
];
