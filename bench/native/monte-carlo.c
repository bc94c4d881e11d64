/*
 * Plain Monte Carlo: draws points of a network's parameter space and decides each of them exactly.
 *
 *   cc -O3 -march=native -o monte-carlo monte-carlo.c -lm
 *   ./monte-carlo INPUTS WIDTHS VALUES POINTS SEED
 *
 * A fully connected network with one or two hidden ReLU layers, a bias in every unit, an affine output
 * and one sample. INPUTS are integers and WIDTHS those of all layers, lists with commas. VALUES is a
 * file of doubles, ascending: what every parameter ranges over. A point is drawn uniformly over ranks,
 * parameter by parameter in the order layer, unit's weights, then the layer's biases; parameter k of
 * all points together takes the k-th number of SplitMix64 from SEED on, times the number of values,
 * its upper 64 bits. (No rank is likelier than another by more than 2^-48 of itself.)
 * Prints one line of JSON.
 *
 * touched: some hidden unit's pre-activation is 0. nonDifferentiable: one of those has a non-zero
 * derivative at the output, by AD with ReLU'(0) = 0; with a bias of its own in every unit that is
 * exactly where the function is not differentiable.
 *
 * How a point is decided: in 64-bit integers where no sum can leave them, else in 128-bit ones where
 * those hold every sum, else in doubles with a running error bound (src/engine/filter/rounding.ts);
 * a point with a unit that the bound leaves open, or tied, is done again in fixed point of 2048 bits.
 * Points are independent, nothing is conditioned, shared or skipped; one thread.
 */
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_WIDTH = 256, LIMBS = 32 };
typedef __int128 int128;

/* widths[0] inputs, hidden layers, one output. */
static int widths[4], hidden, count;
static int64_t inputs[MAX_WIDTH];
static size_t parameters;
/* By rank: the value, and the value as odd·2^shift over the common grid 2^-lsb. */
static double *table;
static int64_t *odd;
static int *shift;
static int lsb;
static int64_t *grid;
/* The point: ranks, and doubles or integers. */
static uint32_t *ranks;

static void fail(const char *message) {
  fprintf(stderr, "monte-carlo: %s\n", message);
  exit(2);
}

static void *allocate(size_t number, size_t size) {
  void *memory = calloc(number > 0 ? number : 1, size);
  if (memory == NULL) fail("out of memory");
  return memory;
}

static int list(const char *text, int64_t *into, int most) {
  int length = 0;
  for (;;) {
    char *end;
    if (length == most) fail("a list is too long");
    into[length++] = strtoll(text, &end, 10);
    if (end == text || (*end != '\0' && *end != ',')) fail("not a list of integers");
    if (*end == '\0') return length;
    text = end + 1;
  }
}

static uint64_t state;
static inline uint64_t next(void) {
  uint64_t x = state += UINT64_C(0x9e3779b97f4a7c15);
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

static inline uint32_t drawn(void) {
  return (uint32_t)(((unsigned __int128)next() * (uint64_t)count) >> 64);
}

typedef struct {
  int touched, nonDifferentiable;
} Decision;

/* In integers of a type that holds every sum: a point over the grid, biases scaled up to their layer's. */
#define INTEGER_DECISION(NAME, TYPE)                                                                \
  static Decision NAME(const int64_t *point) {                                                      \
    TYPE y[2][MAX_WIDTH], z[MAX_WIDTH];                                                             \
    Decision decision = {0, 0};                                                                     \
    const int64_t *weights[3];                                                                      \
    for (int j = 0; j < widths[0]; j += 1) z[j] = inputs[j];                                        \
    TYPE scale = 1;                                                                                 \
    for (int l = 0; l < hidden; l += 1) {                                                           \
      int n = widths[l], units = widths[l + 1];                                                     \
      weights[l] = point;                                                                           \
      for (int u = 0; u < units; u += 1) {                                                          \
        TYPE sum = scale * point[units * n + u];                                                    \
        for (int j = 0; j < n; j += 1) sum += point[u * n + j] * z[j];                              \
        y[l][u] = sum;                                                                              \
        decision.touched |= sum == 0;                                                               \
      }                                                                                             \
      for (int u = 0; u < units; u += 1) z[u] = y[l][u] > 0 ? y[l][u] : 0;                          \
      point += units * n + units;                                                                   \
      scale = (TYPE)1 << lsb;                                                                       \
    }                                                                                               \
    weights[hidden] = point;                                                                        \
    if (!decision.touched) return decision;                                                         \
    for (int u = 0; u < widths[hidden]; u += 1) {                                                   \
      decision.nonDifferentiable |= y[hidden - 1][u] == 0 && weights[hidden][u] != 0;               \
    }                                                                                               \
    for (int j = 0; hidden == 2 && j < widths[1]; j += 1) {                                         \
      if (y[0][j] != 0) continue;                                                                   \
      TYPE bar = 0;                                                                                 \
      for (int u = 0; u < widths[2]; u += 1) {                                                      \
        if (y[1][u] > 0) bar += (TYPE)weights[2][u] * weights[1][u * widths[1] + j];                \
      }                                                                                             \
      decision.nonDifferentiable |= bar != 0;                                                       \
    }                                                                                               \
    return decision;                                                                                \
  }
INTEGER_DECISION(decideIn64, int64_t)
INTEGER_DECISION(decideIn128, int128)

/* Fixed point: two's complement, low limb first. */
typedef struct {
  uint64_t limb[LIMBS];
} Wide;

static int signOf(const Wide *x) {
  if (x->limb[LIMBS - 1] >> 63) return -1;
  for (int i = 0; i < LIMBS; i += 1) {
    if (x->limb[i] != 0) return 1;
  }
  return 0;
}

static void negate(Wide *x) {
  uint64_t carry = 1;
  for (int i = 0; i < LIMBS; i += 1) {
    x->limb[i] = ~x->limb[i] + carry;
    carry = carry && x->limb[i] == 0;
  }
}

static void add(Wide *sum, const Wide *x) {
  unsigned __int128 carry = 0;
  for (int i = 0; i < LIMBS; i += 1) {
    carry += (unsigned __int128)sum->limb[i] + x->limb[i];
    sum->limb[i] = (uint64_t)carry;
    carry >>= 64;
  }
}

/* sum += x·m·2^by; main has made sure that it fits. */
static void addProduct(Wide *sum, const Wide *x, int64_t m, int by) {
  Wide magnitude = *x, product = {{0}};
  int negative = signOf(x) < 0;
  if (negative) negate(&magnitude);
  if (m < 0) negative = !negative;
  uint64_t size = m < 0 ? -(uint64_t)m : (uint64_t)m;
  unsigned __int128 carry = 0;
  for (int i = 0; i < LIMBS; i += 1) {
    carry += (unsigned __int128)magnitude.limb[i] * size;
    magnitude.limb[i] = (uint64_t)carry;
    carry >>= 64;
  }
  int limbs = by / 64, bits = by % 64;
  for (int i = LIMBS - 1; i >= limbs; i -= 1) {
    product.limb[i] = magnitude.limb[i - limbs] << bits;
    if (bits > 0 && i > limbs) product.limb[i] |= magnitude.limb[i - limbs - 1] >> (64 - bits);
  }
  if (negative) negate(&product);
  add(sum, &product);
}

static Wide wideOf(int64_t n) {
  Wide x = {{0}};
  for (int i = 1; n < 0 && i < LIMBS; i += 1) x.limb[i] = UINT64_MAX;
  x.limb[0] = (uint64_t)n;
  return x;
}

static Decision decideInFixedPoint(void) {
  static Wide y[2][MAX_WIDTH], z[MAX_WIDTH];
  const uint32_t *weights[3], *point = ranks;
  const Wide one = wideOf(1), zero = {{0}};
  Decision decision = {0, 0};
  for (int j = 0; j < widths[0]; j += 1) z[j] = wideOf(inputs[j]);
  for (int l = 0; l < hidden; l += 1) {
    int n = widths[l], units = widths[l + 1];
    weights[l] = point;
    for (int u = 0; u < units; u += 1) {
      uint32_t bias = point[units * n + u];
      y[l][u] = zero;
      addProduct(&y[l][u], &one, odd[bias], shift[bias] + l * lsb);
      for (int j = 0; j < n; j += 1) {
        uint32_t weight = point[u * n + j];
        addProduct(&y[l][u], &z[j], odd[weight], shift[weight]);
      }
      decision.touched |= signOf(&y[l][u]) == 0;
    }
    for (int u = 0; u < units; u += 1) z[u] = signOf(&y[l][u]) > 0 ? y[l][u] : zero;
    point += units * n + units;
  }
  weights[hidden] = point;
  if (!decision.touched) return decision;
  for (int u = 0; u < widths[hidden]; u += 1) {
    decision.nonDifferentiable |= signOf(&y[hidden - 1][u]) == 0 && odd[weights[hidden][u]] != 0;
  }
  for (int j = 0; hidden == 2 && j < widths[1]; j += 1) {
    if (signOf(&y[0][j]) != 0) continue;
    Wide bar = zero;
    for (int u = 0; u < widths[2]; u += 1) {
      if (signOf(&y[1][u]) <= 0) continue;
      uint32_t out = weights[2][u], in = weights[1][u * widths[1] + j];
      Wide factor = wideOf(odd[out]);
      addProduct(&bar, &factor, odd[in], shift[out] + shift[in]);
    }
    decision.nonDifferentiable |= signOf(&bar) != 0;
  }
  return decision;
}

/* Whether the running bound proves that no unit is tied. */
static int isFree(const double *point) {
  static double z[MAX_WIDTH], e[MAX_WIDTH], t[MAX_WIDTH];
  for (int j = 0; j < widths[0]; j += 1) {
    z[j] = (double)inputs[j];
    e[j] = 0;
  }
  for (int l = 0; l < hidden; l += 1) {
    int n = widths[l], units = widths[l + 1];
    double gamma = (n + 2) * 0x1p-53, up = 1 + (n + 8) * 0x1p-52;
    double least = (2 * n + 4) * 0x1p-1074;
    double y[MAX_WIDTH], bound[MAX_WIDTH];
    for (int j = 0; j < n; j += 1) {
      t[j] = gamma * fabs(z[j]) + (z[j] == 0 ? 0 : 0x1p-1074) + e[j];
    }
    for (int u = 0; u < units; u += 1) {
      double sum = point[units * n + u], s = gamma * fabs(sum);
      const double *row = point + u * n;
      for (int j = 0; j < n; j += 1) {
        sum += row[j] * z[j];
        s += fabs(row[j]) * t[j];
      }
      y[u] = sum;
      bound[u] = s * up + least;
    }
    for (int u = 0; u < units; u += 1) {
      if (!(fabs(y[u]) > bound[u] && fabs(y[u]) + bound[u] < INFINITY)) return 0;
      z[u] = y[u] > 0 ? y[u] : 0;
      e[u] = y[u] > 0 ? bound[u] : 0;
    }
    point += units * n + units;
  }
  return 1;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int argumentCount, char **arguments) {
  if (argumentCount != 6) fail("INPUTS WIDTHS VALUES POINTS SEED");
  int64_t shape[4];
  int many = list(arguments[1], inputs, MAX_WIDTH);
  int layers = list(arguments[2], shape, 4) - 1;
  hidden = layers - 1;
  if (hidden < 1 || shape[layers] != 1) fail("needs one or two hidden layers and one output");
  for (int l = 0; l <= layers; l += 1) {
    if (shape[l] < 1 || shape[l] > MAX_WIDTH) fail("a width is out of range");
    widths[l] = (int)shape[l];
  }
  if (many != widths[0]) fail("as many inputs as the first width says");
  for (int l = 0; l < layers; l += 1) parameters += (size_t)((widths[l] + 1) * widths[l + 1]);
  FILE *file = fopen(arguments[3], "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) fail("cannot read VALUES");
  count = (int)(ftell(file) / 8);
  rewind(file);
  table = allocate((size_t)count, 8);
  if (count < 1 || fread(table, 8, (size_t)count, file) != (size_t)count) fail("cannot read VALUES");
  uint64_t points = strtoull(arguments[4], NULL, 10);
  state = strtoull(arguments[5], NULL, 10);

  odd = allocate((size_t)count, sizeof(int64_t));
  shift = allocate((size_t)count, sizeof(int));
  grid = allocate((size_t)count, sizeof(int64_t));
  ranks = allocate(parameters, sizeof(uint32_t));
  double *doubles = allocate(parameters, 8);
  int64_t *integers = allocate(parameters, 8);
  int top = -4096;
  for (int k = 0; k < count; k += 1) {
    if (table[k] == 0) continue;
    int exponent;
    odd[k] = (int64_t)ldexp(frexp(table[k], &exponent), 53);
    shift[k] = exponent - 53;
    if (exponent > top) top = exponent;
    while (odd[k] % 2 == 0) {
      odd[k] /= 2;
      shift[k] += 1;
    }
    if (-shift[k] > lsb) lsb = -shift[k];
  }
  for (int k = 0; k < count; k += 1) {
    if (table[k] != 0) shift[k] += lsb;
  }
  int span = top + lsb;
  /* Bits of the largest sum in front of the output: a product per layer, and room to add them up. */
  int inputBits = 0, room = 2;
  for (int j = 0; j < many; j += 1) {
    while (inputs[j] >> inputBits != 0 && inputs[j] >> inputBits != -1) inputBits += 1;
  }
  for (int l = 0; l < hidden; l += 1) {
    for (int n = widths[l] + 1; n > 0; n /= 2) room += 1;
  }
  int bits = hidden * span + inputBits + room;
  if (hidden * span + span + inputBits + room + 64 > LIMBS * 64) fail("the values spread too far");
  int integerBits = bits < 62 ? 64 : bits < 126 && span < 62 ? 128 : 0;
  if (integerBits != 0) {
    for (int k = 0; k < count; k += 1) grid[k] = odd[k] * ((int64_t)1 << shift[k]);
  }

  uint64_t touched = 0, nonDifferentiable = 0, open = 0;
  double start = now();
  for (uint64_t i = 0; i < points; i += 1) {
    Decision decision = {0, 0};
    if (integerBits != 0) {
      for (size_t k = 0; k < parameters; k += 1) integers[k] = grid[drawn()];
      decision = integerBits == 64 ? decideIn64(integers) : decideIn128(integers);
    } else {
      for (size_t k = 0; k < parameters; k += 1) {
        ranks[k] = drawn();
        doubles[k] = table[ranks[k]];
      }
      if (!isFree(doubles)) {
        open += 1;
        decision = decideInFixedPoint();
      }
    }
    touched += (uint64_t)decision.touched;
    nonDifferentiable += (uint64_t)decision.nonDifferentiable;
  }
  double seconds = now() - start;
  printf("{\"points\":%" PRIu64 ",\"touched\":%" PRIu64 ",\"nonDifferentiable\":%" PRIu64
         ",\"open\":%" PRIu64 ",\"integerBits\":%d,\"seconds\":%.9f}\n",
         points, touched, nonDifferentiable, open, integerBits, seconds);
  return 0;
}
