/** How long it takes to say that a count cannot be afforded: reading the request and planning it. */
import { planOf } from '../../src/plan/make.js';
import { parseRequest } from '../../src/plan/parse.js';

export interface Refused {
  readonly name: string;
  readonly parameters: number;
  readonly seconds: number;
  /** The first words of why. */
  readonly why: string;
}

const LIMITS = { maxVisits: 2n ** 32n, maxOperations: 1e12, maxShards: 256 };

/** Widths from the input on, and the format. */
const REFUSED: readonly (readonly [readonly number[], string])[] = [
  [[2, 8, 8, 8, 1], 'e4m3fn'],
  [[2, 4, 4, 1], 'float64'],
  [[1, 40, 40, 10], 'e2m1fn'],
  [[64, 64, 64, 64, 10], 'bfloat16'],
  [[784, 128, 10], 'float16'],
  [[784, 128, 64, 10], 'e2m1fn'],
  [[784, 160, 100, 10], 'e2m1fn'],
  [[784, 1000, 10], 'float32'],
  [[784, 800, 300, 10], 'e2m1fn'],
];

/** *Estimate.* Medians of some rounds. Throws where one is taken on after all. */
export function refusals(rounds: number): Refused[] {
  return REFUSED.map(([widths, format]) => {
    const name = `${widths.join('-')} ${format}`;
    const times: number[] = [];
    let why = '';
    for (let round = 0; round < rounds; round += 1) {
      const start = performance.now();
      why = refuse(widths, format) ?? '';
      times.push((performance.now() - start) / 1000);
      if (why === '') throw new Error(`${name}: not refused`);
    }
    times.sort((a, b) => a - b);
    return { name, parameters: parametersOf(widths), seconds: times[rounds >> 1] ?? NaN, why };
  });
}

function parametersOf(widths: readonly number[]): number {
  return widths.slice(1).reduce((sum, width, k) => sum + width * ((widths[k] ?? 0) + 1), 0);
}

function refuse(widths: readonly number[], format: string): string | null {
  const units = widths.slice(1);
  const body = {
    network: {
      inputs: [Array.from({ length: widths[0] ?? 0 }, (_, k) => k % 256)],
      layers: units.map((width, layer) => ({
        type: 'dense',
        units: width,
        activation: layer === units.length - 1 ? 'identity' : 'relu',
      })),
    },
    format,
    mode: 'exhaustive',
  };
  const parsed = parseRequest(body);
  if (!parsed.ok) return 'too many weights and biases to plan';
  const made = planOf(parsed.question, LIMITS);
  return made.ok ? null : 'every method is too dear';
}
