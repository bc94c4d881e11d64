/**
 * When samples are looked at: after fixed numbers of them, each a quarter more than the last, the
 * first 64 of all. The answer may stop at a look and nowhere else, so it depends on the samples in
 * their order and not on who drew them when. An interval that holds at all looks at once is not
 * spoilt by stopping at one of them.
 */

const FIRST = 64;

/** *Exact.* How many samples are in when each look is taken; the last look is at `samples`. */
export function looksOf(samples: number): number[] {
  const looks: number[] = [];
  for (let at = FIRST; at < samples; at += Math.floor(at / 4)) looks.push(at);
  looks.push(samples);
  return looks;
}

/** *Exact.* The index of the stretch between looks that a sample lies in. */
export function stretchOf(looks: readonly number[], sample: number): number {
  let low = 0;
  let high = looks.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((looks[middle] ?? 0) > sample) high = middle;
    else low = middle + 1;
  }
  return low;
}
