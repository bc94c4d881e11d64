/*
 * A forward pass in doubles, plain and beside the two error bounds of src/engine/filter/rounding.ts.
 *
 *   cc -O3 -march=native -o filter filter.c
 *   ./filter DATA ROUNDS SECONDS
 *
 * DATA is a file of int32s and doubles as bench/filter/native.ts writes it: a fully connected ReLU
 * network's widths, points (weights layer by layer and unit by unit, then the layer's biases) and
 * inputs. Fixed: the first point on every input. Fresh: every point on the first input. In each of
 * ROUNDS rounds every path runs for about SECONDS, one after the other. Prints one line of JSON:
 * nanoseconds of processor time per neuron, round by round, and per path how many neurons are positive and how many
 * the bound leaves open (none is decided exactly here; the benchmark has none open).
 *
 * Units are in lanes: the matrices are transposed beforehand, 8 doubles at a time.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LANES = 8, MAX_LAYERS = 16, MAX_WIDTH = 1024, MAX_ROUNDS = 256 };
typedef double Vector __attribute__((vector_size(LANES * 8)));
typedef int64_t Mask __attribute__((vector_size(LANES * 8)));

static int layers, points, inputs;
static int32_t widths[MAX_LAYERS + 1];
/* Per point and layer: blocks of LANES units, fan-in vectors each and then one of biases. */
static Vector **matrix;
static double *input;
/* Of the first point: the greatest row norm and what is added, per layer. */
static double norms[MAX_LAYERS], offsets[MAX_LAYERS];
static double gammas[MAX_LAYERS], ups[MAX_LAYERS], absolutes[MAX_LAYERS];
static int64_t positive, open;

static void fail(const char *message) {
  fprintf(stderr, "filter: %s\n", message);
  exit(2);
}

static void *allocate(size_t bytes) {
  void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (memory == NULL) fail("out of memory");
  memset(memory, 0, (bytes + 63) / 64 * 64);
  return memory;
}

static Vector splat(double x) { return (Vector){0} + x; }
static Vector absolute(Vector x) { return (Vector)((Mask)x & INT64_MAX); }
/* x where the mask is set, 0 elsewhere. */
static Vector where(Mask mask, Vector x) { return (Vector)((Mask)x & mask); }

/* Counts lanes below `units`: a comparison is -1 in each lane where it holds. */
static int64_t lanes(Mask mask, int units) {
  int64_t sum = 0;
  for (int i = 0; i < LANES && i < units; i += 1) sum -= mask[i];
  return sum;
}

typedef enum { PLAIN, NORM, RUNNING } Path;

static inline __attribute__((always_inline)) void pass(Path path, Vector *const *of, const double *x) {
  static Vector buffers[2][MAX_WIDTH / LANES], boundBuffers[2][MAX_WIDTH / LANES];
  const double *z = x;
  const double *e = NULL;
  double error = 0;
  for (int l = 0; l < layers; l += 1) {
    int n = widths[l], units = widths[l + 1];
    Vector *y = buffers[l & 1];
    Vector *bound = boundBuffers[l & 1];
    static double t[MAX_WIDTH];
    double most = 0, layerBound = 0;
    if (path == NORM) {
      for (int j = 0; j < n; j += 1) most = z[j] > most ? z[j] : -z[j] > most ? -z[j] : most;
      layerBound = norms[l] * (gammas[l] * most + 0x1p-1074 + error) + offsets[l];
    }
    if (path == RUNNING) {
      for (int j = 0; j < n; j += 1) {
        double size = z[j] < 0 ? -z[j] : z[j];
        t[j] = gammas[l] * size + (size < 0x1p-1074 ? size : 0x1p-1074) + (e == NULL ? 0 : e[j]);
      }
    }
    const Vector *block = of[l];
    for (int u = 0; u < units; u += LANES, block += n + 1) {
      Vector sum = block[n], other = {0};
      Vector s = splat(gammas[l]) * absolute(sum), otherS = {0};
      int j = 0;
      for (; j + 2 <= n; j += 2) {
        sum += block[j] * z[j];
        other += block[j + 1] * z[j + 1];
        if (path == RUNNING) {
          s += absolute(block[j]) * t[j];
          otherS += absolute(block[j + 1]) * t[j + 1];
        }
      }
      if (j < n) {
        sum += block[j] * z[j];
        if (path == RUNNING) s += absolute(block[j]) * t[j];
      }
      sum += other;
      Vector off = path == NORM ? splat(layerBound) : (s + otherS) * ups[l] + absolutes[l];
      positive += lanes((Mask)(sum > splat(0)), units - u);
      if (path != PLAIN) open += lanes((Mask)(absolute(sum) <= off), units - u);
      Mask above = sum > splat(0);
      y[u / LANES] = where(above, sum);
      if (path == RUNNING) bound[u / LANES] = where(above, off);
    }
    z = (const double *)y;
    e = (const double *)bound;
    error = layerBound;
  }
}

static void plainPass(Vector *const *of, const double *x) { pass(PLAIN, of, x); }
static void normPass(Vector *const *of, const double *x) { pass(NORM, of, x); }
static void runningPass(Vector *const *of, const double *x) { pass(RUNNING, of, x); }

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int count, char **arguments) {
  if (count != 4) fail("DATA ROUNDS SECONDS");
  FILE *file = fopen(arguments[1], "rb");
  int rounds = atoi(arguments[2]);
  double seconds = atof(arguments[3]);
  int32_t head[3];
  if (file == NULL || fread(head, 4, 3, file) != 3) fail("cannot read DATA");
  layers = head[0], points = head[1], inputs = head[2];
  if (layers < 1 || layers > MAX_LAYERS || rounds < 1 || rounds > MAX_ROUNDS) fail("out of range");
  if (fread(widths, 4, (size_t)layers + 1, file) != (size_t)layers + 1) fail("DATA is too short");
  matrix = allocate((size_t)points * (size_t)layers * sizeof(Vector *));
  int neurons = 0;
  for (int l = 0; l < layers; l += 1) {
    if (widths[l] > MAX_WIDTH || widths[l + 1] > MAX_WIDTH) fail("too wide");
    neurons += widths[l + 1];
    gammas[l] = (widths[l] + 2) * 0x1p-53;
    ups[l] = 1 + (widths[l] + 8) * 0x1p-52;
    absolutes[l] = (2 * widths[l] + 4) * 0x1p-1074;
  }
  for (int p = 0; p < points; p += 1) {
    for (int l = 0; l < layers; l += 1) {
      int n = widths[l], units = widths[l + 1];
      Vector *blocks = allocate((size_t)((units + LANES - 1) / LANES) * (size_t)(n + 1) * sizeof(Vector));
      for (int k = 0; k < units * n + units; k += 1) {
        double value;
        if (fread(&value, 8, 1, file) != 1) fail("DATA is too short");
        int isBias = k >= units * n;
        int u = isBias ? k - units * n : k / n, j = isBias ? n : k % n;
        blocks[u / LANES * (n + 1) + j][u % LANES] = value;
        if (p > 0) continue;
        double size = value < 0 ? -value : value;
        static double norm;
        if (isBias) {
          double offset = gammas[l] * size * ups[l] + absolutes[l];
          if (offset > offsets[l]) offsets[l] = offset;
        } else {
          norm = j == 0 ? size : norm + size;
          double up = norm * ups[l] + 0x1p-1074;
          if (j == n - 1 && up > norms[l]) norms[l] = up;
        }
      }
      matrix[p * layers + l] = blocks;
    }
  }
  input = allocate((size_t)inputs * (size_t)widths[0] * 8);
  if (fread(input, 8, (size_t)(inputs * widths[0]), file) != (size_t)(inputs * widths[0])) {
    fail("DATA is too short");
  }
  struct {
    const char *name;
    void (*pass)(Vector *const *, const double *);
    int fresh;
    double times[MAX_ROUNDS];
    int64_t positive, open;
  } paths[] = {{"fixedPlain", plainPass, 0, {0}, 0, 0},
               {"fixedNorm", normPass, 0, {0}, 0, 0},
               {"fixedRunning", runningPass, 0, {0}, 0, 0},
               {"freshPlain", plainPass, 1, {0}, 0, 0},
               {"freshRunning", runningPass, 1, {0}, 0, 0}};
  int many = (int)(sizeof paths / sizeof paths[0]);
  for (int round = 0; round < rounds; round += 1) {
    for (int k = 0; k < many; k += 1) {
      double start = now(), end = start;
      int64_t passes = 0;
      do {
        positive = open = 0;
        int times = paths[k].fresh ? points : inputs;
        for (int i = 0; i < times; i += 1) {
          paths[k].pass(matrix + (paths[k].fresh ? i * layers : 0),
                        input + (paths[k].fresh ? 0 : (size_t)i * (size_t)widths[0]));
        }
        passes += times;
        end = now();
      } while (end - start < seconds);
      paths[k].times[round] = (end - start) * 1e9 / ((double)passes * neurons);
      paths[k].positive = positive;
      paths[k].open = open;
    }
  }
  printf("{");
  for (int k = 0; k < many; k += 1) {
    printf("%s\"%s\":{\"positive\":%lld,\"open\":%lld,\"nanoseconds\":[", k > 0 ? "," : "", paths[k].name,
           (long long)paths[k].positive, (long long)paths[k].open);
    for (int round = 0; round < rounds; round += 1) {
      printf("%s%.4f", round > 0 ? "," : "", paths[k].times[round]);
    }
    printf("]}");
  }
  printf("}\n");
  return 0;
}
