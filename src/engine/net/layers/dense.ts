/**
 * dense: y_i = Σ_j W_ij·x_j + b_i, then σ. Shape `[n]` → `[units]`. Kinks are the activation's; there
 * are no other ties.
 */
import { ZERO } from '../../num/rational.js';
import { activated, type LayerProgram } from '../program.js';
import { shapeText } from '../shape.js';
import type { DenseDescription, LayerRule } from './layer.js';

export const dense: LayerRule<DenseDescription> = (layer, [x], program) => {
  const [fanIn = 0, ...more] = x.shape;
  if (more.length > 0) {
    program.fault([], `dense needs a flat input, not ${shapeText(x.shape)}: put flatten before it`);
    return null;
  }
  const { units } = layer;
  if (layer.weight !== null) {
    checkLength(program, ['weight'], layer.weight.length, units, 'rows');
    layer.weight.forEach((row, unit) => {
      checkLength(program, ['weight', unit], row.length, fanIn, 'entries');
    });
  }
  if (typeof layer.bias !== 'boolean') {
    checkLength(program, ['bias'], layer.bias.length, units, 'entries');
  }
  const all = Array.from({ length: units }, (_, unit) => unit);
  const weight = all.map((unit) =>
    layer.weight === null
      ? Array.from({ length: fanIn }, (_, j) =>
          program.own(`weight[${String(unit)}][${String(j)}]`, 'weight'),
        )
      : (layer.weight[unit] ?? []).map((entry) => program.entry(entry, 'weight')),
  );
  const bias = all.map((unit) => {
    if (layer.bias === false) return { constant: ZERO };
    if (layer.bias === true) return program.own(`bias[${String(unit)}]`, 'bias');
    return program.entry(layer.bias[unit] ?? ZERO, 'bias');
  });
  const y = program.emit({ op: 'dense', in: x.variable, weight, bias }, [units]);
  return activated(program, y, layer.activation);
};

/** Reports a list whose length is not what its neighbours demand. */
export function checkLength(
  program: LayerProgram,
  field: readonly (string | number)[],
  got: number,
  want: number,
  what: string,
): void {
  if (got !== want) program.fault(field, `has ${String(got)} ${what}, needs ${String(want)}`);
}
