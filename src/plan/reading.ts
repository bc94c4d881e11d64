/**
 * Reading the leaves of a body: exact numbers, entries, activations. Every fault is collected, and
 * each reader goes on with a harmless stand-in, so that all faults are seen.
 */
import {
  ACTIVATIONS,
  TRANSCENDENTAL_ACTIVATIONS,
  fromDouble,
  parseExact,
  toText,
} from '../engine/index.js';
import type { ExactInput } from '../schemas/exact.js';
import type { ActivationInput, EntryInput } from '../schemas/network.js';
import type { Fault, QuestionActivation, QuestionEntry } from './question.js';

export type Path = readonly (string | number)[];

/** Collects faults. */
export class Faults {
  readonly list: Fault[] = [];
  add(path: Path, code: string, detail: string): void {
    const pointer = path.map(
      (key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`,
    );
    this.list.push({ pointer: pointer.join(''), code, detail });
  }
}

/** *Exact.* The canonical text of a number. */
export function exact(input: ExactInput, path: Path, faults: Faults): string {
  try {
    return toText(typeof input === 'number' ? fromDouble(input) : parseExact(input));
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof RangeError)) throw error;
    faults.add(path, 'invalid-number', error.message);
    return '0';
  }
}

/** *Exact.* A constant, or a parameter by name with its scale. */
export function readEntry(entry: EntryInput, path: Path, faults: Faults): QuestionEntry {
  if (typeof entry !== 'object') return exact(entry, path, faults);
  const scale = entry.scale === undefined ? '1' : exact(entry.scale, [...path, 'scale'], faults);
  return { param: entry.param, scale };
}

/** *Exact.* An activation with every setting filled in. */
export function readActivation(
  input: ActivationInput,
  path: Path,
  faults: Faults,
): QuestionActivation {
  const { type, ...given }: { type: string; [setting: string]: unknown } =
    typeof input === 'string' ? { type: input } : input;
  if (type === 'piecewise' && typeof input !== 'string') {
    const { breakpoints, pieces } = given as {
      breakpoints: readonly ExactInput[];
      pieces: readonly (readonly ExactInput[])[];
    };
    return {
      type,
      breakpoints: breakpoints.map((t, k) => exact(t, [...path, 'breakpoints', k], faults)),
      pieces: pieces.map((piece, k) =>
        piece.map((c, power) => exact(c, [...path, 'pieces', k, power], faults)),
      ),
    };
  }
  const kind = ACTIVATIONS.get(type) ?? TRANSCENDENTAL_ACTIVATIONS.get(type);
  if (kind === undefined) {
    const detail =
      type === 'piecewise'
        ? '"piecewise" needs breakpoints and pieces: { "type": "piecewise", … }'
        : `${JSON.stringify(type)} is no activation; known are ${[...ACTIVATIONS.keys(), ...TRANSCENDENTAL_ACTIVATIONS.keys()].join(', ')} and piecewise`;
    faults.add(path, 'unknown-activation', detail);
    return { type: 'identity' };
  }
  const settings: Record<string, string> = {};
  for (const [name, preset] of Object.entries(kind.settings)) {
    const value = given[name] as ExactInput | undefined;
    settings[name] = value === undefined ? toText(preset) : exact(value, [...path, name], faults);
  }
  return { type, ...settings };
}
