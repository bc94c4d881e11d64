/**
 * An answer file claims some members of a result; this compares the claim with the result.
 *
 * Objects are compared member by member of the claim, lists in full; a list of objects with an
 * `id` (the bounds) is compared by id, so that an answer may claim one bound of several.
 */

/** Where the result differs from the claim, one line each; empty where it holds. */
export function brokenClaims(claim: unknown, result: unknown, path = ''): string[] {
  if (Array.isArray(claim) && claim.length > 0 && claim.every(hasId)) {
    const known = Array.isArray(result) ? result.filter(hasId) : [];
    return claim.flatMap((item) =>
      brokenClaims(
        item,
        known.find(({ id }) => id === item.id),
        `${path}[${item.id}]`,
      ),
    );
  }
  if (Array.isArray(claim)) {
    const length = Array.isArray(result) ? result.length : -1;
    if (length !== claim.length) {
      return [`${path}: claimed ${String(claim.length)} items, got ${JSON.stringify(result)}`];
    }
    return claim.flatMap((item, i) =>
      brokenClaims(item, (result as unknown[])[i], `${path}[${String(i)}]`),
    );
  }
  if (isObject(claim)) {
    return Object.entries(claim).flatMap(([name, item]) =>
      brokenClaims(item, isObject(result) ? result[name] : undefined, `${path}.${name}`),
    );
  }
  return claim === result
    ? []
    : [`${path}: claimed ${JSON.stringify(claim)}, got ${JSON.stringify(result) ?? 'nothing'}`];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hasId(value: unknown): value is { readonly id: string } {
  return isObject(value) && typeof value['id'] === 'string';
}
