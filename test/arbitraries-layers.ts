/**
 * Random small networks of every layer type, as request bodies. Shapes are tracked while drawing, so
 * that layers fit; sources are drawn among all earlier layers of a fitting shape. Biased to ties:
 * few distinct numbers, inputs that are 0, averages that cancel, units that are read twice.
 */
import fc from 'fast-check';
import { caseOf, type Case } from './arbitraries-networks.js';

const small = fc.constantFrom('-1', '-1/2', '0', '0', '1', '1', '2');
const steep = fc.constantFrom('relu', 'relu', 'relu', 'abs', 'hardtanh', 'identity', 'leaky_relu');
const curved = fc.constantFrom('relu6', 'hardswish', 'hardsigmoid');
const activation = fc.oneof({ weight: 6, arbitrary: steep }, { weight: 1, arbitrary: curved });
const optionalActivation = fc.option(activation, { nil: undefined, freq: 2 });

type Shape = readonly number[];

/** What is known while drawing: the shape of the input and of each layer. */
interface Drawn {
  readonly shapes: readonly Shape[];
  readonly layers: readonly object[];
  readonly input: Shape;
  /** Layers that no later layer reads yet, the last one aside. */
  readonly loose: readonly number[];
}

function size(shape: Shape): number {
  return shape.reduce((all, extent) => all * extent, 1);
}

const entry = fc.oneof(
  { weight: 2, arbitrary: small },
  {
    weight: 3,
    arbitrary: fc.record({
      param: fc.constantFrom('a', 'b'),
      scale: fc.constantFrom('1', '1', '-1', '2'),
    }),
  },
);

function nested(shape: Shape): fc.Arbitrary<unknown> {
  const [length = 1, ...rest] = shape;
  const item = rest.length === 0 ? entry : nested(rest);
  return fc.array(item, { minLength: length, maxLength: length });
}

/** Own parameters, or entries of the given shape. */
function weights(shape: Shape): fc.Arbitrary<object> {
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant({}) },
    { weight: 3, arbitrary: nested(shape).map((weight) => ({ weight })) },
  );
}

function biases(count: number): fc.Arbitrary<object> {
  return fc.oneof(
    fc.boolean().map((bias) => ({ bias })),
    fc.boolean().map((bias) => ({ bias })),
    nested([count]).map((bias) => ({ bias })),
  );
}

interface Drawing {
  readonly layer: object;
  readonly shape: Shape;
}

function positions(extent: number, kernel: number, stride: number, padding: number): number {
  return Math.floor((extent + 2 * padding - kernel) / stride) + 1;
}

/** A layer that reads a vector of this shape. */
function layerOn(shape: Shape): fc.Arbitrary<Drawing> {
  const [channels = 1, height = 1, width = 1] = shape;
  const scale = fc
    .record({
      scale: fc.array(fc.constantFrom('1', '-1', '2', '1/2'), {
        minLength: channels,
        maxLength: channels,
      }),
      shift: fc.array(small, { minLength: channels, maxLength: channels }),
      activation: optionalActivation,
    })
    .map((rest) => ({ layer: { type: 'scale', ...rest }, shape }));
  if (shape.length === 1) {
    const dense = fc.integer({ min: 1, max: 2 }).chain((units) =>
      fc
        .tuple(weights([units, channels]), biases(units), activation)
        .map(([weight, bias, sigma]) => ({
          layer: { type: 'dense', units, ...weight, ...bias, activation: sigma },
          shape: [units],
        })),
    );
    const list = fc.shuffledSubarray(
      Array.from({ length: channels }, (_, k) => k),
      { minLength: 1 },
    );
    const max = fc
      .tuple(fc.array(list, { minLength: 1, maxLength: 2 }), optionalActivation)
      .map(([of, sigma]) => ({
        layer: { type: 'max', of, activation: sigma },
        shape: [of.length],
      }));
    return fc.oneof(
      { weight: 5, arbitrary: dense },
      { weight: channels > 1 ? 3 : 0, arbitrary: max },
      { weight: 1, arbitrary: scale },
    );
  }
  const flatten = fc.constant({ layer: { type: 'flatten' }, shape: [size(shape)] });
  const groups = channels === 2 ? fc.constantFrom(1, 2) : fc.constant(1);
  if (shape.length === 2) {
    const conv1d = fc
      .record({
        filters: fc.constantFrom(channels === 2 ? 2 : 1, 2),
        kernelSize: fc.integer({ min: 1, max: Math.min(2, height) }),
        padding: fc.constantFrom(0, 0, 1),
        stride: fc.constantFrom(1, 1, 2),
        groups,
      })
      .chain((settings) => {
        const { filters, kernelSize, padding, stride } = settings;
        const out = positions(height, kernelSize, stride, padding);
        return fc
          .tuple(
            weights([filters, channels / settings.groups, kernelSize]),
            biases(filters),
            activation,
          )
          .map(([weight, bias, sigma]) => ({
            layer: { type: 'conv1d', ...settings, ...weight, ...bias, activation: sigma },
            shape: [filters, out],
          }));
      });
    return fc.oneof(
      { weight: 3, arbitrary: conv1d },
      { weight: 2, arbitrary: flatten },
      { weight: 1, arbitrary: scale },
    );
  }
  const conv2d = fc
    .record({
      filters: fc.constantFrom(channels === 2 ? 2 : 1, 2),
      kernelSize: fc.tuple(
        fc.integer({ min: 1, max: Math.min(2, height) }),
        fc.integer({ min: 1, max: Math.min(2, width) }),
      ),
      padding: fc.constantFrom(0, 0, 1),
      stride: fc.constantFrom(1, 1, 2),
      groups,
    })
    .chain((settings) => {
      const { filters, kernelSize, padding, stride } = settings;
      const [rows, columns] = kernelSize;
      const out = [
        filters,
        positions(height, rows, stride, padding),
        positions(width, columns, stride, padding),
      ];
      return fc
        .tuple(
          weights([filters, channels / settings.groups, rows, columns]),
          biases(filters),
          activation,
        )
        .map(([weight, bias, sigma]) => ({
          layer: { type: 'conv2d', ...settings, ...weight, ...bias, activation: sigma },
          shape: out,
        }));
    });
  const pool = fc
    .record({
      type: fc.constantFrom('maxPool2d', 'maxPool2d', 'avgPool2d'),
      kernelSize: fc.tuple(
        fc.integer({ min: 1, max: Math.min(2, height) }),
        fc.integer({ min: 1, max: Math.min(2, width) }),
      ),
      stride: fc.constantFrom(1, 2),
      pad: fc.constantFrom(0, 0, 1),
      countIncludePad: fc.boolean(),
      activation: optionalActivation,
    })
    .map(({ type, kernelSize, stride, pad, countIncludePad, activation: sigma }) => {
      const [rows, columns] = kernelSize;
      const padding = Math.min(rows, columns) === 2 ? pad : 0;
      return {
        layer: {
          type,
          kernelSize,
          stride,
          padding,
          activation: sigma,
          ...(type === 'avgPool2d' ? { countIncludePad } : {}),
        },
        shape: [
          channels,
          positions(height, rows, stride, padding),
          positions(width, columns, stride, padding),
        ],
      };
    });
  return fc.oneof(
    { weight: 3, arbitrary: conv2d },
    { weight: 4, arbitrary: pool },
    { weight: 2, arbitrary: flatten },
    { weight: 1, arbitrary: scale },
  );
}

/** A layer on some earlier one, or a sum or row of several. */
function nextLayer(drawn: Drawn): fc.Arbitrary<Drawn> {
  const last = drawn.shapes.length - 1;
  const shapeAt = (k: number): Shape => (k < 0 ? drawn.input : (drawn.shapes[k] ?? []));
  const sources = Array.from({ length: drawn.shapes.length + 1 }, (_, k) => k - 1);
  const name = (k: number): number | string => (k < 0 ? 'input' : k);
  const with_ = ({ layer, shape }: Drawing, read: readonly number[]): Drawn => ({
    ...drawn,
    layers: [...drawn.layers, layer],
    shapes: [...drawn.shapes, shape],
    loose: [...drawn.loose, last].filter((k) => k >= 0 && !read.includes(k)),
  });
  const plain = fc.oneof(
    { weight: 6, arbitrary: fc.constant(last) },
    { weight: 1, arbitrary: fc.constantFrom(...sources) },
  );
  const one = plain.chain((from) =>
    layerOn(shapeAt(from)).map((drawing) =>
      with_(
        from === last ? drawing : { ...drawing, layer: { ...drawing.layer, from: name(from) } },
        [from],
      ),
    ),
  );
  const like = sources.filter((k) => String(shapeAt(k)) === String(shapeAt(last)));
  const beside = sources.filter(
    (k) => String(shapeAt(k).slice(1)) === String(shapeAt(last).slice(1)),
  );
  const joined = fc
    .record({
      type: fc.constantFrom('add', 'concat'),
      pick: fc.nat(),
      activation: optionalActivation,
      reversed: fc.boolean(),
    })
    .map(({ type, pick, activation: sigma, reversed }) => {
      const choices = type === 'add' ? like : beside.filter((k) => shapeAt(k).length > 0);
      // A loose layer first, so that it is read after all.
      const other =
        drawn.loose.find((k) => choices.includes(k)) ?? choices[pick % choices.length] ?? last;
      const from = reversed ? [last, other] : [other, last];
      const shape =
        type === 'add'
          ? shapeAt(last)
          : [from.reduce((n, k) => n + (shapeAt(k)[0] ?? 0), 0), ...shapeAt(last).slice(1)];
      return with_({ layer: { type, from: from.map(name), activation: sigma }, shape }, from);
    });
  return fc.oneof(
    { weight: 4, arbitrary: one },
    { weight: drawn.layers.length, arbitrary: joined },
  );
}

function layers(input: Shape, count: number): fc.Arbitrary<Drawn> {
  let drawn: fc.Arbitrary<Drawn> = fc.constant({ shapes: [], layers: [], input, loose: [] });
  for (let k = 0; k < count; k += 1) drawn = drawn.chain(nextLayer);
  return drawn;
}

const tieRule = fc.constantFrom('first', 'last', 'even', 'all');

const proxies = fc.oneof(
  fc.constantFrom('left', 'right'),
  fc.record({
    relu: fc.tuple(small),
    abs: fc.tuple(small),
    leaky_relu: fc.tuple(small),
    hardtanh: fc.tuple(small, small),
    relu6: fc.constantFrom('left', 'right'),
    max: tieRule,
    maxPool2d: tieRule,
  }),
);

const values = fc.constantFrom(['-1', '0', '1'], ['-1', '1'], ['0', '1'], ['0', '1', '2']);

const shape = fc.oneof(
  fc.constantFrom<Shape>([1], [2], [3], [1, 3], [2, 2]),
  fc.constantFrom<Shape>([1, 2, 2], [1, 2, 3], [1, 3, 3], [2, 2, 2]),
);

function absent(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

export interface LayeredOptions {
  readonly maxPoints: bigint;
  readonly maxUnits?: number;
}

/** A random case of any layer types whose Ω has at most `maxPoints` points. */
export function anyLayeredCase({ maxPoints, maxUnits = 40 }: LayeredOptions): fc.Arbitrary<Case> {
  return fc
    .record({
      input: shape,
      count: fc.integer({ min: 1, max: 4 }),
      samples: fc.constantFrom(1, 1, 2),
    })
    .chain(({ input, count, samples }) =>
      fc.record({
        drawn: layers(input, count),
        inputs: fc.array(fc.array(small, { minLength: size(input), maxLength: size(input) }), {
          minLength: samples,
          maxLength: samples,
        }),
        loss: fc.constantFrom(null, null, null, 'sum', 'mse'),
        targets: fc.array(small, { minLength: 64, maxLength: 64 }),
        format: values.map((list) => ({ values: list })),
        proxies,
      }),
    )
    .filter(({ drawn }) => {
      const units = drawn.shapes.reduce((sum, each) => sum + size(each), 0);
      return (
        drawn.loose.length === 0 &&
        drawn.shapes.every((each) => size(each) >= 1 && each.every((extent) => extent >= 1)) &&
        units <= maxUnits
      );
    })
    .map(({ drawn, inputs, loss, targets, format, proxies: used }) => {
      const outputs = size(drawn.shapes[drawn.shapes.length - 1] ?? []);
      const body = absent({
        network: {
          inputs,
          ...(drawn.input.length > 1 ? { inputShape: drawn.input } : {}),
          layers: drawn.layers,
          ...(loss === 'sum' ? { loss: { type: 'sum' } } : {}),
          ...(loss === 'mse'
            ? {
                loss: {
                  type: 'mse',
                  targets: inputs.map((_, s) =>
                    Array.from({ length: outputs }, (__, k) => targets[(s * outputs + k) % 64]),
                  ),
                },
              }
            : {}),
        },
        format,
        proxies: used,
        mode: 'exhaustive',
      }) as object;
      return caseOf(body);
    })
    .filter((found): found is Case => {
      if (found === null) return false;
      const points = found.network.parameters.reduce((all, { values: set }) => all * set.size, 1n);
      return points <= maxPoints && found.network.parameters.length > 0;
    });
}
