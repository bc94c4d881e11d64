/**
 * Catalogue: integer words, scale 1 and zero point 0, and the symmetric ranges of quantisers. A
 * quantised grid with a scale of its own is declared: `{ type: 'integer', bits, scale, … }`.
 */
import { ONE } from '../../num/rational.js';
import type { Format, IntegerFacts } from '../facts.js';

const ONNX = 'onnx/onnx@f754691 onnx/onnx.proto enum DataType, docs/docsgen/source/technical';
const NARROW = 'convention; ONNX QuantizeLinear itself saturates to the full range';

function word(bits: number, signed: boolean, narrow: boolean = false): IntegerFacts {
  return { kind: 'integer', bits, signed, narrow, scale: ONE, zeroPoint: 0n };
}

export const INTEGERS: readonly Format[] = [
  {
    id: 'int2',
    name: 'int2',
    facts: word(2, true),
    aliases: ['INT2', 's2'],
    sources: [ONNX],
    note: 'raw integer grid (scale 1, zero point 0); ONNX range [-2,1]',
  },
  {
    id: 'uint2',
    name: 'uint2',
    facts: word(2, false),
    aliases: ['UINT2', 'u2'],
    sources: [ONNX],
    note: 'raw integer grid (scale 1, zero point 0)',
  },
  {
    id: 'int4',
    name: 'int4',
    facts: word(4, true),
    aliases: ['INT4', 's4'],
    sources: [ONNX],
    note: 'raw integer grid (scale 1, zero point 0)',
  },
  {
    id: 'uint4',
    name: 'uint4',
    facts: word(4, false),
    aliases: ['UINT4', 'u4'],
    sources: [ONNX],
    note: 'raw integer grid (scale 1, zero point 0)',
  },
  {
    id: 'int8',
    name: 'int8',
    facts: word(8, true),
    aliases: ['INT8', 's8', 'torch.int8', 'qint8'],
    sources: [ONNX],
    note: 'raw integer grid (scale 1, zero point 0)',
  },
  {
    id: 'uint8',
    name: 'uint8',
    facts: word(8, false),
    aliases: ['UINT8', 'u8', 'torch.uint8', 'quint8', 'byte'],
    sources: [ONNX],
    note: 'raw integer grid (scale 1, zero point 0)',
  },
  {
    id: 'int16',
    name: 'int16',
    facts: word(16, true),
    aliases: ['INT16'],
    sources: [ONNX],
    note: 'raw integer grid (scale 1, zero point 0)',
  },
  {
    id: 'uint16',
    name: 'uint16',
    facts: word(16, false),
    aliases: ['UINT16'],
    sources: [ONNX],
    note: 'raw integer grid (scale 1, zero point 0)',
  },
  {
    id: 'int32',
    name: 'int32',
    facts: word(32, true),
    aliases: ['INT32'],
    sources: [ONNX],
    note: 'raw integer grid (scale 1, zero point 0)',
  },
  {
    id: 'uint32',
    name: 'uint32',
    facts: word(32, false),
    aliases: ['UINT32'],
    sources: [ONNX],
    note: 'raw integer grid (scale 1, zero point 0)',
  },
  {
    id: 'int2_narrow',
    name: 'int2 symmetric narrow range [-1, 1]',
    facts: word(2, true, true),
    aliases: ['int2 symmetric', 'int2 narrow_range'],
    sources: [NARROW],
    note: 'restricted symmetric range used by several quantisers (most negative code unused)',
  },
  {
    id: 'int4_narrow',
    name: 'int4 symmetric narrow range [-7, 7]',
    facts: word(4, true, true),
    aliases: ['int4 symmetric', 'int4 narrow_range'],
    sources: [NARROW],
    note: 'restricted symmetric range used by several quantisers (most negative code unused)',
  },
  {
    id: 'int8_narrow',
    name: 'int8 symmetric narrow range [-127, 127]',
    facts: word(8, true, true),
    aliases: ['int8 symmetric', 'int8 narrow_range'],
    sources: [NARROW],
    note: 'restricted symmetric range used by several quantisers (most negative code unused)',
  },
  {
    id: 'int16_narrow',
    name: 'int16 symmetric narrow range [-32767, 32767]',
    facts: word(16, true, true),
    aliases: ['int16 symmetric', 'int16 narrow_range'],
    sources: [NARROW],
    note: 'restricted symmetric range used by several quantisers (most negative code unused)',
  },
];
