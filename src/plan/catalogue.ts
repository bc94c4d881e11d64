/** What requests may name: the formats and the activations, described for people and programs. */
import {
  ACTIVATIONS,
  CATALOGUE,
  FormatError,
  PROXY_PRESETS,
  TRANSCENDENTAL_ACTIVATIONS,
  describeFormat,
  proxiesOfKinks,
  resolveFormat,
  toText,
  type ActivationKind,
  type ResolvedFormat,
  type TranscendentalKind,
} from '../engine/index.js';
import type { ActivationEntry, FormatEntry, FormatSummary } from '../schemas/catalogue.js';

/** Formats of at most this many values are listed value by value. */
const LISTED_MAX = 256n;

function linkOf(id: string): string {
  return `/formats/${encodeURIComponent(id)}`;
}

/** *Exact.* Every format that has a name, in the catalogue's order. */
export function formatSummaries(): FormatSummary[] {
  return CATALOGUE.map((format) => {
    const { id, name, aliases, kind, bits, cardinality } = describeFormat(format);
    if (id === null) throw new Error('formatSummaries: a format of the catalogue has no id');
    return { id, name, aliases: [...aliases], kind, bits, cardinality, link: linkOf(id) };
  });
}

/** *Exact.* The format of a name or alias, however it is spelt; null where there is none. */
export function formatEntry(name: string): FormatEntry | null {
  const resolved = resolvedOrNull(name);
  if (resolved === null) return null;
  const { format, note, values } = resolved;
  const { id, ...rest } = describeFormat(format, note);
  if (id === null) return null;
  return {
    ...rest,
    id,
    aliases: [...rest.aliases],
    sources: [...rest.sources],
    link: linkOf(id),
    ...(values.size > LISTED_MAX
      ? {}
      : {
          values: Array.from({ length: Number(values.size) }, (_, rank) =>
            toText(values.at(BigInt(rank))),
          ),
        }),
  };
}

function resolvedOrNull(name: string): ResolvedFormat | null {
  try {
    return resolveFormat(name);
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

/** *Exact.* Every activation that has a name, with its default settings. */
export function activationEntries(): ActivationEntry[] {
  const kinds: readonly (ActivationKind | TranscendentalKind)[] = [
    ...ACTIVATIONS.values(),
    ...TRANSCENDENTAL_ACTIVATIONS.values(),
  ];
  return kinds.map((kind) => {
    const { kinks, kinksAndZeroBoundary } = kind.build(kind.settings);
    return {
      type: kind.type,
      definition: kind.definition,
      settings: Object.entries(kind.settings).map(([name, preset]) => ({
        name,
        default: toText(preset),
      })),
      kinks: kinks.map(({ at, left, right }) => ({
        at: toText(at),
        left: toText(left),
        right: toText(right),
      })),
      kinksAndZeroBoundary,
      proxies: Object.fromEntries(
        PROXY_PRESETS.map((preset) => [
          preset,
          kinks.length === 0 ? [] : (proxiesOfKinks(preset, kind.type, kinks)?.map(toText) ?? null),
        ]),
      ),
    };
  });
}
