/*
 * Enumerates a slab of the parameters of 1-2-1, 2-2-1 or 1-2-2-1 with AVX2 (or what the compiler makes
 * of 256-bit vectors): prefix reuse, and one pass over the values of the last hidden bias innermost.
 *
 *   cc -O3 -march=native -o dense dense.c
 *   ./dense LAYERS INPUTS VALUES UNIT FIXED KERNEL
 *
 * LAYERS is 1 or 2 hidden layers of two units; INPUTS are integers; weights and biases range
 * over VALUES / UNIT, all integers with commas. FIXED lists the digits (indices
 * into VALUES) of the first parameters, or - for none; the others range over everything. Parameters in order: per
 * hidden layer its weights `[out, in]`, then its biases; then the two output weights. The output bias
 * moves nothing and is left out. KERNEL is `classes` (count the zero and the positive lanes, then
 * combine) or `lanes` (each lane computes its own predicate). Prints points, nonDifferentiable, seconds.
 *
 * nonDifferentiable: a hidden unit is 0 and its output reaches the network's, by AD with ReLU'(0) = 0;
 * every unit has a bias of its own, so that decides. Lanes are of 16, 32 bits, or doubles, the
 * narrowest that hold every sum.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_VALUES = 4096 };

static int layers, inputs, count, padded, fixed_count, lanes_kernel;
static int64_t x[2], value[MAX_VALUES];
static uint64_t points, hits;

typedef struct {
  int negative, zero, positive;
} Predicate;

#define DEFINE(NAME, T, I, N, ABOVE)                                                               \
  typedef T NAME##_vec __attribute__((vector_size(32)));                                           \
  typedef I NAME##_mask __attribute__((vector_size(32)));                                          \
  static T NAME##_bias[MAX_VALUES + N] __attribute__((aligned(32)));                               \
  /* Behind the last value stand some that are above every threshold; they are taken off again. */ \
  static int NAME##_load(int64_t one) {                                                            \
    int padded = (count + N - 1) / N * N;                                                          \
    for (int k = 0; k < padded; k++) NAME##_bias[k] = k < count ? (T)(value[k] * one) : (T)ABOVE;  \
    return padded;                                                                                 \
  }                                                                                                \
  /* Lanes are added up only before one of them may overflow. */                                   \
  static NAME##_mask NAME##_total;                                                                 \
  static int NAME##_room = 30000;                                                                  \
  static uint64_t NAME##_flush(void) {                                                             \
    uint64_t sum = 0;                                                                              \
    for (int k = 0; k < N; k++) sum += (uint64_t)NAME##_total[k];                                  \
    NAME##_total = (NAME##_mask){0};                                                               \
    NAME##_room = 30000;                                                                           \
    return sum;                                                                                    \
  }                                                                                                \
  /* The points of one innermost loop at which the predicate holds. */                             \
  static inline __attribute__((always_inline)) uint64_t NAME##_inner(int64_t base, Predicate at) { \
    NAME##_vec b = (NAME##_vec){0} - (T)base;                                                      \
    uint64_t sum = 0, extra = (uint64_t)(padded - count);                                          \
    if (lanes_kernel) {                                                                            \
      NAME##_mask n = (NAME##_mask){0} - (I)at.negative, z = (NAME##_mask){0} - (I)at.zero,        \
                  p = (NAME##_mask){0} - (I)at.positive, total = NAME##_total;                     \
      for (int k = 0; k < padded; k += N) {                                                        \
        NAME##_vec y = *(NAME##_vec *)&NAME##_bias[k];                                             \
        total -= ((y > b) & p) | ((y == b) & z) | ((y < b) & n);                                   \
      }                                                                                            \
      NAME##_total = total;                                                                        \
      NAME##_room -= padded / N;                                                                   \
      if (NAME##_room < padded / N) sum = NAME##_flush();                                          \
      return sum - (at.positive ? extra : 0);                                                      \
    }                                                                                              \
    NAME##_mask zeros = {0}, above = {0};                                                          \
    for (int k = 0; k < padded; k += N) {                                                          \
      NAME##_vec y = *(NAME##_vec *)&NAME##_bias[k];                                               \
      zeros -= y == b;                                                                             \
      above -= y > b;                                                                              \
    }                                                                                              \
    uint64_t nz = 0, np = 0;                                                                       \
    for (int k = 0; k < N; k++) nz += (uint64_t)zeros[k], np += (uint64_t)above[k];                \
    np -= extra;                                                                                   \
    return (at.zero ? nz : 0) + (at.positive ? np : 0) +                                           \
           (at.negative ? (uint64_t)count - nz - np : 0);                                          \
  }

DEFINE(narrow, int16_t, int16_t, 16, INT16_MAX)
DEFINE(middle, int32_t, int32_t, 8, INT32_MAX)
DEFINE(wide, double, int64_t, 4, 1e300)

typedef uint64_t (*Inner)(int64_t, Predicate);
#define LOOPS static inline __attribute__((always_inline)) void

/* The range of each digit: all of it, or the one that is fixed. */
static int from[16], to[16];
#define EACH(d, at) for (int d = from[at]; d < to[at]; d++)

static int64_t relu(int64_t y) { return y > 0 ? y : 0; }

/* One hidden layer: w[2][inputs], b[2], v[2]. The tail is outermost: it only sets the predicate. */
LOOPS one_layer(Inner inner) {
  int n = inputs, second = n == 2;
  EACH(c0, 2 * n + 2) EACH(c1, 2 * n + 3) {
    int r0 = value[c0] != 0, r1 = value[c1] != 0;
    EACH(w00, 0) for (int w01 = second ? from[1] : 0; w01 < (second ? to[1] : 1); w01++) {
      int64_t u0 = value[w00] * x[0] + (second ? value[w01] * x[1] : 0);
      EACH(w10, n) for (int w11 = second ? from[3] : 0; w11 < (second ? to[3] : 1); w11++) {
        int64_t u1 = value[w10] * x[0] + (second ? value[w11] * x[1] : 0);
        EACH(d0, 2 * n) {
          int tied = u0 + value[d0] == 0 && r0;
          hits += inner(u1, (Predicate){tied, tied || r1, tied});
          points += (uint64_t)count;
        }
      }
    }
  }
}

/* Two hidden layers from one input: w[2], b[2], w'[2][2], b'[2], v[2]. Biases stand times `one`. */
LOOPS two_layers(int64_t one, Inner inner) {
  EACH(a0, 0) EACH(a1, 1) EACH(e0, 2) EACH(e1, 3) {
    int64_t y0 = value[a0] * x[0] + value[e0], y1 = value[a1] * x[0] + value[e1];
    int64_t z0 = relu(y0), z1 = relu(y1);
    int t0 = y0 == 0, t1 = y1 == 0;
    EACH(c0, 10) EACH(c1, 11) {
      int64_t v0 = value[c0], v1 = value[c1];
      EACH(w00, 4) EACH(w01, 5) {
        int64_t u0 = value[w00] * z0 + value[w01] * z1;
        EACH(w10, 6) EACH(w11, 7) {
          int64_t u1 = value[w10] * z0 + value[w11] * z1;
          EACH(d0, 8) {
            int64_t s0 = u0 + value[d0] * one;
            int on = s0 > 0, tied = s0 == 0 && v0 != 0;
            int64_t g0 = on ? v0 * value[w00] : 0, g1 = on ? v0 * value[w01] : 0;
            int off = tied || (t0 && g0 != 0) || (t1 && g1 != 0);
            int at = tied || v1 != 0 || off;
            int up = tied || (t0 && g0 + v1 * value[w10] != 0) || (t1 && g1 + v1 * value[w11] != 0);
            hits += inner(u1, (Predicate){off, at, up});
            points += (uint64_t)count;
          }
        }
      }
    }
  }
}

static int list(const char *text, int64_t *into, int most) {
  int n = 0;
  while (*text != '\0' && n < most) {
    char *end;
    into[n++] = strtoll(text, &end, 10);
    text = *end == ',' ? end + 1 : end;
  }
  return n;
}

int main(int argc, char **argv) {
  if (argc != 7) {
    fprintf(stderr, "usage: dense LAYERS INPUTS VALUES UNIT FIXED KERNEL\n");
    return 2;
  }
  int64_t digits[16];
  layers = atoi(argv[1]);
  inputs = list(argv[2], x, 2);
  count = list(argv[3], value, MAX_VALUES);
  fixed_count = strcmp(argv[5], "-") == 0 ? 0 : list(argv[5], digits, 16);
  for (int k = 0; k < 16; k++) from[k] = 0, to[k] = count;
  for (int k = 0; k < fixed_count; k++) from[k] = (int)digits[k], to[k] = from[k] + 1;
  lanes_kernel = strcmp(argv[6], "lanes") == 0;
  int64_t most = 0, one = 1;
  for (int k = 0; k < count; k++) {
    int64_t size = value[k] < 0 ? -value[k] : value[k];
    if (size > most) most = size;
  }
  int64_t first = most;
  for (int k = 0; k < inputs; k++) first += most * (x[k] < 0 ? -x[k] : x[k]);
  int64_t bound = first;
  if (layers == 2) {
    /* w'·z is on the square of the grid of the values. */
    one = atoll(argv[4]);
    bound = 2 * most * first + most * one;
  }
  int lanes = bound < 32000 && count < 16000 ? 16 : bound < 2000000000 ? 32 : 64;
  padded = lanes == 16 ? narrow_load(one) : lanes == 32 ? middle_load(one) : wide_load(one);
  struct timespec start, end;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
  if (layers == 1 && lanes == 16) one_layer(narrow_inner);
  else if (layers == 1 && lanes == 32) one_layer(middle_inner);
  else if (layers == 1) one_layer(wide_inner);
  else if (lanes == 16) two_layers(one, narrow_inner);
  else if (lanes == 32) two_layers(one, middle_inner);
  else two_layers(one, wide_inner);
  hits += narrow_flush() + middle_flush() + wide_flush();
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
  double seconds = (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
  printf("{\"points\": \"%" PRIu64 "\", \"nonDifferentiable\": \"%" PRIu64 "\", \"seconds\": %.9f}\n",
         points, hits, seconds);
  return 0;
}
