/**
 * The checker of the intermediate representation, run after every build: single assignment,
 * definition before use, shapes, parameter indices, continuity of activations, and that what a dense
 * equation assigns is read once, by an activation. It trusts nothing that the builder computed, so
 * that a mistake surfaces where it is made.
 */
import { EngineError, type EngineFault } from '../errors.js';
import { activation } from './activation.js';
import { inputsOf, type AnalyticEquation, type AnalyticNetwork, type Entry } from './ir.js';
import { checkTranscendental } from './transcendental.js';

type Key = string | number;
type Report = (path: readonly Key[], detail: string) => void;

/** Checks a network; returns it, or throws an EngineError that lists every fault. */
export function checkNetwork<N extends AnalyticNetwork>(network: N): N {
  const faults: EngineFault[] = [];
  const fault: Report = (path, detail) => {
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
  network.equations.forEach((equation, index) => {
    const path = ['equations', index];
    if (equation.out !== index + 1) fault(path, `assigns variable ${String(equation.out)} again`);
    const early = inputsOf(equation).find((variable) => variable >= equation.out || variable < 0);
    if (early !== undefined) {
      fault(path, `reads variable ${String(early)} before it is assigned`);
      return;
    }
    checkShapes(network, equation, path, used, fault);
  });
  if (network.output !== network.equations.length) fault(['output'], 'is not the last variable');
  network.parameters.forEach((_, index) => {
    if (used[index] !== 1) fault(['parameters', index], 'is used nowhere');
  });
  if (faults.length === 0) checkReaders(network, fault);
  if (network.loss?.type === 'mse') checkTargets(network, network.loss.targets, fault);
  if (faults.length > 0) throw new EngineError(faults);
  return network;
}

function checkShapes(
  network: AnalyticNetwork,
  equation: AnalyticEquation,
  path: readonly Key[],
  used: Uint8Array,
  fault: Report,
): void {
  const outWidth = network.widths[equation.out];
  /** There may be a million entries: the rest of a path is put together only for a fault. */
  const checkEntry = (entry: Entry, ...rest: readonly Key[]): void => {
    if (!('parameter' in entry)) return;
    if (network.parameters[entry.parameter] === undefined) {
      fault([...path, ...rest], `names parameter ${String(entry.parameter)}, which does not exist`);
    } else {
      used[entry.parameter] = 1;
    }
  };
  switch (equation.op) {
    case 'activation': {
      if (network.widths[equation.in] !== outWidth) fault(path, 'an activation keeps the width');
      const { type, breakpoints, pieces } = equation.activation;
      activation(type, breakpoints, pieces);
      return;
    }
    case 'transcendental':
      if (network.widths[equation.in] !== outWidth) fault(path, 'an activation keeps the width');
      checkTranscendental(equation.activation);
      return;
    case 'dense':
      if (equation.weight.length !== outWidth) fault(path, 'weight rows and width differ');
      if (equation.bias.length !== outWidth) fault(path, 'bias entries and width differ');
      equation.weight.forEach((row, unit) => {
        if (row.length !== network.widths[equation.in]) {
          fault([...path, 'weight', unit], 'row and fan-in differ');
        }
        row.forEach((entry, input) => {
          checkEntry(entry, 'weight', unit, input);
        });
      });
      equation.bias.forEach((entry, unit) => {
        checkEntry(entry, 'bias', unit);
      });
      return;
    case 'affine':
      if (equation.terms.length !== outWidth) fault(path, 'rows and width differ');
      if (equation.offset.length !== outWidth) fault(path, 'offsets and width differ');
      equation.terms.forEach((row, unit) => {
        const names = row.map((term) => `${String(term.variable)} ${String(term.unit)}`);
        if (new Set(names).size !== names.length) {
          fault([...path, 'terms', unit], 'reads a unit twice');
        }
        for (const term of row) {
          if (isUnit(term.unit, network.widths[term.variable])) continue;
          fault([...path, 'terms', unit], `reads unit ${String(term.unit)}, which does not exist`);
        }
      });
      return;
    case 'max':
      if (equation.windows.length !== outWidth) fault(path, 'windows and width differ');
      equation.windows.forEach((window, unit) => {
        const at = [...path, 'windows', unit];
        if (window.length === 0) fault(at, 'is empty');
        if (new Set(window).size !== window.length) fault(at, 'holds a unit twice');
        for (const input of window) {
          if (isUnit(input, network.widths[equation.in])) continue;
          fault(at, `reads unit ${String(input)}, which does not exist`);
        }
      });
      return;
  }
}

function isUnit(unit: number, width: number | undefined): boolean {
  return Number.isInteger(unit) && unit >= 0 && unit < (width ?? 0);
}

/** A pre-activation has one reader: so a tie's form is no other tie's form (`truth/freedom.ts`). */
function checkReaders(network: AnalyticNetwork, fault: Report): void {
  const readers = network.widths.map((): AnalyticEquation[] => []);
  for (const equation of network.equations) {
    for (const variable of inputsOf(equation)) readers[variable]?.push(equation);
  }
  network.equations.forEach((equation, index) => {
    const reading = readers[equation.out] ?? [];
    if (equation.op !== 'dense') return;
    const [reader] = reading;
    const activated = reader?.op === 'activation' || reader?.op === 'transcendental';
    if (reading.length !== 1 || !activated) {
      fault(['equations', index], 'is not read by exactly one activation');
    }
  });
}

function checkTargets(
  network: AnalyticNetwork,
  targets: readonly (readonly unknown[])[],
  fault: Report,
): void {
  if (targets.length !== network.inputs.length) fault(['loss'], 'targets and samples differ');
  targets.forEach((row, sample) => {
    if (row.length !== network.widths[network.output]) {
      fault(['loss', 'targets', sample], 'targets and outputs differ');
    }
  });
}
