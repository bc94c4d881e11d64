/**
 * concat: the outputs of earlier layers one after the other along the first axis (channels, or units
 * of flat ones), then σ. The other axes must agree. Constant and affine: no ties.
 */
import { ONE, ZERO } from '../../num/rational.js';
import { activated } from '../program.js';
import { shapeText, sizeOf } from '../shape.js';
import type { ConcatDescription, LayerRule } from './layer.js';

export const concat: LayerRule<ConcatDescription> = (layer, inputs, program) => {
  const [{ shape: first }] = inputs;
  const rest = shapeText(first.slice(1));
  const other = inputs.findIndex(
    ({ shape }) => shape.length !== first.length || shapeText(shape.slice(1)) !== rest,
  );
  if (other !== -1) {
    program.fault(
      ['from', other],
      `has shape ${shapeText(inputs[other]?.shape ?? [])}, which cannot stand beside ${shapeText(first)}`,
    );
    return null;
  }
  const terms = inputs.flatMap(({ variable, shape }) =>
    Array.from({ length: sizeOf(shape) }, (_, unit) => [{ variable, unit, coefficient: ONE }]),
  );
  const channels = inputs.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
  const y = program.emit({ op: 'affine', terms, offset: terms.map(() => ZERO) }, [
    channels,
    ...first.slice(1),
  ]);
  return activated(program, y, layer.activation ?? null);
};
