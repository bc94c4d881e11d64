/**
 * Thrown deep inside a decision that cannot be made within its bounds, and caught where the verdict
 * on the point is made: there it becomes the value *undecided*, with this reason.
 */
export class Undecided extends Error {
  override readonly name = 'Undecided';
}
