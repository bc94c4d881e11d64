/**
 * Proxy derivatives: what an AD framework returns at a kink.
 *
 * A preset is a row per activation and a rule per kink, in order of the breakpoints: a side, or a
 * number. Each rule was read in the framework's source, or executed; only rows of the framework's
 * own API stand here, so that a preset does not know what nobody checked (Keras layers differ by
 * backend and are not TensorFlow's). Versions read: PyTorch 2.7.0a0, TensorFlow 2.21.0,
 * JAX of 2026-08. Sources by row:
 *
 *   PyTorch     relu derivatives.yaml threshold_backward; relu6, hardtanh cpu/Activation.cpp
 *               hardtanh_backward (open interval); leaky_relu, hardsigmoid, hardswish, softshrink
 *               cpu/Activation.cpp; abs derivatives.yaml grad·sgn. Hardswish is (−1/2, 3/2) up to
 *               2.7.0a0; a later change to (0, 1) is reported, its first release not verified; elu (of
 *               alpha ≠ 1: with 1 it has no kink), selu cpu/Activation.cpp, native/Activation.cpp.
 *   TensorFlow  relu, relu6, leaky_relu, selu core/kernels/relu_op_functor.h (compiled by XLA, selu
 *               takes the left derivative, and since 2.22 so does the kernel); abs
 *               python/ops/math_grad.py. tf.nn.elu has alpha = 1 only.
 *   JAX         relu, relu6, leaky_relu, hard_tanh, hard_sigmoid, hard_silu, elu, selu
 *               jax/_src/nn/functions.py;
 *               abs jax/_src/lax/lax.py (select(x >= 0, g, −g)).
 *
 * At a tie of a maximum a preset is a rule of `ties.ts`. `max` is the framework's reduction over an
 * axis, `maxPool2d` its pooling on a CPU:
 *
 *   PyTorch     max: torch.amax, x.max() split evenly (FunctionsManual.cpp, evenly distributed);
 *               maxPool2d: the first in window order (native/cpu/MaxPoolKernel.cpp, val > maxval).
 *   TensorFlow  max: reduce_max splits evenly (python/ops/math_grad.py); maxPool2d: the first
 *               (core/kernels/maxpooling_op.cc, output < input).
 *   JAX         max: jnp.max splits evenly (jax/_src/lax/lax.py); of its pooling only that one entry
 *               is chosen is known, so it has no row here.
 *   left, right a maximum has no sides: the first and the last of the tied ones.
 */
import { EngineError, type EngineFault } from '../errors.js';
import { ACTIVATIONS } from '../net/activations.js';
import type { Kink } from '../net/activation.js';
import type { AnalyticEquation, AnalyticNetwork, MaxEquation } from '../net/ir.js';
import { TRANSCENDENTAL_ACTIVATIONS } from '../net/transcendental.js';
import { MINUS_ONE, ONE, ZERO, equal, type Rational } from '../num/rational.js';
import type { Proxies } from './rules.js';
import { TIE_RULES, type TieRuleName } from './ties.js';

/** The derivative at one kink: that of a side, or a number. */
type ProxyRule = 'left' | 'right' | Rational;

type PresetRows = Readonly<Record<string, readonly ProxyRule[]>>;

const PYTORCH: PresetRows = {
  relu: [ZERO],
  leaky_relu: ['left'],
  relu6: [ZERO, ZERO],
  hardtanh: [ZERO, ZERO],
  hardsigmoid: [ZERO, ZERO],
  hardswish: ['right', 'left'],
  abs: [ZERO],
  softshrink: [ZERO, ZERO],
  elu: ['left'],
  selu: ['left'],
};

const TENSORFLOW: PresetRows = {
  relu: [ZERO],
  leaky_relu: ['left'],
  relu6: [ZERO, ZERO],
  abs: [ZERO],
  selu: ['right'],
};

const JAX: PresetRows = {
  relu: [ZERO],
  leaky_relu: ['right'],
  relu6: [ZERO, ZERO],
  hardtanh: [ONE, ONE],
  hardsigmoid: [ZERO, ZERO],
  hardswish: ['left', 'right'],
  abs: [ONE],
  elu: ['left'],
  selu: ['left'],
};

const FRAMEWORKS: Readonly<Record<string, PresetRows>> = Object.freeze({
  pytorch: PYTORCH,
  tensorflow: TENSORFLOW,
  jax: JAX,
});

/** What a framework does at the ties of a maximum; nothing where nobody checked. */
const TIES: Readonly<Record<string, Readonly<Partial<Record<MaxEquation['type'], TieRuleName>>>>> =
  Object.freeze({
    pytorch: { max: 'even', maxPool2d: 'first' },
    tensorflow: { max: 'even', maxPool2d: 'first' },
    jax: { max: 'even' },
    left: { max: 'first', maxPool2d: 'first' },
    right: { max: 'last', maxPool2d: 'last' },
  });

/** The layer types at which maxima tie, as keys of `proxies`. */
export const TYING_LAYERS: readonly MaxEquation['type'][] = ['max', 'maxPool2d'];

/** Names that `proxies` may take: three frameworks, and the two one-sided derivatives. */
export const PROXY_PRESETS = ['pytorch', 'tensorflow', 'jax', 'left', 'right'] as const;
export type ProxyPreset = (typeof PROXY_PRESETS)[number];

/** A preset for all activations, and what departs from it, by activation type. */
export interface ProxyDescription {
  readonly preset: ProxyPreset;
  readonly overrides: ReadonlyMap<string, ProxyPreset | readonly Rational[]>;
}

/** *Exact.* The preset's values at the kinks of one activation; null where it does not know it. */
export function proxiesOfKinks(
  preset: ProxyPreset,
  type: string,
  kinks: readonly Kink[],
): readonly Rational[] | null {
  if (preset === 'left') return kinks.map((kink) => kink.left);
  if (preset === 'right') return kinks.map((kink) => kink.right);
  const rules = FRAMEWORKS[preset]?.[type];
  if (rules?.length !== kinks.length) return null;
  return kinks.map((kink, index) => {
    const rule = rules[index] as ProxyRule;
    return rule === 'left' ? kink.left : rule === 'right' ? kink.right : rule;
  });
}

/** *Exact.* What a preset says of one equation; null where it does not know it. */
function presetProxies(
  preset: ProxyPreset,
  equation: AnalyticEquation,
): readonly Rational[] | null {
  if (equation.op === 'max') {
    const rule = TIES[preset]?.[equation.type];
    return rule === undefined ? null : TIE_RULES[rule];
  }
  if (!hasKinks(equation)) return [];
  return proxiesOfKinks(preset, equation.activation.type, equation.activation.kinks);
}

/** Whether the equation is an activation that has kinks. */
function hasKinks(
  equation: AnalyticEquation,
): equation is Extract<AnalyticEquation, { op: 'activation' | 'transcendental' }> {
  const activates = equation.op === 'activation' || equation.op === 'transcendental';
  return activates && equation.activation.kinks.length > 0;
}

function isActivation(type: string): boolean {
  return ACTIVATIONS.has(type) || TRANSCENDENTAL_ACTIVATIONS.has(type);
}

/** What a request may give by value for an equation: how many numbers, and how people write them. */
interface Wanted {
  readonly type: string;
  readonly count: number;
  readonly what: string;
  readonly example: string;
}

function wantedOf(equation: AnalyticEquation): Wanted | null {
  if (equation.op === 'max') {
    const names = Object.keys(TIE_RULES).map((name) => `"${name}"`);
    return { type: equation.type, count: 4, what: 'a tie rule', example: names.join(' or ') };
  }
  if (!hasKinks(equation)) return null;
  const { type, kinks } = equation.activation;
  const count = kinks.length;
  const example = `[${kinks.map(() => '…').join(', ')}]`;
  return { type, count, what: `${String(count)} kinks`, example };
}

/**
 * *Exact.* The proxies of every equation of a network. Throws an EngineError that names each
 * activation or maximum which the preset does not know, each key that is neither, and each list
 * whose length is not the number of kinks.
 */
export function proxiesOf(network: AnalyticNetwork, description: ProxyDescription): Proxies {
  const faults: EngineFault[] = [];
  for (const type of description.overrides.keys()) {
    const tying = (TYING_LAYERS as readonly string[]).includes(type);
    if (type === 'piecewise' || tying || isActivation(type)) continue;
    faults.push({
      path: ['proxies', type],
      code: 'unknown-activation',
      detail: `${JSON.stringify(type)} is no activation type`,
    });
  }
  const proxies = network.equations.map((equation): readonly Rational[] => {
    const wanted = wantedOf(equation);
    if (wanted === null) return [];
    const { type, count, what, example } = wanted;
    const where = `${type} of layer ${String(equation.layer)}`;
    const chosen = description.overrides.get(type) ?? description.preset;
    if (typeof chosen !== 'string') {
      if (chosen.length === count) return chosen;
      faults.push({
        path: ['proxies', type],
        code: 'invalid-proxy',
        detail:
          equation.op === 'max'
            ? `the ${where} takes ${what}: ${example}`
            : `${String(chosen.length)} values are given, the ${where} has ${what}`,
      });
      return [];
    }
    const values = presetProxies(chosen, equation);
    if (values !== null) return values;
    faults.push({
      path: description.overrides.has(type) ? ['proxies', type] : ['proxies'],
      code: 'unknown-proxy',
      detail: `the preset "${chosen}" does not know ${equation.op === 'max' ? 'the ties of' : 'the activation'} "${type}" of layer ${String(equation.layer)}; give its proxies by value: { "${type}": ${example} }`,
    });
    return [];
  });
  if (faults.length > 0) throw new EngineError(faults);
  return proxies;
}

/** *Exact.* The first preset that gives these very proxies on this network; null where none does. */
export function presetOf(network: AnalyticNetwork, proxies: Proxies): ProxyPreset | null {
  const matches = (preset: ProxyPreset): boolean =>
    network.equations.every((equation, index) => {
      const values = presetProxies(preset, equation);
      return values?.every((value, k) => equal(value, proxies[index]?.[k] ?? MINUS_ONE)) ?? false;
    });
  return PROXY_PRESETS.find(matches) ?? null;
}
