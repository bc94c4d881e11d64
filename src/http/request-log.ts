/**
 * The log of a request: a child of the process' log, made when the first line is written to it. A
 * child costs as much as looking up a job, and where lines of that level are not asked for none is
 * needed. What is written is what a child made at once would have written.
 */
import type { FastifyBaseLogger } from 'fastify';

type Bindings = Parameters<FastifyBaseLogger['child']>[0];
type ChildOptions = NonNullable<Parameters<FastifyBaseLogger['child']>[1]>;

/** From the least said to the most, as pino orders them. */
const LEVELS: readonly string[] = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'];
const RANKS: ReadonlyMap<string, number> = new Map(LEVELS.map((level, rank) => [level, rank]));
const FATAL = LEVELS.indexOf('fatal');
const ERROR = LEVELS.indexOf('error');
const WARN = LEVELS.indexOf('warn');
const INFO = LEVELS.indexOf('info');
const DEBUG = LEVELS.indexOf('debug');
const TRACE = LEVELS.indexOf('trace');

type Line = [object: unknown, message?: string, ...values: unknown[]];

/** A class, since two are made for every request: methods are shared and fields have one shape. */
class LateChild implements FastifyBaseLogger {
  readonly #parent: FastifyBaseLogger;
  readonly #bindings: Bindings;
  readonly #options: ChildOptions | undefined;
  #made: FastifyBaseLogger | null = null;

  constructor(parent: FastifyBaseLogger, bindings: Bindings, options: ChildOptions | undefined) {
    this.#parent = parent;
    this.#bindings = bindings;
    this.#options = options;
  }

  #child(): FastifyBaseLogger {
    if (this.#made === null) {
      const parent = this.#parent instanceof LateChild ? this.#parent.#child() : this.#parent;
      this.#made = parent.child(this.#bindings, this.#options);
    }
    return this.#made;
  }

  /** A level that is none of these only pino knows. */
  #writes(rank: number): boolean {
    return rank <= (RANKS.get(this.level) ?? LEVELS.length);
  }

  get level(): string {
    return this.#made?.level ?? this.#options?.level ?? this.#parent.level;
  }

  set level(level: string) {
    this.#child().level = level;
  }

  fatal(...line: Line): void {
    if (this.#writes(FATAL)) this.#child().fatal(...line);
  }

  error(...line: Line): void {
    if (this.#writes(ERROR)) this.#child().error(...line);
  }

  warn(...line: Line): void {
    if (this.#writes(WARN)) this.#child().warn(...line);
  }

  info(...line: Line): void {
    if (this.#writes(INFO)) this.#child().info(...line);
  }

  debug(...line: Line): void {
    if (this.#writes(DEBUG)) this.#child().debug(...line);
  }

  trace(...line: Line): void {
    if (this.#writes(TRACE)) this.#child().trace(...line);
  }

  silent(): void {
    return undefined;
  }

  child(bindings: Bindings, options?: ChildOptions): FastifyBaseLogger {
    return lateChild(this, bindings, options);
  }
}

/** A child of `parent` with these fields in every line. */
export function lateChild(
  parent: FastifyBaseLogger,
  bindings: Bindings,
  options?: ChildOptions,
): FastifyBaseLogger {
  // Options that are empty cost pino as much as full ones.
  const given = options !== undefined && Object.keys(options).length > 0 ? options : undefined;
  return new LateChild(parent, bindings, given);
}
