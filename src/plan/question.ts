/**
 * A question as it was understood: the request with every default filled in, every name resolved
 * and every number in canonical exact text. Two requests that ask the same are equal here.
 */
import type { Mode } from '../schemas/request.js';

export type QuestionEntry = string | { readonly param: string; readonly scale: string };

export interface QuestionActivation {
  readonly type: string;
  readonly [setting: string]: string | readonly string[] | readonly (readonly string[])[];
}

export interface QuestionLayer {
  readonly type: 'dense';
  readonly units: number;
  /** `true`: one free parameter per unit; `false`: none; or one entry per unit. */
  readonly bias: boolean | readonly QuestionEntry[];
  /** `null`: every entry a free parameter of its own; or `[units, fanIn]` entries. */
  readonly weight: readonly (readonly QuestionEntry[])[] | null;
  readonly activation: QuestionActivation;
}

/** A single format: a catalogue id, or the declared facts of one of its own. */
export type QuestionFormat = string | { readonly [fact: string]: unknown };

export interface Question {
  readonly mode: Mode;
  readonly network: {
    readonly inputs: readonly (readonly string[])[];
    readonly layers: readonly QuestionLayer[];
  };
  /** Formats of weights and of biases, and of parameters by name where they differ. */
  readonly format: {
    readonly weights: QuestionFormat;
    readonly biases: QuestionFormat;
    readonly params: { readonly [name: string]: QuestionFormat };
  };
  /** Per layer that has kinks: the derivative AD uses at each, in order of the breakpoints. */
  readonly proxies: { readonly preset: string; readonly layers: readonly (readonly string[])[] };
  /** The point, in mode `point`. */
  readonly parameters?: readonly string[];
}

/** One thing wrong with a request. */
export interface Fault {
  /** JSON Pointer (RFC 6901) to the field, e.g. `/network/layers/0/activation`. */
  readonly pointer: string;
  readonly code: string;
  /** What is wrong; names the value. */
  readonly detail: string;
}
