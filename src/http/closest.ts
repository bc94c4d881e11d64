/** The known names nearest to one that is not known, for refusals that suggest what was meant. */
import { distance } from 'fastest-levenshtein';

const SUGGESTIONS_MAX = 3;
/** Longer names are no misspelling, and edit distance is quadratic. */
const NAME_MAX = 64;

/**
 * Estimate of what was meant; never decides anything. At most three of `known`, nearest first,
 * within an edit distance of a third of the name; case and punctuation do not count.
 */
export function closest(name: string, known: readonly string[]): string[] {
  if (name.length > NAME_MAX) return [];
  const bare = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '');
  const wanted = bare(name);
  const reach = Math.max(1, Math.floor(wanted.length / 3));
  return known
    .map((candidate) => ({ candidate, far: distance(wanted, bare(candidate)) }))
    .filter(({ far }) => far <= reach)
    .sort((a, b) => a.far - b.far)
    .slice(0, SUGGESTIONS_MAX)
    .map(({ candidate }) => candidate);
}
