// The inner loops of the project's TensorFlow kernels, compiled once for each instruction set (loops.cc) and chosen
// when the addon is loaded. Matrices are row-major. Every function runs on one thread and on the part it is given, so
// that no result depends on the number of threads.
#pragma once

#include <cstdint>

namespace rcsd {

// Attention of `heads` query heads over `kvHeads` key heads; `window` is 0 or the number of latest positions seen.
struct AttentionShape {
  int64_t length;
  int64_t heads;
  int64_t kvHeads;
  int64_t dim;
  int64_t window;
};

// Which positions a query may see in a row that contains several sequences: prefixStart .. prefixEnd, which it shares
// with other sequences, and its own part from `start` to itself.
struct Span {
  int32_t prefixStart;
  int32_t prefixEnd;
  int32_t start;
};

// One key head of one row in arrays [T, heads, dim]: pointers to the first elements, and the first query head of the
// group.
struct AttentionUnit {
  const float* q;
  const float* k;
  const float* v;
  const Span* spans;  // [T]; null where the row is one sequence
};

// Keys and values of one key head of one sequence in a cache, and those of the new token.
struct CacheUnit {
  const float* q;     // [group, dim]
  const float* k;     // [dim]
  const float* v;     // [dim]
  float* keys;        // [capacity, dim], written at `position`
  float* values;      // [capacity, dim], written at `position`
  int64_t position;
};

struct SamplingRule {
  float temperature;  // 0: the most likely token
  int64_t topK;       // 0: no limit
  float topP;         // 1: no limit
};

struct Draw {
  int32_t token;
  float logprob;          // at temperature 1
  float samplingLogprob;  // under the distribution after temperature and limits
};

// Of one row of logits, in nats: -log p(target), the entropy, and the logarithm of the sum of exponentials.
struct Surprise {
  float value;
  float entropy;
  float logSum;
};

struct AdamWRule {
  float rate;         // learning rate / (1 - beta1^step)
  float decay;        // 1 - learning rate * weight decay
  float rootCorrection;  // sqrt(1 - beta2^step)
  float beta1;
  float beta2;
  float complement1;  // 1 - beta1 and 1 - beta2, which are not exact as differences of floats
  float complement2;
  float epsilon;
  float scale;        // of the gradient, to clip the global norm
};

// Muon on one matrix. Each Newton-Schulz step turns X into (a I + b G + c G G) X with G = X X^T.
struct MuonRule {
  float rate;         // learning rate
  float decay;        // 1 - learning rate * weight decay
  float momentum;
  float scale;        // of the gradient, to clip the global norm
  float a, b, c;
  int64_t steps;
};

// One product of a sum. `depth` is the number of 32-bit units (pairs of bf16) in each row of the left side and in each
// column of the right side's panel.
struct ProductSegment {
  const float* left;
  const float* right;
  int64_t depth;
};

struct Loops {
  const char* name;

  // Rows of x / rms(x) * weight, and the gradient with respect to x.
  void (*rmsNorm)(const float* x, const float* weight, float eps, int64_t rows, int64_t width, float* y);
  void (*rmsNormGrad)(const float* dy, const float* x, const float* weight, float eps, int64_t rows, int64_t width,
                      float* dx);
  // The gradient with respect to the weight, summed over the rows.
  void (*rmsNormWeightGrad)(const float* dy, const float* x, float eps, int64_t rows, int64_t width, float* dweight);

  // x cos + swapHalves(x) sin on `heads` rows of `width`; inverse: the transposed rotation.
  void (*rotate)(const float* x, const float* cos, const float* sin, int64_t heads, int64_t width, bool inverse,
                 float* y);

  // silu(gate) * up and its gradients.
  void (*swiglu)(const float* gate, const float* up, int64_t size, float* y);
  void (*swigluGrad)(const float* dy, const float* gate, const float* up, int64_t size, float* dgate, float* dup);

  // Columns first .. last of y = x w^T for x [m, k], w [n, k] in fp32 or in bf16 pairs; y [m, n]. A row of y does not
  // depend on the other rows of x.
  void (*linear)(const float* x, int64_t m, int64_t k, const void* w, bool bf16, int64_t n, int64_t first, int64_t last,
                 float* y);

  // Columns first .. last of y = x w, or x w^T if w is transposed, for x [m, k] in fp32 and w [k, n] or [n, k] in bf16, whose numbers
  // are widened to fp32 while they are packed. A row of y does not depend on the other rows of x.
  void (*widened)(const float* x, int64_t m, int64_t k, const void* w, bool transposed, int64_t n, int64_t first, int64_t last,
                  float* y);

  // General products in bf16, see products.h: functions that pack the sides, and one that computes rows first .. last
  // of a panel of C, which starts at `c`.
  int64_t panel;
  void (*packLeft)(bool transposed, const float* a, int64_t m, int64_t k, int64_t first, int64_t last, float* to);
  void (*packRight)(bool transposed, const float* b, int64_t n, int64_t k, int64_t first, float* to);
  void (*multiply)(const ProductSegment* segments, int count, int64_t first, int64_t last, int64_t columns, float scale,
                   float* c, int64_t ldc);

  // Causal softmax(q k^T) v of one unit; out and the gradients have the layouts of q, k and v.
  void (*attention)(const AttentionShape& shape, const AttentionUnit& unit, float* out);
  void (*attentionGrad)(const AttentionShape& shape, const AttentionUnit& unit, const float* dout, float* dq, float* dk,
                        float* dv);
  void (*cachedAttention)(const AttentionShape& shape, const CacheUnit& unit, float* out);

  Surprise (*surprise)(const float* logits, int64_t vocabulary, int32_t target);
  // The gradient of -log p(target) with respect to the logits.
  void (*surpriseGrad)(const float* logits, int64_t vocabulary, int32_t target, float logSum, float* gradient);

  Draw (*sample)(const float* logits, int64_t vocabulary, float uniform, const SamplingRule& rule);

  // Updates some entries of a parameter. The moments are written in place; nextP bypasses the caches if it is long.
  void (*adamw)(const AdamWRule& rule, const float* p, const float* g, int64_t size, float* m, float* v, float* nextP,
                bool past);

  // Updates a parameter [rows, columns]. The momentum is written in place.
  void (*muon)(const MuonRule& rule, const float* p, const float* g, int64_t rows, int64_t columns, float* momentum,
               float* nextP);

  double (*squareSum)(const float* x, int64_t size);
};

// The fastest table that this processor can run.
const Loops& BestLoops();

}  // namespace rcsd
