/*
 * Enumerates the parameters of a small convolutional network with AVX2 (or what the compiler makes of
 * 256-bit vectors): a 1×4×4 input, 2 filters 2×2 with stride 2 and a bias each, ReLU, a maximum over
 * the 4 positions of a filter, one dense unit on the two maxima. All parameters range over −1, 0, 1.
 *
 *   cc -O3 -march=native -o conv conv.c
 *   ./conv INPUT REPEATS
 *
 * INPUT: 16 integers with commas, row by row. The weights of a filter are shared by its 4 positions, so
 * ties of its units are not free and L-iff does not decide. What does: for fixed output weights f is a
 * sum over filters of v·max(0, y_0 … y_3), in parameters that the filters do not share, so f is
 * differentiable exactly if each term with v ≠ 0 is; a maximum of linear forms is exactly if the forms
 * that attain it are all equal. Patches must be distinct, so that forms are. (AD is right wherever f is
 * differentiable: one form attains the maximum there.) The output bias moves nothing and is left out.
 *
 * The tail is outermost and only sets the predicate, as in dense.c; the last three parameters of the second
 * filter are in lanes, 27 of 32. Prints points, nonDifferentiable, and the seconds of one of REPEATS runs.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { POSITIONS = 4, LANES = 16, BLOCKS = 2 };
typedef int16_t vec __attribute__((vector_size(32)));

static int64_t patch[POSITIONS][4];
static vec sums[BLOCKS][POSITIONS], real[BLOCKS];

static int kink_of(const int *w, int b) {
  int64_t most = 0, y[POSITIONS];
  for (int p = 0; p < POSITIONS; p++) {
    y[p] = b;
    for (int q = 0; q < 4; q++) y[p] += patch[p][q] * w[q];
    if (p == 0 || y[p] > most) most = y[p];
  }
  int attaining = most == 0;
  for (int p = 0; p < POSITIONS; p++) attaining += most >= 0 && y[p] == most;
  return attaining > 1;
}

static inline vec kinks_at(int block, const int16_t *base) {
  vec y[POSITIONS], most;
  for (int p = 0; p < POSITIONS; p++) y[p] = sums[block][p] + base[p];
  most = y[0];
  for (int p = 1; p < POSITIONS; p++) {
    vec above = y[p] > most;
    most = (y[p] & above) | (most & ~above);
  }
  vec attaining = most == 0;
  for (int p = 0; p < POSITIONS; p++) attaining += y[p] == most;
  return (attaining < -1) & (most >= 0);
}

static uint64_t points, hits;

static void enumerate(void) {
  for (int v0 = -1; v0 <= 1; v0++) for (int v1 = -1; v1 <= 1; v1++) {
    for (int n = 0; n < 243; n++) {
      int w[4], rest = n;
      for (int q = 0; q < 4; q++) w[q] = rest % 3 - 1, rest /= 3;
      int off = v0 != 0 && kink_of(w, rest - 1);
      vec always = (vec){0} - (int16_t)off, reads = (vec){0} - (int16_t)(v1 != 0);
      vec total = {0};
      for (int w0 = -1; w0 <= 1; w0++) for (int w1 = -1; w1 <= 1; w1++) {
        int16_t base[POSITIONS];
        for (int p = 0; p < POSITIONS; p++) base[p] = (int16_t)(patch[p][0] * w0 + patch[p][1] * w1);
        for (int block = 0; block < BLOCKS; block++)
          total -= ((kinks_at(block, base) & reads) | always) & real[block];
        points += 27;
      }
      for (int k = 0; k < LANES; k++) hits += (uint64_t)total[k];
    }
  }
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: conv INPUT REPEATS\n");
    return 2;
  }
  int64_t x[16];
  const char *text = argv[1];
  for (int k = 0; k < 16; k++) {
    char *end;
    x[k] = strtoll(text, &end, 10);
    text = *end == ',' ? end + 1 : end;
  }
  for (int p = 0; p < POSITIONS; p++)
    for (int q = 0; q < 4; q++) patch[p][q] = x[(2 * (p / 2) + q / 2) * 4 + 2 * (p % 2) + q % 2];
  for (int p = 0; p < POSITIONS; p++) for (int o = 0; o < p; o++) {
    int same = 1;
    for (int q = 0; q < 4; q++) same = same && patch[p][q] == patch[o][q];
    if (same) {
      fprintf(stderr, "two patches are equal\n");
      return 2;
    }
  }
  for (int k = 0; k < LANES * BLOCKS; k++) {
    int block = k / LANES, lane = k % LANES;
    real[block][lane] = k < 27 ? -1 : 0;
    for (int p = 0; p < POSITIONS; p++)
      sums[block][p][lane] =
          (int16_t)(patch[p][2] * (k / 9 % 3 - 1) + patch[p][3] * (k / 3 % 3 - 1) + (k % 3 - 1));
  }
  int repeats = atoi(argv[2]);
  struct timespec start, end;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
  for (int k = 0; k < repeats; k++) {
    points = hits = 0;
    __asm__ volatile("" ::: "memory");
    enumerate();
  }
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
  double seconds = (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
  printf("{\"points\": \"%" PRIu64 "\", \"nonDifferentiable\": \"%" PRIu64 "\", \"incorrect\": \"0\", \"seconds\": %.9f}\n",
         points, hits, seconds / repeats);
  return 0;
}
