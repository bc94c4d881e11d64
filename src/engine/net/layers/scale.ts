/**
 * scale: y = s_c·x + t_c with constants per channel (per unit of a flat input), then σ: what is left
 * of a batch normalisation whose statistics and parameters are frozen. The shape stays. Constant
 * and affine: no kinks but the activation's, no ties.
 */
import { ONE, ZERO } from '../../num/rational.js';
import { activated } from '../program.js';
import { sizeOf } from '../shape.js';
import { checkLength } from './dense.js';
import type { LayerRule, ScaleDescription } from './layer.js';

export const scale: LayerRule<ScaleDescription> = (layer, [x], program) => {
  const [channels = 0, ...rest] = x.shape;
  checkLength(program, ['scale'], layer.scale.length, channels, 'entries, one per channel,');
  checkLength(program, ['shift'], layer.shift.length, layer.scale.length, 'entries');
  const size = sizeOf(rest);
  const channelOf = (unit: number): number => Math.floor(unit / size);
  const units = Array.from({ length: channels * size }, (_, unit) => unit);
  const y = program.emit(
    {
      op: 'affine',
      terms: units.map((unit) => [
        { variable: x.variable, unit, coefficient: layer.scale[channelOf(unit)] ?? ONE },
      ]),
      offset: units.map((unit) => layer.shift[channelOf(unit)] ?? ZERO),
    },
    x.shape,
  );
  return activated(program, y, layer.activation ?? null);
};
