/*
 * Brute force: visits the points of a network's parameter space one by one, and counts them.
 *
 *   cc -O3 -march=native -o brute-force brute-force.c
 *   ./brute-force INPUTS INPUT_SCALE WIDTHS VALUE_SCALE VALUES [POINTS [SEED]]
 *
 * A fully connected network with a bias in every unit, one sample, ReLU hidden layers and an affine
 * output. INPUTS, WIDTHS (of all layers, the input's first) and VALUES are lists with commas. An
 * input is INPUTS[i] / INPUT_SCALE; every parameter ranges over VALUES[k] / VALUE_SCALE, ascending.
 * For 1-2-1 at x = 1 over {-1, 0, 1}:  ./brute-force 1 1 1,2,1 1 -1,0,1
 * POINTS ends the run at the first tile (see below) at or behind that many points: the rate of a
 * space that nobody can finish. SEED (default 0) draws where it begins: every digit but those of the
 * last hidden unit, which begin at their lowest value, as all do for 0. Prints one line of JSON.
 *
 * touched: some hidden unit's pre-activation is 0. nonDifferentiable: one of those has a non-zero
 * derivative at some output, by AD with ReLU'(0) = 0; with a bias of its own in every unit that is
 * exactly where the function is not differentiable, and AD is wrong nowhere else. So `incorrect` is
 * that theorem's 0; no derivative is compared here.
 *
 * All integers are exact: a bound on every sum is computed first, and a network beyond 62 bits is
 * refused (exit 2).
 *
 * What it does: an odometer that keeps the partial sums of all slower digits. Slowest are the output
 * layer's parameters, then come the hidden units one by one, a unit's weights before its bias. The
 * two fastest digits, the last unit's last weight and its bias, are one tile: two loops without
 * branches over the compiler's vector types, of 32 bits where the bound allows it, of 64 otherwise. In a tile only the sign of one pre-activation moves, so the network is judged once for
 * each sign (once per weight where a tie below can reach the output through this unit).
 * What it does not do: use symmetry, skip or merge points (the output bias, which changes nothing,
 * is visited like the rest), look values up, use threads.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_LAYERS = 16, VECTOR_BYTES = 32, MAX_VALUES = 65536 };

typedef struct {
  int64_t *at;
  int length;
} List;

/* The network: widths[0] inputs, hidden layers 0 .. hidden-1, then the output layer. */
static int widths[MAX_LAYERS + 1];
static int hidden;
static int outputs;
static List values;
/* Per hidden layer: what a bias is multiplied by to stand on the grid of the pre-activations. */
static int64_t biasScale[MAX_LAYERS];
/* Activations per layer, the input's first; pre-activations and weights per hidden layer. */
static int64_t *activation[MAX_LAYERS + 1];
static int64_t *preActivation[MAX_LAYERS];
static int64_t *weight[MAX_LAYERS];
static int64_t *outputWeight;
static int64_t *cotangent[MAX_LAYERS];

typedef enum { OUTPUT_BIAS, OUTPUT_WEIGHT, WEIGHT, BIAS } Kind;
typedef struct {
  Kind kind;
  int layer;
  int unit;
  int input;
} Digit;

static void fail(const char *message) {
  fprintf(stderr, "brute-force: %s\n", message);
  exit(2);
}

static void *allocate(size_t count, size_t size) {
  void *memory = calloc(count > 0 ? count : 1, size);
  if (memory == NULL) fail("out of memory");
  return memory;
}

static int64_t integer(const char *text, const char **end) {
  char *stop;
  long long value = strtoll(text, &stop, 10);
  if (stop == text) fail("not an integer");
  *end = stop;
  return value;
}

static List list(const char *text) {
  List result = {NULL, 1};
  for (const char *c = text; *c != '\0'; c += 1) result.length += *c == ',';
  result.at = allocate((size_t)result.length, sizeof(int64_t));
  for (int i = 0; i < result.length; i += 1) {
    result.at[i] = integer(text, &text);
    if (*text != (i + 1 < result.length ? ',' : '\0')) fail("not a list of integers");
    text += 1;
  }
  return result;
}

static int64_t magnitude(List integers) {
  int64_t most = 0;
  for (int i = 0; i < integers.length; i += 1) {
    int64_t size = integers.at[i] < 0 ? -integers.at[i] : integers.at[i];
    if (size > most) most = size;
  }
  return most;
}

static __int128 checked(__int128 bound) {
  if (bound >= (__int128)1 << 62) fail("beyond 62 bits");
  return bound;
}

/* Largest magnitude of a pre-activation of the last hidden layer; fills in the biases' scales. */
static int64_t bounds(int64_t inputBound, int64_t inputScale, int64_t valueScale) {
  __int128 most = magnitude(values);
  __int128 bound = inputBound;
  __int128 scale = inputScale;
  for (int l = 0; l < hidden; l += 1) {
    biasScale[l] = (int64_t)checked(scale);
    bound = checked(checked(widths[l] * most * bound) + checked(most * scale));
    scale *= valueScale;
  }
  __int128 bar = most;
  for (int l = hidden - 1; l > 0; l -= 1) bar = checked(widths[l + 1] * most * bar);
  return (int64_t)bound;
}

/* Whether a tied unit's derivative at some output is not 0, with the last unit on or off. */
static int relevantTie(int lastIsActive) {
  for (int o = 0; o < outputs; o += 1) {
    for (int l = hidden - 1; l >= 0; l -= 1) {
      int width = widths[l + 1];
      int64_t *bar = cotangent[l];
      if (l == hidden - 1) {
        memcpy(bar, outputWeight + (size_t)o * width, (size_t)width * sizeof(int64_t));
      }
      if (l > 0) memset(cotangent[l - 1], 0, (size_t)widths[l] * sizeof(int64_t));
      for (int u = 0; u < width; u += 1) {
        int last = l == hidden - 1 && u == width - 1;
        if (bar[u] == 0) continue;
        if (!last && preActivation[l][u] == 0) return 1;
        if (l == 0 || !(last ? lastIsActive : preActivation[l][u] > 0)) continue;
        const int64_t *row = weight[l] + (size_t)u * widths[l];
        for (int j = 0; j < widths[l]; j += 1) cotangent[l - 1][j] += bar[u] * row[j];
      }
    }
  }
  return 0;
}

/* How many of a tile's points have a negative, and how many a zero pre-activation: its biases are
   `chunks` vectors, filled up with one that is always positive; thresholds are negated sums. A
   comparison of vectors is -1 in each lane where it holds. */
typedef int32_t Vector32 __attribute__((vector_size(VECTOR_BYTES)));
typedef int64_t Vector64 __attribute__((vector_size(VECTOR_BYTES)));
enum { LANES32 = VECTOR_BYTES / 4, LANES64 = VECTOR_BYTES / 8 };
#define TILE(NAME, VECTOR, INTEGER)                                                                \
  static void NAME(const VECTOR *biases, int chunks, const INTEGER *thresholds, int rows,          \
                   int64_t *negative, int64_t *zero) {                                             \
    VECTOR below = {0}, equal = {0};                                                               \
    for (int c = 0; c < chunks; c += 1) {                                                          \
      VECTOR chunk = biases[c];                                                                    \
      for (int r = 0; r < rows; r += 1) {                                                          \
        below += chunk < thresholds[r];                                                            \
        equal += chunk == thresholds[r];                                                           \
      }                                                                                            \
    }                                                                                              \
    *negative = *zero = 0;                                                                         \
    for (int i = 0; i < (int)(sizeof(VECTOR) / sizeof(INTEGER)); i += 1) {                                                           \
      *negative -= below[i];                                                                       \
      *zero -= equal[i];                                                                           \
    }                                                                                              \
  }
TILE(tile32, Vector32, int32_t)
TILE(tile64, Vector64, int64_t)

int main(int count, char **arguments) {
  if (count < 6 || count > 8) {
    fail("INPUTS INPUT_SCALE WIDTHS VALUE_SCALE VALUES [POINTS [SEED]]");
  };
  const char *end;
  List inputs = list(arguments[1]);
  int64_t inputScale = integer(arguments[2], &end);
  List shape = list(arguments[3]);
  int64_t valueScale = integer(arguments[4], &end);
  values = list(arguments[5]);
  uint64_t most = count > 6 ? (uint64_t)integer(arguments[6], &end) : UINT64_MAX;
  uint64_t seed = count > 7 ? (uint64_t)integer(arguments[7], &end) : 0;
  int m = values.length;
  if (shape.length < 3 || shape.length > MAX_LAYERS) fail("needs one to 14 hidden layers");
  if (m > MAX_VALUES) fail("too many values");
  for (int k = 1; k < m; k += 1) {
    if (values.at[k] <= values.at[k - 1]) fail("values must ascend");
  }
  for (int l = 0; l < shape.length; l += 1) widths[l] = (int)shape.at[l];
  if (inputs.length != widths[0]) fail("as many inputs as the first width says");
  hidden = shape.length - 2;
  outputs = widths[hidden + 1];
  int64_t lastBound = bounds(magnitude(inputs), inputScale, valueScale);

  activation[0] = inputs.at;
  size_t digitCount = 0;
  for (int l = 0; l < hidden; l += 1) {
    size_t units = (size_t)widths[l + 1];
    activation[l + 1] = allocate(units, sizeof(int64_t));
    preActivation[l] = allocate(units, sizeof(int64_t));
    cotangent[l] = allocate(units, sizeof(int64_t));
    weight[l] = allocate(units * (size_t)widths[l], sizeof(int64_t));
    digitCount += units * ((size_t)widths[l] + 1);
  }
  int lastWidth = widths[hidden];
  int fanIn = widths[hidden - 1];
  outputWeight = allocate((size_t)outputs * (size_t)lastWidth, sizeof(int64_t));
  digitCount += (size_t)outputs * ((size_t)lastWidth + 1);

  Digit *digits = allocate(digitCount, sizeof(Digit));
  size_t d = 0;
  for (int o = 0; o < outputs; o += 1) digits[d++] = (Digit){OUTPUT_BIAS, 0, o, 0};
  for (int o = 0; o < outputs; o += 1) {
    for (int j = 0; j < lastWidth; j += 1) digits[d++] = (Digit){OUTPUT_WEIGHT, 0, o, j};
  }
  for (int l = 0; l < hidden; l += 1) {
    for (int u = 0; u < widths[l + 1]; u += 1) {
      for (int j = 0; j < widths[l]; j += 1) digits[d++] = (Digit){WEIGHT, l, u, j};
      digits[d++] = (Digit){BIAS, l, u, 0};
    }
  }
  /* The two fastest digits are the tile's; the odometer turns the others. */
  size_t turned = digitCount - 2;
  int *rank = allocate(turned, sizeof(int));
  uint64_t random = seed;
  for (size_t k = 0; seed != 0 && k < digitCount - (size_t)fanIn - 1; k += 1) {
    random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    rank[k] = (int)((random >> 33) % (uint64_t)m);
  }
  int64_t *sum = allocate(turned + 1, sizeof(int64_t));
  int64_t *lastRow = weight[hidden - 1] + (size_t)(lastWidth - 1) * fanIn;

  int narrow = lastBound < INT32_MAX;
  int chunks32 = (m + LANES32 - 1) / LANES32, chunks64 = (m + LANES64 - 1) / LANES64;
  Vector32 *biases32 = aligned_alloc(VECTOR_BYTES, (size_t)chunks32 * VECTOR_BYTES);
  Vector64 *biases64 = aligned_alloc(VECTOR_BYTES, (size_t)chunks64 * VECTOR_BYTES);
  if (biases32 == NULL || biases64 == NULL) fail("out of memory");
  int32_t *thresholds32 = allocate((size_t)m, sizeof(int32_t));
  int64_t *thresholds64 = allocate((size_t)m, sizeof(int64_t));
  for (int k = 0; k < chunks64 * LANES64; k += 1) {
    biases64[k / LANES64][k % LANES64] = k < m ? values.at[k] * biasScale[hidden - 1] : INT64_MAX;
  }
  for (int k = 0; k < chunks32 * LANES32; k += 1) {
    biases32[k / LANES32][k % LANES32] =
        k < m && narrow ? (int32_t)(values.at[k] * biasScale[hidden - 1]) : INT32_MAX;
  }

  uint64_t points = 0, touched = 0, nonDifferentiable = 0;
  struct timespec start, stop;
  clock_gettime(CLOCK_MONOTONIC, &start);
  size_t changed = 0;
  int whole = 0;
  for (;;) {
    for (size_t k = changed; k < turned; k += 1) {
      Digit digit = digits[k];
      int64_t value = values.at[rank[k]];
      sum[k + 1] = 0;
      switch (digit.kind) {
        case OUTPUT_BIAS:
          break;
        case OUTPUT_WEIGHT:
          outputWeight[(size_t)digit.unit * lastWidth + digit.input] = value;
          break;
        case WEIGHT:
          weight[digit.layer][(size_t)digit.unit * widths[digit.layer] + digit.input] = value;
          sum[k + 1] = sum[k] + value * activation[digit.layer][digit.input];
          break;
        case BIAS: {
          int64_t y = sum[k] + value * biasScale[digit.layer];
          preActivation[digit.layer][digit.unit] = y;
          activation[digit.layer + 1][digit.unit] = y > 0 ? y : 0;
          break;
        }
      }
    }

    int tiesBelow = 0, tiesBeside = 0;
    for (int l = 0; l < hidden - 1; l += 1) {
      for (int u = 0; u < widths[l + 1]; u += 1) tiesBelow |= preActivation[l][u] == 0;
    }
    for (int u = 0; u < lastWidth - 1; u += 1) tiesBeside |= preActivation[hidden - 1][u] == 0;
    int ties = tiesBelow | tiesBeside;
    int column = 0;
    for (int o = 0; o < outputs; o += 1) {
      column |= outputWeight[(size_t)o * lastWidth + lastWidth - 1] != 0;
    }
    int offIsRelevant = ties && relevantTie(0);

    int64_t lastActivation = activation[hidden - 1][fanIn - 1];
    for (int r = 0; r < m; r += 1) {
      thresholds64[r] = -(sum[turned] + values.at[r] * lastActivation);
      if (narrow) thresholds32[r] = (int32_t)thresholds64[r];
    }
    /* With a tie below, what the unit passes back depends on its weight: one row at a time. */
    int rows = tiesBelow && column ? 1 : m;
    for (int r = 0; r < m; r += rows) {
      lastRow[fanIn - 1] = values.at[r];
      int onIsRelevant = rows == 1 ? relevantTie(1) : offIsRelevant;
      int64_t negative, zero;
      if (narrow) tile32(biases32, chunks32, thresholds32 + r, rows, &negative, &zero);
      else tile64(biases64, chunks64, thresholds64 + r, rows, &negative, &zero);
      int64_t all = (int64_t)rows * m;
      touched += (uint64_t)(ties ? all : zero);
      nonDifferentiable += (uint64_t)((offIsRelevant ? negative : 0) +
                                      (offIsRelevant || column ? zero : 0) +
                                      (onIsRelevant ? all - negative - zero : 0));
    }
    points += (uint64_t)m * (uint64_t)m;
    if (points >= most) break;

    size_t k = turned;
    while (k > 0 && rank[k - 1] == m - 1) {
      rank[k - 1] = 0;
      k -= 1;
    }
    if (k == 0) {
      whole = seed == 0;
      break;
    }
    rank[k - 1] += 1;
    changed = k - 1;
  }
  clock_gettime(CLOCK_MONOTONIC, &stop);
  double seconds = (double)(stop.tv_sec - start.tv_sec) + 1e-9 * (double)(stop.tv_nsec - start.tv_nsec);
  printf("{\"points\":\"%" PRIu64 "\",\"whole\":%s,\"touched\":\"%" PRIu64
         "\",\"nonDifferentiable\":\"%" PRIu64 "\",\"incorrect\":\"0\",\"seconds\":%.9f}\n",
         points, whole ? "true" : "false", touched, nonDifferentiable, seconds);
  return 0;
}
