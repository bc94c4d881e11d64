/**
 * The table of engine error codes. An engine error means that a caller's description cannot be a
 * network or a question; "cannot decide" is a value, never an error.
 */
export const ENGINE_ERRORS = {
  'shape-mismatch': 'a matrix or a vector has not the size that its neighbours demand',
  'unknown-activation': 'no activation has this name',
  'invalid-activation': 'the settings or pieces of an activation make no continuous function',
  'unknown-parameter': 'no free parameter of the network has this name',
  'missing-format': 'no format is given for a free parameter',
  'invalid-format': 'the format is unknown or its facts contradict each other',
  'unknown-proxy': 'no proxy derivative is known for a kink under the chosen preset',
  'invalid-proxy': 'the proxy derivatives do not match the kinks',
  'not-representable': 'a parameter is not a value of its format',
  'no-parameters': 'the network has no free parameter',
  'ill-formed-program': 'the intermediate representation breaks its grammar',
} as const;

export type EngineErrorCode = keyof typeof ENGINE_ERRORS;

/** One fault of a description: where (keys from the description's root), which, and the value. */
export interface EngineFault {
  readonly path: readonly (string | number)[];
  readonly code: EngineErrorCode;
  readonly detail: string;
}

/** Thrown with every fault that was found, at least one. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly faults: readonly EngineFault[];
  constructor(faults: readonly EngineFault[]) {
    super(faults.map((fault) => `/${fault.path.join('/')}: ${fault.detail}`).join('; '));
    this.faults = faults;
  }
}
