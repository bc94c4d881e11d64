/** Thrown where a count needs more work, more memory or wider numbers than it may take; nothing is rounded. */
export class Outgrown extends Error {
  override readonly name = 'Outgrown';
}
