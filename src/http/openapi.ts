/**
 * The OpenAPI 3.1 document, generated from the schemas that validate: nothing is written twice.
 *
 * @fastify/swagger collects the routes; what is done here is naming. Every schema of NAMED that
 * occurs anywhere in the document is moved to `components` and referred to, so that a generated
 * client has a type `Network` and not the same tree in twenty places. Two schemas are the same when
 * they are equal as JSON. The document does not depend on where or when it is made.
 */
import swagger from '@fastify/swagger';
import type { TSchema } from '@sinclair/typebox';
import * as catalogue from '../schemas/catalogue.js';
import * as exact from '../schemas/exact.js';
import * as format from '../schemas/format.js';
import * as job from '../schemas/job.js';
import * as network from '../schemas/network.js';
import * as policy from '../schemas/policy.js';
import * as problem from '../schemas/problem.js';
import * as request from '../schemas/request.js';
import * as result from '../schemas/result.js';
import * as sampled from '../schemas/sampled-result.js';
import * as sampling from '../schemas/sampling.js';
import { StoredNetworkSchema } from '../schemas/stored-network.js';
import * as webhook from '../schemas/webhook.js';
import { PUBLIC } from './access.js';
import type { App } from './dependencies.js';
import { REQUEST_EXAMPLES } from './examples.js';
import { PROBLEMS } from './problem.js';

/** Version of the HTTP contract, not of the program. */
export const CONTRACT_VERSION = '1.0.0';

const NAMED: Readonly<Record<string, TSchema>> = {
  ExactText: exact.ExactTextSchema,
  ExactInput: exact.ExactInputSchema,
  Count: exact.CountSchema,
  RationalText: exact.RationalTextSchema,
  ExactWithValue: exact.ExactWithValueSchema,
  ParameterName: network.ParameterNameSchema,
  Entry: network.EntrySchema,
  Activation: network.ActivationSchema,
  LayerSource: network.SourceSchema,
  DenseLayer: network.DenseLayerSchema,
  Conv2dLayer: network.Conv2dLayerSchema,
  Conv1dLayer: network.Conv1dLayerSchema,
  MaxPool2dLayer: network.MaxPool2dLayerSchema,
  AvgPool2dLayer: network.AvgPool2dLayerSchema,
  FlattenLayer: network.FlattenLayerSchema,
  AddLayer: network.AddLayerSchema,
  ConcatLayer: network.ConcatLayerSchema,
  ScaleLayer: network.ScaleLayerSchema,
  MaxLayer: network.MaxLayerSchema,
  Loss: network.LossSchema,
  Network: network.NetworkSchema,
  SingleFormat: format.SingleFormatSchema,
  MixedFormat: format.MixedFormatSchema,
  Format: format.FormatSchema,
  Mode: request.ModeSchema,
  Proxies: request.ProxiesSchema,
  Sampling: sampling.SamplingSchema,
  Around: sampling.AroundSchema,
  Policy: policy.PolicySchema,
  Verdict: policy.VerdictSchema,
  JudgedRule: policy.JudgedRuleSchema,
  Gate: policy.GateSchema,
  AnalyzeRequest: request.AnalyzeSchema,
  BoundsRequest: request.BoundsRequestSchema,
  JobState: job.JobStateSchema,
  JobError: job.JobErrorSchema,
  Job: job.JobSchema,
  Question: result.QuestionSchema,
  Space: result.SpaceSchema,
  Bound: result.BoundSchema,
  Neuron: result.NeuronSchema,
  Witness: result.WitnessSchema,
  TouchedNeuron: result.TouchedNeuronSchema,
  TiedMaximum: result.TiedMaximumSchema,
  CertificateVertex: result.CertificateVertexSchema,
  Clarke: result.ClarkeSchema,
  ExhaustiveResult: result.ExhaustiveResultSchema,
  SampledInterval: sampled.SampledIntervalSchema,
  SampledDensity: sampled.SampledDensitySchema,
  SampledNeuron: sampled.SampledNeuronSchema,
  SampledResult: sampled.SampledResultSchema,
  PointResult: result.PointResultSchema,
  BoundsResult: result.BoundsResultSchema,
  Result: result.ResultSchema,
  FormatSummary: catalogue.FormatSummarySchema,
  FormatEntry: catalogue.FormatEntrySchema,
  ActivationEntry: catalogue.ActivationEntrySchema,
  Fault: problem.FaultSchema,
  StoredNetwork: StoredNetworkSchema,
  NetworkRef: network.NetworkRefSchema,
  Webhook: webhook.WebhookSchema,
  WebhookEvent: webhook.WebhookEventSchema,
  Delivery: webhook.DeliverySchema,
  Problem: problem.ProblemSchema,
  ProblemKind: problem.ProblemKindSchema,
};

const DESCRIPTION = `Says, exactly, where automatic differentiation is right and wrong for a neural
network whose parameters are machine-representable numbers. Post a network and a number format to
\`/analyze\`, follow the job, read the result and its report.

Exact numbers travel as text: an integer, a rational \`2/15\`, a decimal \`-0.375\`. In requests a
JSON number is also taken and means exactly the double it parses to. Unknown fields are refused and
nothing is coerced. Every refusal is a problem document (RFC 9457) with a stable \`code\`.`;

/** JSON with the keys of every object in order: equal texts are equal values. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  );
}

const nameOf = new Map(Object.entries(NAMED).map(([name, schema]) => [canonical(schema), name]));

type Naming = (name: string) => object;

const reference: Naming = (name) => ({ $ref: `#/components/schemas/${name}` });
/** Survives the collector, which rewrites schemas (it drops the pattern of a record's keys). */
const MARK = 'x-schema';
const mark: Naming = (name) => ({ [MARK]: name });

/** The tree with every named schema below its root replaced. */
function named(node: unknown, naming: Naming): unknown {
  if (Array.isArray(node)) return node.map((inner) => replaced(inner, naming));
  if (node === null || typeof node !== 'object') return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, inner]) => [key, replaced(inner, naming)]),
  );
}

function replaced(node: unknown, naming: Naming): unknown {
  if (node === null || typeof node !== 'object') return node;
  const name = nameOf.get(canonical(node));
  return name === undefined ? named(node, naming) : naming(name);
}

/** A plain copy: without TypeBox's symbols and whatever is undefined. */
const plain = (value: object): object => JSON.parse(JSON.stringify(value)) as object;

interface Response {
  content?: object;
}
interface Operation {
  security?: readonly object[];
  requestBody?: { content: Record<string, object> };
  responses: Record<string, Response>;
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  [member: string]: unknown;
}

/** Statuses without a body; the collector gives them one. */
const BODILESS = ['204', '304'];
/** Statuses of routes that take a key. */
const OF_KEYS = ['401', '403', '429'];

const KEY_SCHEME = {
  apiKey: {
    type: 'http',
    scheme: 'bearer',
    description:
      'An API key, made by whoever runs the service. None is needed where the service listens on loopback and no key was ever made.',
  },
};

function finished(collected: object): object {
  const marked = new RegExp(`\\{"${MARK}":"(\\w+)"\\}`, 'g');
  const document = JSON.parse(
    JSON.stringify(collected).replace(marked, (_, name: string) => JSON.stringify(reference(name))),
  ) as Document;
  for (const [path, operations] of Object.entries(document.paths)) {
    const open = PUBLIC.has(path.replaceAll(/\{(\w+)\}/g, ':$1'));
    for (const operation of Object.values(operations)) {
      for (const status of BODILESS) delete operation.responses[status]?.content;
      if (!open) continue;
      operation.security = [];
      operation.responses = Object.fromEntries(
        Object.entries(operation.responses).filter(([status]) => !OF_KEYS.includes(status)),
      );
    }
  }
  const examples = Object.fromEntries(
    Object.entries(REQUEST_EXAMPLES).map(([name, { summary, request: value }]) => [
      name,
      { summary, value },
    ]),
  );
  for (const path of ['/analyze', '/bounds']) {
    const body = document.paths[path]?.['post']?.requestBody?.content['application/json'];
    if (body === undefined) throw new Error(`${path} has no JSON body to give examples of`);
    Object.assign(body, { examples });
  }
  // Uploads are read as streams, which the collector knows nothing of.
  for (const [path, method] of [
    ['/networks', 'post'],
    ['/networks/{digest}', 'put'],
  ] as const) {
    const operation = document.paths[path]?.[method];
    if (operation === undefined) throw new Error(`${method} ${path} is not there`);
    const body = {
      required: true,
      content: { 'application/json': { schema: reference('Network') } },
    };
    operation.requestBody = body;
  }
  const schemas = Object.fromEntries(
    Object.entries(NAMED).map(([name, schema]) => [name, named(plain(schema), reference)]),
  );
  const { Problem: problemSchema } = schemas;
  schemas['Problem'] = { ...(problemSchema as object), 'x-problems': PROBLEMS };
  return {
    ...document,
    security: [{ apiKey: [] }, {}],
    components: { schemas, securitySchemes: KEY_SCHEME },
  };
}

/** Registers the collector; must come before the routes. */
export async function collectRoutes(app: App): Promise<void> {
  await app.register(swagger, {
    convertConstToEnum: false,
    transform: ({ schema, url }) => ({
      url,
      schema: {
        ...schema,
        ...('body' in schema ? { body: replaced(plain(schema.body as object), mark) } : {}),
        ...('response' in schema
          ? { response: replaced(plain(schema.response as object), mark) }
          : {}),
      },
    }),
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'gradcert',
        version: CONTRACT_VERSION,
        description: DESCRIPTION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      tags: [
        { name: 'jobs', description: 'Ask, follow, cancel.' },
        { name: 'results', description: 'The exact answer, for programs and for readers.' },
        { name: 'networks', description: 'Uploaded once, asked about by digest.' },
        { name: 'webhooks', description: 'What was sent to whom.' },
        { name: 'bounds', description: 'Theorems at once, without a job.' },
        { name: 'catalogues', description: 'Formats and activations by name.' },
        { name: 'operation', description: 'Health, metrics and this document.' },
      ],
    },
  });
}

const made = new WeakMap<App, object>();

/** The document of an instance that is ready; the same object every time. */
export function openApiDocument(app: App): object {
  const document = made.get(app) ?? finished(app.swagger());
  made.set(app, document);
  return document;
}
