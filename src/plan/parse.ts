/**
 * From a validated body to a question: the last place where a "request" exists.
 *
 * Types and sizes were checked by the schema; here every name is resolved, every default filled in
 * and every number brought to canonical exact text, then the engine builds and checks the network.
 * Every fault that can be seen is reported, each with the JSON Pointer of its field.
 */
import {
  EngineError,
  FormatError,
  PROXY_PRESETS,
  TIE_RULES,
  TYING_LAYERS,
  isTieRule,
  layersOutsideClarke,
  parseExact,
  presetOf,
  proxiesOf,
  resolveFormat,
  tieRuleNameOf,
  toText,
  type AnalyticNetwork,
  type Proxies,
  type ProxyDescription,
  type ProxyPreset,
  type Rational,
} from '../engine/index.js';
import type { ExactInput } from '../schemas/exact.js';
import type { FormatInput, SingleFormatInput } from '../schemas/format.js';
import type { AnalyzeInput, Mode, ProxiesInput } from '../schemas/request.js';
import { compileShaped, rememberCompiled, type GivenFormats } from './compile.js';
import { FREE_PARAMETERS_MAX, sizeOf, tooLargeToCount } from './network-size.js';
import { checkSampled, readSampling } from './parse-sampling.js';
import type { Fault, Question, QuestionFormat } from './question.js';
import { readNetwork, withShapes } from './read-network.js';
import { exact, Faults, type Path } from './reading.js';

export type Parsed =
  | { readonly ok: true; readonly question: Question }
  | {
      readonly ok: false;
      readonly status: 400 | 422;
      readonly code: string;
      readonly detail: string;
      readonly faults: readonly Fault[];
      /** Further members of the problem body. */
      readonly extensions?: Readonly<Record<string, unknown>>;
    };

/**
 * *Exact.* The question that a body asks; a body without a mode gets the default one. The body
 * must have passed `AnalyzeSchema` or `BoundsRequestSchema`.
 */
export function parseRequest(body: unknown, defaultMode: Mode = 'bounds'): Parsed {
  const request = body as Omit<AnalyzeInput, 'mode'> & { mode?: Mode };
  const faults = new Faults();
  const mode = request.mode ?? defaultMode;
  const size = sizeOf(request.network);
  if (size.free > FREE_PARAMETERS_MAX) {
    faults.add(
      ['network', 'layers'],
      'too-many-parameters',
      `the network has up to ${String(size.free)} free parameters; this service takes at most ${String(FREE_PARAMETERS_MAX)}`,
    );
    return refused(faults);
  }
  const network = readNetwork(request.network, faults);
  const formats = readFormats(request.format, faults);
  const overrides = readProxies(request.proxies ?? 'pytorch', faults);
  if (mode === 'point' && request.parameters === undefined) {
    faults.add(
      ['parameters'],
      'missing-parameters',
      'mode "point" needs the parameters of the point',
    );
  }
  if (mode === 'exhaustive' && request.parameters !== undefined) {
    faults.add(
      ['parameters'],
      'unused-parameters',
      'mode "exhaustive" visits every point and takes no parameters',
    );
  }
  if (mode === 'sampled' && request.parameters !== undefined) {
    faults.add(
      ['parameters'],
      'unused-parameters',
      'mode "sampled" draws its points and takes no parameters; "around" takes some',
    );
  }
  if (request.sampling !== undefined && (mode === 'point' || mode === 'exhaustive')) {
    faults.add(['sampling'], 'unused-sampling', `mode "${mode}" samples nothing`);
  }
  if (mode === 'point' && request.around !== undefined) {
    faults.add(['around'], 'unused-around', 'mode "point" is about one point only');
  }
  const sampling = mode === 'sampled' ? readSampling(request.sampling ?? {}, faults) : null;
  if (faults.list.length > 0) return refused(faults);
  const tooLarge = mode === 'exhaustive' ? tooLargeToCount(size, network) : null;
  if (tooLarge !== null) return { ...SPACE_TOO_LARGE, ...tooLarge, faults: [faultOf(tooLarge)] };

  const built = guarded(faults, () => {
    const { network: compiled, shapes } = compileShaped(network, formats);
    return { compiled, shapes, proxies: proxiesOf(compiled, overrides) };
  });
  if (built === null) return refused(faults);
  const parameters =
    mode === 'point'
      ? readPoint(request.parameters ?? [], built.compiled, ['parameters'], faults)
      : null;
  const around =
    request.around === undefined
      ? null
      : {
          parameters: readPoint(
            request.around.parameters,
            built.compiled,
            ['around', 'parameters'],
            faults,
          ),
          radius: String(request.around.radius),
        };
  if (sampling !== null) checkSampled(sampling.method, built.compiled, faults);
  if (faults.list.length > 0) return refused(faults);
  const weights = formats.weights ?? formats.biases;
  const biases = formats.biases ?? formats.weights;
  if (weights === null || biases === null)
    throw new Error('parseRequest: a format without any set');
  const outsideClarke = layersOutsideClarke(built.compiled, built.proxies);
  const question: Question = {
    mode,
    network: withShapes(network, built.shapes),
    format: { weights, biases, params: formats.params },
    proxies: {
      preset: presetOf(built.compiled, built.proxies) ?? 'custom',
      layers: proxyTexts(network.layers.length, built.compiled, built.proxies),
      ...(outsideClarke.length === 0 ? {} : { outsideClarke }),
    },
    ...(parameters === null ? {} : { parameters }),
    ...(sampling === null ? {} : { sampling }),
    ...(around === null ? {} : { around }),
  };
  rememberCompiled(question, built.compiled, built.proxies);
  return { ok: true, question };
}

const SPACE_TOO_LARGE = { ok: false, status: 422, code: 'space-too-large' } as const;

function faultOf({ detail }: { readonly detail: string }): Fault {
  return { pointer: '/network', code: SPACE_TOO_LARGE.code, detail };
}

function refused(faults: Faults): Parsed {
  const count = faults.list.length;
  const [first] = faults.list;
  return {
    ok: false,
    status: 422,
    code: 'invalid-question',
    detail:
      count === 1 && first !== undefined
        ? `${first.pointer}: ${first.detail}`
        : `The request has ${String(count)} faults; errors[] names each.`,
    faults: faults.list,
  };
}

/** The value, or null after the engine's faults were taken over. */
function guarded<T>(faults: Faults, make: () => T): T | null {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    for (const { path, code, detail } of error.faults) faults.add(path, code, detail);
    return null;
  }
}

function readFormats(input: FormatInput, faults: Faults): GivenFormats {
  const single = (spec: SingleFormatInput, path: Path): QuestionFormat => {
    try {
      return resolveFormat(spec).canonical;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      faults.add([...path, ...error.path], error.code, error.message);
      return { values: ['0'] };
    }
  };
  if (typeof input === 'string' || 'type' in input || 'values' in input) {
    const canonical = single(input, ['format']);
    return { weights: canonical, biases: canonical, params: {} };
  }
  const role = (name: 'weights' | 'biases'): QuestionFormat | null => {
    const spec = input[name];
    return spec === undefined ? null : single(spec, ['format', name]);
  };
  const params = Object.entries(input.params ?? {}).map(
    ([name, spec]) => [name, single(spec, ['format', 'params', name])] as const,
  );
  const weights = role('weights');
  const biases = role('biases');
  const [first] = params;
  if (weights === null && biases === null && first === undefined) {
    faults.add(
      ['format'],
      'missing-format',
      'the format names no set: give weights, biases or params',
    );
  }
  // A network whose parameters all have sets of their own needs no other.
  const only = weights === null && biases === null && first !== undefined ? first[1] : null;
  return { weights: weights ?? only, biases, params: Object.fromEntries(params) };
}

function isPreset(name: string): name is ProxyPreset {
  return (PROXY_PRESETS as readonly string[]).includes(name);
}

function readProxies(input: ProxiesInput, faults: Faults): ProxyDescription {
  const unknown = (name: string, path: Path): void => {
    faults.add(
      path,
      'unknown-proxy',
      `${JSON.stringify(name)} is no preset; known are ${PROXY_PRESETS.join(', ')}`,
    );
  };
  if (typeof input === 'string') {
    if (isPreset(input)) return { preset: input, overrides: new Map() };
    unknown(input, ['proxies']);
    return { preset: 'pytorch', overrides: new Map() };
  }
  const overrides = new Map<string, ProxyPreset | readonly Rational[]>();
  for (const [type, choice] of Object.entries(input)) {
    const path = ['proxies', type];
    if (typeof choice === 'string' && isPreset(choice)) {
      overrides.set(type, choice);
    } else if ((TYING_LAYERS as readonly string[]).includes(type)) {
      if (typeof choice === 'string' && isTieRule(choice)) {
        overrides.set(type, TIE_RULES[choice]);
      } else {
        const known = [...Object.keys(TIE_RULES), ...PROXY_PRESETS].join(', ');
        faults.add(path, 'invalid-proxy', `is no rule for tied maxima; known are ${known}`);
      }
    } else if (typeof choice === 'string' && !/^[-+.0-9]/.test(choice)) {
      unknown(choice, path);
    } else {
      // One value may stand without its list, for an activation with one kink.
      const values = typeof choice === 'object' ? choice : [choice];
      overrides.set(
        type,
        values.map((value, k) =>
          parseExact(exact(value, typeof choice === 'object' ? [...path, k] : path, faults)),
        ),
      );
    }
  }
  return { preset: 'pytorch', overrides };
}

function readPoint(
  input: readonly ExactInput[],
  network: AnalyticNetwork,
  path: Path,
  faults: Faults,
): string[] {
  const wanted = network.parameters.length;
  if (input.length !== wanted) {
    faults.add(
      path,
      'shape-mismatch',
      `has ${String(input.length)} entries, the network has ${String(wanted)} free parameters`,
    );
    return [];
  }
  return input.map((entry, index) => {
    const text = exact(entry, [...path, index], faults);
    const parameter = network.parameters[index];
    if (parameter === undefined) return text;
    const value = parseExact(text);
    const { values } = parameter;
    if (values.rankOf(value) === null) {
      const below = values.countBelow(value);
      const near = [below - 1n, below].filter((rank) => rank >= 0n && rank < values.size);
      faults.add(
        [...path, index],
        'not-representable',
        `${text} (${parameter.name}) is no value of ${values.name}; nearest: ${near.map((rank) => toText(values.at(rank))).join(', ')}`,
      );
    }
    return text;
  });
}

/** Per layer of the request: the name of its tie rule if it has one, then the proxies at its kinks. */
function proxyTexts(count: number, network: AnalyticNetwork, proxies: Proxies): string[][] {
  const layers = Array.from({ length: count }, (): string[] => []);
  network.equations.forEach((equation, index) => {
    const own = proxies[index] ?? [];
    const texts = equation.op === 'max' ? [tieRuleNameOf(own) ?? 'custom'] : own.map(toText);
    layers[equation.layer]?.push(...texts);
  });
  return layers;
}
