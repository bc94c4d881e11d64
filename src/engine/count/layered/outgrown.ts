/** Thrown where a count needs more work, more memory or wider numbers than it may take; nothing is rounded. */
export class Outgrown extends Error {
  override readonly name: string = 'Outgrown';
}

/** Outgrown for a limit that was set, not for what the method can do at all. */
export class OverLimit extends Outgrown {
  override readonly name = 'OverLimit';
}
