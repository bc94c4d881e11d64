/**
 * A question as it was understood: the request with every default filled in, every name resolved
 * and every number in canonical exact text. Two requests that ask the same are equal here.
 */
import type { Mode } from '../schemas/request.js';

export type QuestionEntry = string | { readonly param: string; readonly scale: string };

/** A named activation with all its settings, or `piecewise` with its breakpoints and pieces. */
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

export interface QuestionFormats {
  /** Where the network has no parameter of a role, that role's format repeats the other's. */
  readonly weights: QuestionFormat;
  readonly biases: QuestionFormat;
  readonly params: { readonly [name: string]: QuestionFormat };
}

export interface QuestionNetwork {
  readonly inputs: readonly (readonly string[])[];
  readonly layers: readonly QuestionLayer[];
}

export interface QuestionProxies {
  /** The preset that gives these very values on this network; `custom` where none does. */
  readonly preset: string;
  /** Per layer: the derivative AD uses at each kink, in order of the breakpoints. */
  readonly layers: readonly (readonly string[])[];
}

/** How to sample, in mode `sampled`. */
export interface QuestionSampling {
  readonly method: 'auto' | 'plain' | 'conditional' | 'union';
  /** Most samples, as text; null: as many as the installation affords by itself. */
  readonly samples: string | null;
  readonly seed: string;
  readonly confidence: string;
  readonly relativeError: string | null;
  readonly seconds: number | null;
}

/** The neighbourhood that Ω is shrunk to. */
export interface QuestionAround {
  readonly parameters: readonly string[];
  readonly radius: string;
}

export interface Question {
  readonly mode: Mode;
  readonly network: QuestionNetwork;
  readonly format: QuestionFormats;
  readonly proxies: QuestionProxies;
  /** The point, in mode `point`. */
  readonly parameters?: readonly string[];
  readonly sampling?: QuestionSampling;
  readonly around?: QuestionAround;
}

/** One thing wrong with a request. */
export interface Fault {
  /** JSON Pointer (RFC 6901) to the field, e.g. `/network/layers/0/activation`. */
  readonly pointer: string;
  readonly code: string;
  /** What is wrong; names the value. */
  readonly detail: string;
}
