/**
 * max: y_k = the largest of the units that list k names, in a flat input, then σ. Shape `[n]` →
 * `[lists]`. Ties as in maxPool2d: where the largest is attained twice, the directional derivative
 * is the largest of the tied ones; AD resolves the tie by the order of the list.
 */
import { activated } from '../program.js';
import { shapeText } from '../shape.js';
import type { LayerRule, MaxDescription } from './layer.js';

export const max: LayerRule<MaxDescription> = (layer, [x], program) => {
  const [width = 0, ...more] = x.shape;
  if (more.length > 0) {
    program.fault([], `max needs a flat input, not ${shapeText(x.shape)}: put flatten before it`);
    return null;
  }
  const windows = layer.of ?? [Array.from({ length: width }, (_, unit) => unit)];
  let faulty = false;
  windows.forEach((window, k) => {
    window.forEach((unit, position) => {
      const twice = window.indexOf(unit) !== position;
      if (unit < width && !twice) return;
      faulty = true;
      program.fault(
        ['of', k, position],
        twice
          ? `names unit ${String(unit)} again`
          : `names unit ${String(unit)} of an input of ${String(width)}`,
      );
    });
  });
  if (faulty) return null;
  const y = program.emit({ op: 'max', in: x.variable, type: 'max', windows }, [windows.length]);
  return activated(program, y, layer.activation ?? null);
};
