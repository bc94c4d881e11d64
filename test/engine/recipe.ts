/**
 * Networks as recipes: JSON-safe text from which both sides of a test build their own network. The
 * engine gets descriptions; the oracle (`oracle.ts`) reads the recipe itself.
 */
import {
  ACTIVATIONS,
  activation,
  buildNetwork,
  parseExact,
  proxiesOf,
  resolveFormat,
  type Activation,
  type EntryDescription,
  type FormatSpec,
  type Network,
  type Proxies,
  type Rational,
  type ValueSet,
} from '../../src/engine/index.js';

/** A constant, or a parameter by name with a scale. */
export type EntryRecipe = string | { readonly param: string; readonly scale: string };

export interface ActivationRecipe {
  readonly type: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly breakpoints?: readonly string[];
  readonly pieces?: readonly (readonly string[])[];
}

export interface LayerRecipe {
  readonly units: number;
  readonly weight: readonly (readonly EntryRecipe[])[] | null;
  readonly bias: boolean | readonly EntryRecipe[];
  readonly activation: ActivationRecipe;
  /** One per kink; a list that is too long is cut, so that generators need not count kinks. */
  readonly proxies?: readonly string[];
}

export interface NetworkRecipe {
  readonly inputs: readonly (readonly string[])[];
  readonly layers: readonly LayerRecipe[];
  readonly weights: FormatSpec;
  readonly biases: FormatSpec;
  readonly params?: Readonly<Record<string, FormatSpec>>;
}

export interface Built {
  readonly network: Network;
  readonly proxies: Proxies;
}

/** *Exact.* The rational that a text stands for; throws where it stands for none. */
export function exact(text: string): Rational {
  const value = parseExact(text);
  if (value === null) throw new Error(`${text} is no exact number`);
  return value;
}

function activationOf(recipe: ActivationRecipe): Activation {
  if (recipe.type === 'piecewise') {
    return activation(
      'piecewise',
      (recipe.breakpoints ?? []).map(exact),
      (recipe.pieces ?? []).map((piece) => piece.map(exact)),
    );
  }
  const kind = ACTIVATIONS.get(recipe.type);
  if (kind === undefined) throw new Error(`no activation ${recipe.type}`);
  const given = Object.entries(recipe.settings ?? {}).map(([name, text]) => [name, exact(text)]);
  return kind.build({ ...kind.settings, ...(Object.fromEntries(given) as typeof kind.settings) });
}

function entryOf(entry: EntryRecipe): EntryDescription {
  return typeof entry === 'string'
    ? exact(entry)
    : { param: entry.param, scale: exact(entry.scale) };
}

function setOf(spec: FormatSpec): ValueSet {
  return resolveFormat(spec).values;
}

/** *Exact.* The engine's network of a recipe, with the recipe's proxies (PyTorch's without them). */
export function build(recipe: NetworkRecipe): Built {
  const network = buildNetwork(
    {
      inputs: recipe.inputs.map((row) => row.map(exact)),
      layers: recipe.layers.map((layer) => ({
        units: layer.units,
        weight: layer.weight?.map((row) => row.map(entryOf)) ?? null,
        bias: typeof layer.bias === 'boolean' ? layer.bias : layer.bias.map(entryOf),
        activation: activationOf(layer.activation),
      })),
    },
    {
      weights: setOf(recipe.weights),
      biases: setOf(recipe.biases),
      params: new Map(Object.entries(recipe.params ?? {}).map(([k, spec]) => [k, setOf(spec)])),
    },
  );
  const given = recipe.layers.every((layer) => layer.proxies !== undefined);
  if (!given) {
    return { network, proxies: proxiesOf(network, { preset: 'pytorch', overrides: new Map() }) };
  }
  const proxies = network.equations.map((equation) => {
    if (equation.op !== 'activation') return [];
    const texts = recipe.layers[equation.layer]?.proxies ?? [];
    return texts.slice(0, equation.activation.kinks.length).map(exact);
  });
  return { network, proxies };
}
