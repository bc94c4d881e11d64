/**
 * Networks as a resource, named by the SHA-256 of their bytes: uploaded once, asked about often.
 *
 * The bytes are one JSON text, what `network` of a request would hold. They go to the store as they
 * arrive, counted while they do: Fastify's own limit does not hold where a parser takes the stream
 * (pitfall F3), and what is longer than `networkLimitBytes` is refused in the middle.
 */
import { Type } from '@sinclair/typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { NetworkSchema, type NetworkInput } from '../../schemas/network.js';
import { StoredNetworkSchema, type StoredNetwork } from '../../schemas/stored-network.js';
import { json, problems } from '../answers.js';
import type { App, Dependencies } from '../dependencies.js';
import { faultsOf } from '../faults.js';
import { readJson } from '../json-body.js';
import { ProblemError } from '../problem.js';
import type { KeptNetwork, Upload } from '../stores.js';

const DIGEST = /^(?:sha256:)?([0-9a-f]{64})$/;

const ParamsSchema = Type.Object(
  {
    digest: Type.String({ description: 'SHA-256 of the bytes in 64 lower-case hex digits.' }),
  },
  { additionalProperties: false },
);

const UPLOAD_PROBLEMS = [
  'invalid-request',
  'payload-too-large',
  'unsupported-media-type',
  'invalid-network',
  'planning-too-long',
  'queue-unavailable',
] as const;

function bodyOf({ digest, bytes, samples, layers, createdAt }: KeptNetwork): StoredNetwork {
  const links = { self: `/networks/${digest}` };
  return { ref: `sha256:${digest}`, bytes, samples, layers, createdAt, links };
}

function tooLarge(limit: number): ProblemError {
  return new ProblemError(
    'payload-too-large',
    `The network is longer than ${String(limit)} bytes.`,
    // What is still to come is not read.
    { extensions: { limit }, headers: { connection: 'close' } },
  );
}

async function* counted(body: AsyncIterable<Buffer>, limit: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > limit) throw tooLarge(limit);
    yield chunk;
  }
}

export async function networkRoutes(
  app: App,
  { analysis, config, networks }: Dependencies,
): Promise<void> {
  const limit = config.networkLimitBytes;

  /** The network that the bytes are, or the refusal with one entry per fault. */
  async function read(upload: Upload): Promise<NetworkInput> {
    const value = readJson(await upload.content(), 'invalid-network');
    const shape = faultsOf(NetworkSchema, value);
    // What the engine says of it alone; any format will do.
    const parsed =
      shape.length > 0
        ? null
        : await analysis.parse({ network: value, format: { values: ['0'] }, mode: 'bounds' });
    const faults =
      parsed === null
        ? shape
        : parsed.ok
          ? []
          : parsed.faults
              .filter(({ pointer }) => pointer.startsWith('/network'))
              .map((fault) => ({ ...fault, pointer: fault.pointer.slice('/network'.length) }));
    const [first] = faults;
    if (first === undefined) return value as NetworkInput;
    const where = first.pointer === '' ? 'it' : first.pointer;
    throw new ProblemError('invalid-network', `This is no network: ${where} ${first.detail}.`, {
      errors: faults,
    });
  }

  async function store(
    request: FastifyRequest,
    reply: FastifyReply,
    expected: string | null,
  ): Promise<FastifyReply> {
    const upload = await networks.receive(counted(request.body as AsyncIterable<Buffer>, limit));
    try {
      if (expected !== null && upload.digest !== expected) {
        throw new ProblemError(
          'digest-mismatch',
          `The bytes have the SHA-256 ${upload.digest}, not ${expected}.`,
          { extensions: { expected, actual: upload.digest } },
        );
      }
      const { inputs, layers } = await read(upload);
      const facts = { samples: inputs.length, layers: layers.length };
      const { network, created } = await upload.keep(request.tenant, facts);
      return await reply
        .code(created ? 201 : 200)
        .header('location', `/networks/${network.digest}`)
        .send(bodyOf(network));
    } catch (error) {
      await upload.discard();
      throw error;
    }
  }

  // A scope of its own: here, and only here, bodies are streams.
  await app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('application/json', (request, payload, parsed) => {
      if (Number(request.headers['content-length'] ?? 0) > limit) parsed(tooLarge(limit));
      else parsed(null, payload);
    });
    scope.addHook('preParsing', (request, _reply, payload, next) => {
      const coding = request.headers['content-encoding'] ?? 'identity';
      if (coding === 'identity') {
        next(null, payload);
        return;
      }
      next(
        new ProblemError('unsupported-media-type', `Content-Encoding ${coding} is not taken.`, {
          headers: { 'accept-encoding': 'identity' },
        }),
      );
    });

    const stored = {
      200: json('The network was there already.', StoredNetworkSchema, ['location']),
      201: json('The network is stored.', StoredNetworkSchema, ['location']),
    };
    const typed = scope as unknown as App;
    typed.post(
      '/networks',
      {
        schema: {
          operationId: 'uploadNetwork',
          tags: ['networks'],
          summary: 'Store a network; the answer names it',
          description: `One JSON text, what \`network\` of a request would hold, of at most the bytes that this installation takes. It is named by the SHA-256 of its bytes and kept for 30 days after it was last used.`,
          response: { ...stored, ...problems(...UPLOAD_PROBLEMS) },
        },
      },
      (request, reply) => {
        refuseNoBody(request);
        return store(request, reply, null);
      },
    );
    typed.put(
      '/networks/:digest',
      {
        schema: {
          operationId: 'putNetwork',
          tags: ['networks'],
          summary: 'Store a network under its digest',
          description:
            'As POST /networks, for a client that knows the digest: bytes of any other are refused. Idempotent.',
          params: ParamsSchema,
          response: { ...stored, ...problems('digest-mismatch', ...UPLOAD_PROBLEMS) },
        },
      },
      (request, reply) => {
        const [, expected = ''] = DIGEST.exec(request.params.digest) ?? [];
        if (expected === '') {
          throw new ProblemError(
            'invalid-request',
            `${JSON.stringify(request.params.digest)} is no digest: 64 lower-case hex digits.`,
          );
        }
        refuseNoBody(request);
        return store(request, reply, expected);
      },
    );
    done();
  });

  app.get(
    '/networks/:digest',
    {
      schema: {
        operationId: 'getNetwork',
        tags: ['networks'],
        summary: 'Whether a network is stored, and what it is',
        description: 'A HEAD tells whether an upload can be left out.',
        params: ParamsSchema,
        response: {
          200: json('The network.', StoredNetworkSchema),
          ...problems('network-not-found', 'queue-unavailable'),
        },
      },
    },
    async (request, reply) => {
      const [, digest] = DIGEST.exec(request.params.digest) ?? [];
      const network = digest === undefined ? null : await networks.find(request.tenant, digest);
      if (network === null) {
        throw new ProblemError(
          'network-not-found',
          `There is no network ${JSON.stringify(request.params.digest)}.`,
        );
      }
      return reply.send(bodyOf(network));
    },
  );
}

function refuseNoBody(request: FastifyRequest): void {
  if (request.body !== undefined && request.body !== null) return;
  throw new ProblemError('invalid-network', 'The body is empty; a network is expected.');
}
