/**
 * add: the sum of the outputs of earlier layers, unit by unit, then σ (a residual connection). All
 * shapes must be equal. Constant and affine: no kinks but the activation's, no ties.
 */
import { ZERO, integer } from '../../num/rational.js';
import { activated } from '../program.js';
import { shapeText, sizeOf } from '../shape.js';
import type { AddDescription, LayerRule } from './layer.js';

export const add: LayerRule<AddDescription> = (layer, inputs, program) => {
  const [first] = inputs;
  const other = inputs.findIndex(({ shape }) => shapeText(shape) !== shapeText(first.shape));
  if (other !== -1) {
    program.fault(
      ['from', other],
      `has shape ${shapeText(inputs[other]?.shape ?? [])}, the first summand has ${shapeText(first.shape)}`,
    );
    return null;
  }
  // A layer that is added twice counts twice.
  const times = new Map<number, number>();
  for (const { variable } of inputs) times.set(variable, (times.get(variable) ?? 0) + 1);
  const terms = Array.from({ length: sizeOf(first.shape) }, (_, unit) =>
    [...times].map(([variable, count]) => ({ variable, unit, coefficient: integer(count) })),
  );
  const y = program.emit({ op: 'affine', terms, offset: terms.map(() => ZERO) }, first.shape);
  return activated(program, y, layer.activation ?? null);
};
