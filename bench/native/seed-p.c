/*
 * The seed's P at bfloat16, scalar: P(x) = (1/|M|) Σ_c (ReLU(x − c) − ReLU(c − x)) at every x of M.
 *
 *   cc -O2 -fno-tree-vectorize -o seed-p seed-p.c && ./seed-p BITS
 *
 * M: the finite values of bfloat16 whose code's last BITS bits are 0 (BITS = 0 is all 65,279). At each
 * x all 2|M| pre-activations are compared with 0 (x − c of doubles has the right sign), the two
 * one-sided slopes and AD's (ReLU'(0) = 0) are summed as integers over |M|. Prints touched,
 * nonDifferentiable, incorrect, seconds.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double value[65536];

int main(int argc, char **argv) {
  int skip = argc > 1 ? atoi(argv[1]) : 0;
  int n = 0;
  for (uint32_t code = 0; code < 65536; code += 1u << skip) {
    if ((code & 0x7f80) == 0x7f80 || code == 0x8000) continue;
    uint32_t bits = code << 16;
    float f;
    memcpy(&f, &bits, 4);
    value[n++] = f;
  }
  uint64_t touched = 0, kinks = 0, incorrect = 0;
  struct timespec start, end;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
  for (int i = 0; i < n; i++) {
    double x = value[i];
    int64_t right = 0, left = 0, ad = 0, ties = 0;
    for (int k = 0; k < n; k++) {
      double y = x - value[k];
      int up = y > 0, down = y < 0, tie = y == 0;
      /* ReLU(y) − ReLU(−y): slope 1 either side of a tie, 0 by AD there. */
      right += up + down + tie;
      left += up + down + tie;
      ad += up + down;
      ties += 2 * tie;
    }
    touched += ties > 0;
    kinks += right != left;
    incorrect += right == left && ad != right;
  }
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
  double seconds = (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
  printf("{\"points\": \"%d\", \"touched\": \"%" PRIu64 "\", \"nonDifferentiable\": \"%" PRIu64
         "\", \"incorrect\": \"%" PRIu64 "\", \"seconds\": %.9f}\n",
         n, touched, kinks, incorrect, seconds);
  return 0;
}
