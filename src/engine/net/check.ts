/**
 * The checker of the intermediate representation, run after every build: single assignment,
 * definition before use, shapes, parameter indices, continuity of activations. It trusts nothing
 * that the builder computed, so that a mistake surfaces where it is made.
 */
import { EngineError, type EngineFault } from '../errors.js';
import { activation } from './activation.js';
import type { Entry, Network } from './ir.js';

/** Checks a network; returns it, or throws an EngineError that lists every fault. */
export function checkNetwork(network: Network): Network {
  const faults: EngineFault[] = [];
  const fault = (path: (string | number)[], detail: string): void => {
    faults.push({ path, code: 'ill-formed-program', detail });
  };
  const inputWidth = network.widths[0];
  network.inputs.forEach((input, sample) => {
    if (input.length !== inputWidth) {
      fault(['inputs', sample], `has ${String(input.length)} entries, not ${String(inputWidth)}`);
    }
  });
  if (network.inputs.length === 0) fault(['inputs'], 'there is no sample');
  const used = new Uint8Array(network.parameters.length);
  /** There may be a million entries: the rest of a path is put together only for a fault. */
  const checkEntry = (
    entry: Entry,
    path: readonly (string | number)[],
    ...rest: readonly (string | number)[]
  ): void => {
    if (!('parameter' in entry)) return;
    if (network.parameters[entry.parameter] === undefined) {
      fault([...path, ...rest], `names parameter ${String(entry.parameter)}, which does not exist`);
    } else {
      used[entry.parameter] = 1;
    }
  };
  network.equations.forEach((equation, index) => {
    const path = ['equations', index];
    if (equation.out !== index + 1) fault(path, `assigns variable ${String(equation.out)} again`);
    if (equation.in >= equation.out || equation.in < 0) {
      fault(path, `reads variable ${String(equation.in)} before it is assigned`);
      return;
    }
    const inWidth = network.widths[equation.in];
    const outWidth = network.widths[equation.out];
    if (equation.op === 'activation') {
      if (inWidth !== outWidth) fault(path, 'an activation keeps the width');
      const { type, breakpoints, pieces } = equation.activation;
      activation(type, breakpoints, pieces);
      return;
    }
    if (equation.weight.length !== outWidth) fault(path, 'weight rows and width differ');
    if (equation.bias.length !== outWidth) fault(path, 'bias entries and width differ');
    equation.weight.forEach((row, unit) => {
      if (row.length !== inWidth) fault([...path, 'weight', unit], 'row and fan-in differ');
      row.forEach((entry, input) => {
        checkEntry(entry, path, 'weight', unit, input);
      });
    });
    equation.bias.forEach((entry, unit) => {
      checkEntry(entry, path, 'bias', unit);
    });
  });
  if (network.output !== network.equations.length) fault(['output'], 'is not the last variable');
  network.parameters.forEach((_, index) => {
    if (used[index] !== 1) fault(['parameters', index], 'is used nowhere');
  });
  if (faults.length > 0) throw new EngineError(faults);
  return network;
}
