/** Functions that remember what they gave, by argument, as long as somebody holds the function. */

/** The function, asked once per argument; arguments are told apart as a Map does. */
export function memoised<K, T>(compute: (key: K) => T): (key: K) => T {
  const known = new Map<K, T>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const made = compute(key);
    known.set(key, made);
    return made;
  };
}
