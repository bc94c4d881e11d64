/**
 * From what a caller asks for to a format with its values: a catalogue name, or declared facts.
 * The only door to formats from outside the engine; `declared.ts` documents the facts.
 */
import {
  canonicalOf,
  factsOf,
  shown,
  type CanonicalFacts,
  type DeclaredFormat,
} from './declared.js';
import { nameOf } from './describe.js';
import type { ValueSet } from './domain.js';
import { FormatError } from './error.js';
import type { Format } from './facts.js';
import { valueSetOf } from './format.js';
import { lookup } from './lookup.js';

/** A name, or facts: `{ values }` or `{ type: 'minifloat' | 'integer' | 'fixed', … }`. */
export type FormatSpec = string | DeclaredFormat;

export interface ResolvedFormat {
  readonly format: Format;
  readonly values: ValueSet;
  /** Catalogue id, or the facts with every default filled in; resolves to the same format. */
  readonly canonical: string | CanonicalFacts;
  /** What to tell a caller whose name has other meanings too; null where there is nothing. */
  readonly note: string | null;
}

/**
 * *Exact.* The format that `spec` asks for, its value set and its canonical specification. Throws
 * a FormatError where there is none.
 */
export function resolveFormat(spec: FormatSpec): ResolvedFormat {
  if (typeof spec === 'string') {
    const { format, note } = lookup(spec);
    return { format, values: valueSetOf(format), canonical: format.id ?? format.name, note };
  }
  // The type promises facts; a request that was not checked may hold anything.
  const unchecked: unknown = spec;
  if (typeof unchecked !== 'object' || unchecked === null || Array.isArray(unchecked)) {
    throw new FormatError('unknown-kind', [], `${shown(spec)} is neither a name nor facts`);
  }
  const facts = factsOf(spec);
  const format: Format = Object.freeze({
    id: null,
    name: nameOf(facts),
    facts: Object.freeze(facts),
    aliases: Object.freeze([]),
    sources: Object.freeze([]),
    note: null,
  });
  return { format, values: valueSetOf(format), canonical: canonicalOf(facts), note: null };
}
