// The loops for a page, compiled by kernel-setup/wasm/build.mjs: functions of addresses in the memory of tfjs's WebAssembly, from whose
// allocator scratch memory and the stack come. Shapes are checked in src/engine/tensors/wasm/kernels.ts. loops.h says what each
// loop computes.
#define RCSD_LOOPS WasmLoops
#define RCSD_LOOPS_NAME "wasm"
#include "loops.cc"

using namespace rcsd;

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT void rmsNorm(const float* x, const float* weight, float eps, int rows, int width, float* y) {
  RmsNorm(x, weight, eps, rows, width, y);
}
EXPORT void rmsNormGrad(const float* dy, const float* x, const float* weight, float eps, int rows, int width, float* dx) {
  RmsNormGrad(dy, x, weight, eps, rows, width, dx);
}
EXPORT void rmsNormWeightGrad(const float* dy, const float* x, float eps, int rows, int width, float* dweight) {
  RmsNormWeightGrad(dy, x, eps, rows, width, dweight);
}

// Tables of `period` positions, repeated.
EXPORT void rotate(const float* x, const float* cos, const float* sin, int positions, int period, int heads, int width, int inverse,
                   float* y) {
  for (int at = 0; at < positions; at++) {
    const int64_t table = static_cast<int64_t>(at % period) * width, from = static_cast<int64_t>(at) * heads * width;
    Rotate(x + from, cos + table, sin + table, heads, width, inverse, y + from);
  }
}

EXPORT void swiglu(const float* gate, const float* up, int size, float* y) { Swiglu(gate, up, size, y); }
EXPORT void swigluGrad(const float* dy, const float* gate, const float* up, int size, float* dgate, float* dup) {
  SwigluGrad(dy, gate, up, size, dgate, dup);
}


EXPORT void linear(const float* x, int m, int k, const float* w, int n, float* y) { Linear(x, m, k, w, false, n, 0, n, y); }

static AttentionUnit UnitOf(const AttentionShape& shape, const float* q, const float* k, const float* v, int row, int kv) {
  const int64_t positions = shape.length * row, group = shape.heads / shape.kvHeads;
  return {q + (positions * shape.heads + kv * group) * shape.dim, k + (positions * shape.kvHeads + kv) * shape.dim,
          v + (positions * shape.kvHeads + kv) * shape.dim, nullptr};
}

// `spans` is null where each row is one sequence.
EXPORT void attention(int batch, int length, int heads, int kvHeads, int dim, int window, const float* q, const float* k,
                      const float* v, const Span* spans, float* out) {
  const AttentionShape shape{length, heads, kvHeads, dim, window};
  for (int row = 0; row < batch; row++)
    for (int kv = 0; kv < kvHeads; kv++) {
      AttentionUnit unit = UnitOf(shape, q, k, v, row, kv);
      if (spans != nullptr) unit.spans = spans + static_cast<int64_t>(row) * length;
      Attention(shape, unit, out + (unit.q - q));
    }
}
EXPORT void attentionGrad(int batch, int length, int heads, int kvHeads, int dim, int window, const float* q, const float* k,
                          const float* v, const float* dout, const Span* spans, float* dq, float* dk, float* dv) {
  const AttentionShape shape{length, heads, kvHeads, dim, window};
  for (int row = 0; row < batch; row++)
    for (int kv = 0; kv < kvHeads; kv++) {
      AttentionUnit unit = UnitOf(shape, q, k, v, row, kv);
      if (spans != nullptr) unit.spans = spans + static_cast<int64_t>(row) * length;
      AttentionGrad(shape, unit, dout + (unit.q - q), dq + (unit.q - q), dk + (unit.k - k), dv + (unit.v - v));
    }
}

EXPORT void cachedAttention(int batch, int capacity, int heads, int kvHeads, int dim, int window, const float* q, const float* k,
                            const float* v, float* keys, float* values, const int32_t* positions, float* out) {
  const AttentionShape shape{1, heads, kvHeads, dim, window};
  const int64_t group = heads / kvHeads;
  for (int row = 0; row < batch; row++)
    for (int kv = 0; kv < kvHeads; kv++) {
      const int64_t own = static_cast<int64_t>(row) * kvHeads + kv, query = (static_cast<int64_t>(row) * heads + kv * group) * dim;
      CachedAttention(shape,
                      {q + query, k + own * dim, v + own * dim, keys + own * capacity * dim, values + own * capacity * dim, positions[row]},
                      out + query);
    }
}

EXPORT void surprise(const float* logits, const int32_t* targets, int rows, int vocabulary, float* value, float* entropy, float* logSum) {
  for (int row = 0; row < rows; row++) {
    const Surprise own = SurpriseAt(logits + static_cast<int64_t>(row) * vocabulary, vocabulary, targets[row]);
    value[row] = own.value;
    entropy[row] = own.entropy;
    logSum[row] = own.logSum;
  }
}
EXPORT void surpriseGrad(const float* logits, const int32_t* targets, const float* logSum, int rows, int vocabulary, float* gradient) {
  for (int row = 0; row < rows; row++) {
    const int64_t at = static_cast<int64_t>(row) * vocabulary;
    SurpriseGrad(logits + at, vocabulary, targets[row], logSum[row], gradient + at);
  }
}

EXPORT void sample(const float* logits, const float* uniform, int rows, int vocabulary, float temperature, int topK, float topP,
                   int32_t* tokens, float* logprobs, float* samplingLogprobs) {
  for (int row = 0; row < rows; row++) {
    const Draw own = Sample(logits + static_cast<int64_t>(row) * vocabulary, vocabulary, uniform[row], {temperature, topK, topP});
    tokens[row] = own.token;
    logprobs[row] = own.logprob;
    samplingLogprobs[row] = own.samplingLogprob;
  }
}

EXPORT void adamw(float rate, float decay, float rootCorrection, float beta1, float beta2, float complement1, float complement2,
                  float epsilon, float scale, const float* p, const float* g, int size, float* m, float* v, float* next) {
  AdamW({rate, decay, rootCorrection, beta1, beta2, complement1, complement2, epsilon, scale}, p, g, size, m, v, next, false);
}
EXPORT double squareSum(const float* x, int size) { return SquareSum(x, size); }
