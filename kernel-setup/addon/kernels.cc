// The project's own TensorFlow kernels for CPUs. They need fewer passes over memory than TensorFlow's own operations,
// and no array of the size of the attention scores. Each has a counterpart of TensorFlow's own operations in src/,
// which also serves as its reference in the tests. The arithmetic is in loops.cc; this file has the signatures of the
// operations, the checks of their shapes, and the division of work among threads.

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <vector>

#include "loops.h"
#include "team.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/shape_inference.h"
#include "tensorflow/core/util/work_sharder.h"

namespace rcsd {
namespace {

using tensorflow::DEVICE_CPU;
using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;
using tensorflow::TensorShape;
using tensorflow::shape_inference::InferenceContext;

// Shape function for outputs shaped like the inputs number First, First + 1, ...
template <int First, int Count>
absl::Status Like(InferenceContext* context) {
  for (int i = 0; i < Count; i++) context->set_output(i, context->input(First + i));
  return absl::OkStatus();
}

const float* Floats(const Tensor& tensor) { return tensor.flat<float>().data(); }
float* Floats(Tensor* tensor) { return tensor->flat<float>().data(); }

bool Require(OpKernelContext* context, bool condition, const char* what) {
  if (!condition) context->CtxFailure(absl::InvalidArgumentError(what));
  return condition;
}

Tensor* Output(OpKernelContext* context, int index, const TensorShape& shape) {
  Tensor* output = nullptr;
  const absl::Status status = context->allocate_output(index, shape, &output);
  if (!status.ok()) context->CtxFailure(status);
  return output;
}

bool Scratch(OpKernelContext* context, const TensorShape& shape, Tensor* tensor) {
  const absl::Status status = context->allocate_temp(tensorflow::DT_FLOAT, shape, tensor);
  if (!status.ok()) context->CtxFailure(status);
  return status.ok();
}

// Runs work(first, last) over 0 .. total on the operation's threads; `cost` is the approximate number of cycles of one
// unit.
void Share(OpKernelContext* context, int64_t total, int64_t cost, const std::function<void(int64_t, int64_t)>& work) {
  const auto& threads = *context->device()->tensorflow_cpu_worker_threads();
  tensorflow::Shard(threads.num_threads, threads.workers, total, cost, work);
}

// The same on the project's own team of threads (team.h), for the small pieces of work that decoding repeats.
void ShareAwake(OpKernelContext* context, int64_t total, int64_t least, const Team::Work& work) {
  const int threads = context->device()->tensorflow_cpu_worker_threads()->num_threads;
  Team::Of(threads).Run(total, std::max(least, (total + 4 * threads - 1) / (4 * threads)), work);
}

int64_t LastDim(const Tensor& tensor) { return tensor.dim_size(tensor.dims() - 1); }

class RmsNormOp : public OpKernel {
 public:
  explicit RmsNormOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("eps", &eps_));
  }
  bool IsExpensive() override { return false; }
  void Compute(OpKernelContext* context) override {
    const Tensor& x = context->input(0);
    const Tensor& weight = context->input(1);
    const int64_t width = LastDim(x);
    if (!Require(context, weight.NumElements() == width, "RcsdRmsNorm: weight is not as long as x's last axis")) return;
    Tensor* y = Output(context, 0, x.shape());
    if (y == nullptr) return;
    Share(context, x.NumElements() / width, width, [&](int64_t first, int64_t last) {
      BestLoops().rmsNorm(Floats(x) + first * width, Floats(weight), eps_, last - first, width,
                          Floats(y) + first * width);
    });
  }

 private:
  float eps_;
};

class RmsNormGradOp : public OpKernel {
 public:
  explicit RmsNormGradOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("eps", &eps_));
  }
  void Compute(OpKernelContext* context) override {
    const Tensor& dy = context->input(0);
    const Tensor& x = context->input(1);
    const Tensor& weight = context->input(2);
    const int64_t width = LastDim(x);
    if (!Require(context, weight.NumElements() == width && dy.shape() == x.shape(), "RcsdRmsNormGrad: shapes differ"))
      return;
    Tensor* dx = Output(context, 0, x.shape());
    if (dx == nullptr) return;
    Share(context, x.NumElements() / width, 2 * width, [&](int64_t first, int64_t last) {
      const int64_t at = first * width;
      BestLoops().rmsNormGrad(Floats(dy) + at, Floats(x) + at, Floats(weight), eps_, last - first, width,
                              Floats(dx) + at);
    });
  }

 private:
  float eps_;
};

// The gradient of the weight: sums over blocks of rows, which do not depend on the number of threads.
class RmsNormWeightGradOp : public OpKernel {
 public:
  explicit RmsNormWeightGradOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("eps", &eps_));
  }
  void Compute(OpKernelContext* context) override {
    const Tensor& dy = context->input(0);
    const Tensor& x = context->input(1);
    if (!Require(context, dy.shape() == x.shape(), "RcsdRmsNormWeightGrad: shapes differ")) return;
    const int64_t width = LastDim(x), rows = x.NumElements() / width, blocks = (rows + kRows - 1) / kRows;
    Tensor* dweight = Output(context, 0, TensorShape({width}));
    Tensor parts;
    if (dweight == nullptr || !Scratch(context, TensorShape({blocks, width}), &parts)) return;
    Share(context, blocks, kRows * width, [&](int64_t first, int64_t last) {
      for (int64_t block = first; block < last; block++) {
        const int64_t from = block * kRows, at = from * width;
        BestLoops().rmsNormWeightGrad(Floats(dy) + at, Floats(x) + at, eps_, std::min(kRows, rows - from), width,
                                      Floats(&parts) + block * width);
      }
    });
    float* sum = Floats(dweight);
    std::fill(sum, sum + width, 0.0f);
    for (int64_t block = 0; block < blocks; block++)
      for (int64_t i = 0; i < width; i++) sum[i] += Floats(parts)[block * width + i];
  }

 private:
  static constexpr int64_t kRows = 128;
  float eps_;
};

// x [B, T, H, d]; cos and sin [B or 1, T or 1, 1, d].
class RotateOp : public OpKernel {
 public:
  explicit RotateOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("inverse", &inverse_));
  }
  bool IsExpensive() override { return false; }
  void Compute(OpKernelContext* context) override {
    const Tensor& x = context->input(0);
    const Tensor& cos = context->input(1);
    const Tensor& sin = context->input(2);
    const bool tables = x.dims() == 4 && cos.dims() == 4 && cos.shape() == sin.shape() && cos.dim_size(2) == 1 &&
                        cos.dim_size(3) == x.dim_size(3) && x.dim_size(3) % 2 == 0;
    if (!Require(context, tables, "RcsdRotate: the tables do not fit x")) return;
    const int64_t length = x.dim_size(1), heads = x.dim_size(2), width = x.dim_size(3);
    const int64_t batchStep = cos.dim_size(0) == 1 ? 0 : cos.dim_size(1), lengthStep = cos.dim_size(1) == 1 ? 0 : 1;
    Tensor* y = Output(context, 0, x.shape());
    if (y == nullptr) return;
    Share(context, x.dim_size(0) * length, heads * width, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; i++) {
        const int64_t table = (i / length * batchStep + i % length * lengthStep) * width;
        const int64_t at = i * heads * width;
        BestLoops().rotate(Floats(x) + at, Floats(cos) + table, Floats(sin) + table, heads, width, inverse_,
                           Floats(y) + at);
      }
    });
  }

 private:
  bool inverse_;
};

class SwigluOp : public OpKernel {
 public:
  using OpKernel::OpKernel;
  bool IsExpensive() override { return false; }
  void Compute(OpKernelContext* context) override {
    const Tensor& gate = context->input(0);
    const Tensor& up = context->input(1);
    if (!Require(context, gate.shape() == up.shape(), "RcsdSwiglu: shapes differ")) return;
    Tensor* y = Output(context, 0, gate.shape());
    if (y == nullptr) return;
    Share(context, gate.NumElements(), 4, [&](int64_t first, int64_t last) {
      BestLoops().swiglu(Floats(gate) + first, Floats(up) + first, last - first, Floats(y) + first);
    });
  }
};

class SwigluGradOp : public OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* context) override {
    const Tensor& dy = context->input(0);
    const Tensor& gate = context->input(1);
    const Tensor& up = context->input(2);
    if (!Require(context, gate.shape() == up.shape() && dy.shape() == up.shape(), "RcsdSwigluGrad: shapes differ"))
      return;
    Tensor* dgate = Output(context, 0, gate.shape());
    Tensor* dup = Output(context, 1, gate.shape());
    if (dgate == nullptr || dup == nullptr) return;
    Share(context, gate.NumElements(), 5, [&](int64_t first, int64_t last) {
      BestLoops().swigluGrad(Floats(dy) + first, Floats(gate) + first, Floats(up) + first, last - first,
                             Floats(dgate) + first, Floats(dup) + first);
    });
  }
};

// x [M, K] times the transpose of each of several matrices: [N, K] in fp32, or [N, K / 2] whose numbers are pairs of
// bf16. The rows of all matrices are divided together, because handing work to a thread takes as long as a small
// matrix.
class FewRowsLinearOp : public OpKernel {
 public:
  explicit FewRowsLinearOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("bf16", &bf16_));
  }
  bool IsExpensive() override { return false; }
  void Compute(OpKernelContext* context) override {
    const Tensor& x = context->input(0);
    const int count = context->num_inputs() - 1;
    if (!Require(context, x.dims() == 2, "RcsdFewRowsLinear: x is not a matrix")) return;
    const int64_t m = x.dim_size(0), k = x.dim_size(1);
    std::vector<int64_t> ends;
    std::vector<float*> ys;
    for (int i = 0; i < count; i++) {
      const Tensor& w = context->input(i + 1);
      const bool fit = w.dims() == 2 && w.dim_size(1) * (bf16_ ? 2 : 1) == k;
      if (!Require(context, fit, "RcsdFewRowsLinear: x and w do not fit")) return;
      Tensor* y = Output(context, i, TensorShape({m, w.dim_size(0)}));
      if (y == nullptr) return;
      ys.push_back(Floats(y));
      ends.push_back((ends.empty() ? 0 : ends.back()) + w.dim_size(0));
    }
    // Every piece splits x again, so it gets several times as many rows of w.
    ShareAwake(context, ends.back(), std::max<int64_t>(32, 8 * m), [&](int64_t first, int64_t last) {
      for (int i = 0; i < count; i++) {
        const Tensor& w = context->input(i + 1);
        const int64_t n = w.dim_size(0), start = ends[i] - n;
        const int64_t from = std::max(first, start) - start, to = std::min(last, ends[i]) - start;
        if (from < to) BestLoops().linear(Floats(x), m, k, Floats(w), bf16_, n, from, to, ys[i]);
      }
    });
  }

 private:
  bool bf16_;
};

// x [M, K] times a matrix of bf16 numbers, given as pairs: w [K, N / 2], or [N, K / 2] if it is transposed. Everything but w is fp32.
class WidenedOp : public OpKernel {
 public:
  explicit WidenedOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("transpose", &transpose_));
  }
  void Compute(OpKernelContext* context) override {
    const Tensor& x = context->input(0);
    const Tensor& w = context->input(1);
    const bool fit = x.dims() == 2 && w.dims() == 2 && x.dim_size(1) == (transpose_ ? 2 * w.dim_size(1) : w.dim_size(0));
    if (!Require(context, fit, "RcsdWidened: x and w do not fit")) return;
    const int64_t m = x.dim_size(0), k = x.dim_size(1), n = transpose_ ? w.dim_size(0) : 2 * w.dim_size(1);
    Tensor* y = Output(context, 0, TensorShape({m, n}));
    if (y == nullptr) return;
    const int64_t width = BestLoops().panel, panels = (n + width - 1) / width;
    // Where there are few panels, their rows are divided too, although each part widens the panel again.
    const int threads = context->device()->tensorflow_cpu_worker_threads()->num_threads;
    const int64_t parts = std::max<int64_t>(1, std::min<int64_t>(m / 48, 4 * threads / panels));
    const int64_t rows = (m + parts - 1) / parts;
    Share(context, panels * parts, rows * k * 2, [&](int64_t first, int64_t last) {
      for (int64_t task = first; task < last; task++) {
        const int64_t from = task % parts * rows, column = task / parts * width;
        if (from < m)
          BestLoops().widened(Floats(x) + from * k, std::min(rows, m - from), k, Floats(w), transpose_, n, column,
                              std::min(n, column + width), Floats(y) + from * n);
      }
    });
  }

 private:
  bool transpose_;
};

// Sums of products: output o is scale times the sum of left[left_of[s]] right[s] over the segments s with output_of[s]
// = o; the attributes say which side is transposed. Both sides are rounded to bf16 on the way, sums are fp32.
class ProductsOp : public OpKernel {
 public:
  explicit ProductsOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("transpose_left", &transposeLeft_));
    OP_REQUIRES_OK(context, context->GetAttr("transpose_right", &transposeRight_));
    OP_REQUIRES_OK(context, context->GetAttr("scale", &scale_));
    OP_REQUIRES_OK(context, context->GetAttr("left_of", &leftOf_));
    OP_REQUIRES_OK(context, context->GetAttr("output_of", &outputOf_));
    OP_REQUIRES_OK(context, context->GetAttr("L", &lefts_));
  }
  void Compute(OpKernelContext* context) override {
    std::vector<Part> parts(context->num_outputs());
    std::vector<Tensor> lefts(lefts_);
    if (!Plan(context, &parts) || !PackLefts(context, &lefts) || !PackAhead(context, &parts)) return;
    int64_t tasks = 0, cost = 0;
    for (Part& part : parts) {
      part.firstTask = tasks;
      tasks += part.panels * part.chunks;
      cost += part.m * part.depth * part.panels;
    }
    const int64_t width = BestLoops().panel;
    Share(context, tasks, std::max<int64_t>(1, cost / std::max<int64_t>(1, tasks)), [&](int64_t first, int64_t last) {
      thread_local std::vector<float> memory;
      for (int64_t task = first; task < last; task++) {
        size_t o = 0;
        while (o + 1 < parts.size() && parts[o + 1].firstTask <= task) o++;
        const Part& part = parts[o];
        const int64_t panel = (task - part.firstTask) / part.chunks, chunk = (task - part.firstTask) % part.chunks;
        const float* right = part.ahead == nullptr ? PackPanel(context, part, panel, Sized(&memory, part.depth * width))
                                                   : part.ahead + panel * part.depth * width;
        std::vector<ProductSegment> segments;
        for (const int s : part.segments) {
          segments.push_back({Floats(lefts[leftOf_[s]]), right, DepthOf(Inner(context, s))});
          right += segments.back().depth * width;
        }
        const int64_t from = std::min(part.m, chunk * part.rows), to = std::min(part.m, from + part.rows);
        BestLoops().multiply(segments.data(), static_cast<int>(segments.size()), from, to,
                             std::min(width, part.n - panel * width), scale_, part.c + panel * width, part.n);
      }
    });
  }

 private:
  // One output: [m, n] in panels of columns and chunks of rows.
  struct Part {
    int64_t m = -1, n = -1, depth = 0, panels = 0, chunks = 0, rows = 0, firstTask = 0;
    float* c = nullptr;
    std::vector<int> segments;
    Tensor memory;
    float* ahead = nullptr;  // All panels packed beforehand, if several tasks need each of them.
  };

  static float* Sized(std::vector<float>* memory, int64_t size) {
    if (static_cast<int64_t>(memory->size()) < size) memory->resize(size);
    return memory->data();
  }

  const Tensor& Left(OpKernelContext* context, int segment) const { return context->input(leftOf_[segment]); }
  const Tensor& Right(OpKernelContext* context, int segment) const { return context->input(lefts_ + segment); }
  int64_t Inner(OpKernelContext* context, int segment) const { return Left(context, segment).dim_size(!transposeLeft_); }
  static int64_t DepthOf(int64_t k) { return (k + 1) / 2; }

  bool Plan(OpKernelContext* context, std::vector<Part>* parts) const {
    const int count = context->num_inputs() - lefts_;
    bool fit = static_cast<int>(leftOf_.size()) == count && static_cast<int>(outputOf_.size()) == count;
    for (int s = 0; fit && s < count; s++) {
      fit = leftOf_[s] >= 0 && leftOf_[s] < lefts_ && outputOf_[s] >= 0 &&
            outputOf_[s] < static_cast<int>(parts->size()) && Left(context, s).dims() == 2 && Right(context, s).dims() == 2;
      if (!fit) break;
      const int64_t m = Left(context, s).dim_size(transposeLeft_), n = Right(context, s).dim_size(!transposeRight_);
      Part& part = (*parts)[outputOf_[s]];
      fit = (part.m < 0 || (part.m == m && part.n == n)) &&
            Right(context, s).dim_size(transposeRight_) == Inner(context, s);
      part.m = m;
      part.n = n;
      part.depth += DepthOf(Inner(context, s));
      part.segments.push_back(s);
    }
    for (const Part& part : *parts) fit = fit && part.m >= 0;
    if (!Require(context, fit, "RcsdProducts: the matrices do not fit")) return false;
    for (size_t o = 0; o < parts->size(); o++) {
      Part& part = (*parts)[o];
      Tensor* c = Output(context, static_cast<int>(o), TensorShape({part.m, part.n}));
      if (c == nullptr) return false;
      part.c = Floats(c);
      part.panels = (part.n + BestLoops().panel - 1) / BestLoops().panel;
      // Enough tasks to divide them evenly among the threads; in the worst case, a panel is packed again for each of
      // its chunks of rows.
      part.chunks = std::max<int64_t>(1, std::min((part.m + 127) / 128, 16 / std::max<int64_t>(1, part.panels) + 2));
      part.rows = ((part.m + part.chunks - 1) / part.chunks + 11) / 12 * 12;
    }
    return true;
  }

  // Packs the left sides as rows of units.
  bool PackLefts(OpKernelContext* context, std::vector<Tensor>* packed) const {
    for (int i = 0; i < lefts_; i++) {
      const Tensor& a = context->input(i);
      const int64_t m = a.dim_size(transposeLeft_), k = a.dim_size(!transposeLeft_);
      if (!Scratch(context, TensorShape({m, DepthOf(k)}), &(*packed)[i])) return false;
      float* to = Floats(&(*packed)[i]);
      Share(context, (m + 15) / 16, 4 * k, [&](int64_t first, int64_t last) {
        BestLoops().packLeft(transposeLeft_, Floats(a), m, k, first * 16, std::min(m, last * 16), to);
      });
    }
    return true;
  }

  bool PackAhead(OpKernelContext* context, std::vector<Part>* parts) const {
    for (Part& part : *parts) {
      if (part.chunks == 1) continue;
      const int64_t size = part.depth * BestLoops().panel;
      if (!Scratch(context, TensorShape({part.panels * size}), &part.memory)) return false;
      part.ahead = Floats(&part.memory);
      Share(context, part.panels, size, [&](int64_t first, int64_t last) {
        for (int64_t panel = first; panel < last; panel++) PackPanel(context, part, panel, part.ahead + panel * size);
      });
    }
    return true;
  }

  const float* PackPanel(OpKernelContext* context, const Part& part, int64_t panel, float* to) const {
    const int64_t width = BestLoops().panel;
    float* at = to;
    for (const int s : part.segments) {
      const int64_t k = Inner(context, s);
      BestLoops().packRight(transposeRight_, Floats(Right(context, s)), part.n, k, panel * width, at);
      at += DepthOf(k) * width;
    }
    return to;
  }

  bool transposeLeft_, transposeRight_;
  float scale_;
  int lefts_;
  std::vector<int> leftOf_, outputOf_;
};

// Reads the spans of a packed batch [B, T, 3] from input number `index`, if there is one. They are used as addresses
// and therefore checked.
bool ReadSpans(OpKernelContext* context, int index, const AttentionShape& shape, const Span** spans) {
  *spans = nullptr;
  if (context->num_inputs() <= index) return true;
  const Tensor& given = context->input(index);
  const int64_t batch = context->input(0).dim_size(0);
  if (!Require(context, given.NumElements() == batch * shape.length * 3, "RcsdAttention: spans are not [B, T, 3]"))
    return false;
  *spans = reinterpret_cast<const Span*>(given.flat<int32_t>().data());
  for (int64_t i = 0; i < batch * shape.length; i++) {
    const Span& span = (*spans)[i];
    const bool inside = 0 <= span.prefixStart && span.prefixStart <= span.prefixEnd && span.prefixEnd <= span.start &&
                        span.start <= i % shape.length;
    if (!Require(context, inside, "RcsdAttention: a span lies outside its row")) return false;
  }
  return true;
}

const Span* Advance(const Span* spans, const AttentionShape& shape, int64_t index) {
  return spans == nullptr ? nullptr : spans + index / shape.kvHeads * shape.length;
}

// q [B, T, H, d], k and v [B, T, KV, d].
bool ReadAttentionShape(OpKernelContext* context, int64_t window, AttentionShape* shape) {
  const Tensor& q = context->input(0);
  const Tensor& k = context->input(1);
  const Tensor& v = context->input(2);
  const bool fit = q.dims() == 4 && k.dims() == 4 && k.shape() == v.shape() && q.dim_size(0) == k.dim_size(0) &&
                   q.dim_size(1) == k.dim_size(1) && q.dim_size(3) == k.dim_size(3) &&
                   q.dim_size(2) % k.dim_size(2) == 0;
  *shape = {q.dim_size(1), q.dim_size(2), k.dim_size(2), q.dim_size(3), window};
  return Require(context, fit, "RcsdAttention: q, k and v do not fit");
}

int64_t UnitCost(const AttentionShape& shape) {
  return shape.length * shape.length * shape.dim * (shape.heads / shape.kvHeads) / 16;
}

// Offsets of unit number `index` (of B * KV) in arrays laid out like q and like k.
struct Offsets {
  int64_t query, key;
};

Offsets At(const AttentionShape& shape, int64_t index) {
  const int64_t batch = index / shape.kvHeads, head = index % shape.kvHeads;
  const int64_t group = shape.heads / shape.kvHeads;
  return {(batch * shape.length * shape.heads + head * group) * shape.dim,
          (batch * shape.length * shape.kvHeads + head) * shape.dim};
}

class AttentionOp : public OpKernel {
 public:
  explicit AttentionOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("window", &window_));
  }
  void Compute(OpKernelContext* context) override {
    AttentionShape shape;
    const Span* spans;
    if (!ReadAttentionShape(context, window_, &shape) || !ReadSpans(context, 3, shape, &spans)) return;
    const Tensor& q = context->input(0);
    const Tensor& k = context->input(1);
    const Tensor& v = context->input(2);
    Tensor* out = Output(context, 0, q.shape());
    if (out == nullptr) return;
    Share(context, q.dim_size(0) * shape.kvHeads, UnitCost(shape), [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; i++) {
        const auto [query, key] = At(shape, i);
        const AttentionUnit unit = {Floats(q) + query, Floats(k) + key, Floats(v) + key, Advance(spans, shape, i)};
        BestLoops().attention(shape, unit, Floats(out) + query);
      }
    });
  }

 private:
  int64_t window_;
};

class AttentionGradOp : public OpKernel {
 public:
  explicit AttentionGradOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("window", &window_));
  }
  void Compute(OpKernelContext* context) override {
    AttentionShape shape;
    const Span* spans;
    if (!ReadAttentionShape(context, window_, &shape) || !ReadSpans(context, 4, shape, &spans)) return;
    const Tensor& q = context->input(0);
    const Tensor& k = context->input(1);
    const Tensor& v = context->input(2);
    const Tensor& dout = context->input(3);
    if (!Require(context, dout.shape() == q.shape(), "RcsdAttentionGrad: the gradient is not shaped like q")) return;
    Tensor* dq = Output(context, 0, q.shape());
    Tensor* dk = Output(context, 1, k.shape());
    Tensor* dv = Output(context, 2, v.shape());
    if (dq == nullptr || dk == nullptr || dv == nullptr) return;
    Share(context, q.dim_size(0) * shape.kvHeads, 3 * UnitCost(shape), [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; i++) {
        const auto [query, key] = At(shape, i);
        const AttentionUnit unit = {Floats(q) + query, Floats(k) + key, Floats(v) + key, Advance(spans, shape, i)};
        BestLoops().attentionGrad(shape, unit, Floats(dout) + query, Floats(dq) + query, Floats(dk) + key,
                                  Floats(dv) + key);
      }
    });
  }

 private:
  int64_t window_;
};

// Attention of one new token in each row: q [B, 1, H, d], k and v [B, 1, KV, d]. The buffers [B * KV * capacity, d] are
// written in place, as InplaceUpdate does; positions [B].
class CachedAttentionOp : public OpKernel {
 public:
  explicit CachedAttentionOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("capacity", &capacity_));
    OP_REQUIRES_OK(context, context->GetAttr("window", &window_));
  }
  bool IsExpensive() override { return false; }
  void Compute(OpKernelContext* context) override {
    AttentionShape shape;
    if (!ReadAttentionShape(context, window_, &shape)) return;
    const Tensor& q = context->input(0);
    const Tensor& k = context->input(1);
    const Tensor& v = context->input(2);
    Tensor keys = context->input(3);
    Tensor values = context->input(4);
    const Tensor& positions = context->input(5);
    const int64_t batch = q.dim_size(0), units = batch * shape.kvHeads, group = shape.heads / shape.kvHeads;
    const int64_t size = units * capacity_ * shape.dim;
    const bool fit = shape.length == 1 && keys.NumElements() == size && values.NumElements() == size &&
                     positions.NumElements() == batch;
    if (!Require(context, fit, "RcsdCachedAttention: the cache does not fit q")) return;
    const int32_t* at = positions.flat<int32_t>().data();
    const bool inside = std::all_of(at, at + batch, [&](int32_t p) { return p >= 0 && p < capacity_; });
    if (!Require(context, inside, "RcsdCachedAttention: a position is beyond the cache")) return;
    Tensor* out = Output(context, 0, q.shape());
    if (out == nullptr) return;
    ShareAwake(context, units, 1, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; i++) {
        const int64_t query = i * group * shape.dim, buffer = i * capacity_ * shape.dim;
        const CacheUnit unit = {Floats(q) + query,       Floats(k) + i * shape.dim, Floats(v) + i * shape.dim,
                                Floats(&keys) + buffer, Floats(&values) + buffer, at[i / shape.kvHeads]};
        BestLoops().cachedAttention(shape, unit, Floats(out) + query);
      }
    });
  }

 private:
  int64_t capacity_;
  int64_t window_;
};

// Whether there is one target for each row of logits [N, V], all of them inside the vocabulary.
bool TargetsFit(OpKernelContext* context, const Tensor& logits, const Tensor& targets) {
  bool fit = logits.dims() == 2 && targets.NumElements() == logits.dim_size(0);
  for (int64_t i = 0; fit && i < targets.NumElements(); i++)
    fit = targets.flat<int32_t>()(i) >= 0 && targets.flat<int32_t>()(i) < logits.dim_size(1);
  return Require(context, fit, "RcsdSurprise: one target a row is needed, inside the vocabulary");
}

// Of logits [N, V] and targets [N]: -log p(target), the entropy, and the logarithm of the sum of exponentials, [N] each.
class SurpriseOp : public OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* context) override {
    const Tensor& logits = context->input(0);
    const Tensor& targets = context->input(1);
    if (!TargetsFit(context, logits, targets)) return;
    const int64_t vocabulary = logits.dim_size(1);
    float* outputs[3];
    for (int i = 0; i < 3; i++) {
      Tensor* output = Output(context, i, targets.shape());
      if (output == nullptr) return;
      outputs[i] = Floats(output);
    }
    Share(context, logits.dim_size(0), 4 * vocabulary, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; i++) {
        const Surprise surprise =
            BestLoops().surprise(Floats(logits) + i * vocabulary, vocabulary, targets.flat<int32_t>()(i));
        outputs[0][i] = surprise.value;
        outputs[1][i] = surprise.entropy;
        outputs[2][i] = surprise.logSum;
      }
    });
  }
};

class SurpriseGradOp : public OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* context) override {
    const Tensor& logits = context->input(0);
    const Tensor& targets = context->input(1);
    const Tensor& logSums = context->input(2);
    if (!TargetsFit(context, logits, targets)) return;
    if (!Require(context, logSums.shape() == targets.shape(), "RcsdSurpriseGrad: shapes differ")) return;
    const int64_t vocabulary = logits.dim_size(1);
    Tensor* gradient = Output(context, 0, logits.shape());
    if (gradient == nullptr) return;
    Share(context, logits.dim_size(0), 3 * vocabulary, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; i++)
        BestLoops().surpriseGrad(Floats(logits) + i * vocabulary, vocabulary, targets.flat<int32_t>()(i),
                                 Floats(logSums)[i], Floats(gradient) + i * vocabulary);
    });
  }
};

// Draws one token in each row of logits [B, V], at uniform numbers in (0, 1] [B].
class SampleOp : public OpKernel {
 public:
  explicit SampleOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("temperature", &rule_.temperature));
    OP_REQUIRES_OK(context, context->GetAttr("top_k", &rule_.topK));
    OP_REQUIRES_OK(context, context->GetAttr("top_p", &rule_.topP));
  }
  void Compute(OpKernelContext* context) override {
    const Tensor& logits = context->input(0);
    const Tensor& uniform = context->input(1);
    const bool fit = logits.dims() == 2 && uniform.NumElements() == logits.dim_size(0);
    if (!Require(context, fit, "RcsdSample: one uniform number a row is needed")) return;
    const int64_t batch = logits.dim_size(0), vocabulary = logits.dim_size(1);
    Tensor* tokens = Output(context, 0, uniform.shape());
    Tensor* logprobs = Output(context, 1, uniform.shape());
    Tensor* samplingLogprobs = Output(context, 2, uniform.shape());
    if (tokens == nullptr || logprobs == nullptr || samplingLogprobs == nullptr) return;
    Share(context, batch, 8 * vocabulary, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; i++) {
        const Draw draw = BestLoops().sample(Floats(logits) + i * vocabulary, vocabulary, Floats(uniform)[i], rule_);
        tokens->flat<int32_t>()(i) = draw.token;
        Floats(logprobs)[i] = draw.logprob;
        Floats(samplingLogprobs)[i] = draw.samplingLogprob;
      }
    });
  }

 private:
  SamplingRule rule_;
};

// Presents several tensors as one range of entries.
class Entries {
 public:
  Entries(OpKernelContext* context, int first, int count) {
    for (int i = 0; i < count; i++) ends_.push_back(total() + context->input(first + i).NumElements());
  }
  int64_t total() const { return ends_.empty() ? 0 : ends_.back(); }
  // Calls part(tensor, from, count) for each tensor's part of the entries first .. last.
  template <typename Part>
  void visit(int64_t first, int64_t last, Part part) const {
    size_t i = std::upper_bound(ends_.begin(), ends_.end(), first) - ends_.begin();
    for (; first < last; i++) {
      const int64_t start = i == 0 ? 0 : ends_[i - 1], end = std::min(ends_[i], last);
      if (end > first) part(static_cast<int>(i), first - start, end - first);
      first = end;
    }
  }

 private:
  std::vector<int64_t> ends_;
};

// AdamW of all parameters. Inputs: p, g, m and v of all parameters (first all p, and so on), then learning rate, 1 -
// beta1^step, 1 - beta2^step and the gradients' scale. The moments are written in place.
class AdamWOp : public OpKernel {
 public:
  explicit AdamWOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("beta1", &rule_.beta1));
    OP_REQUIRES_OK(context, context->GetAttr("beta2", &rule_.beta2));
    OP_REQUIRES_OK(context, context->GetAttr("complement1", &rule_.complement1));
    OP_REQUIRES_OK(context, context->GetAttr("complement2", &rule_.complement2));
    OP_REQUIRES_OK(context, context->GetAttr("epsilon", &rule_.epsilon));
    OP_REQUIRES_OK(context, context->GetAttr("weight_decay", &weightDecay_));
  }
  void Compute(OpKernelContext* context) override {
    const int count = context->num_outputs(), scalars = 4 * count;
    bool fit = true;
    for (int i = count; i < scalars; i++)
      fit = fit && context->input(i).shape() == context->input(i % count).shape();
    for (int i = 0; i < 4; i++) fit = fit && context->input(scalars + i).NumElements() == 1;
    if (!Require(context, fit, "RcsdAdamW: shapes differ")) return;
    std::vector<float*> at;
    for (int i = 0; i < scalars; i++) at.push_back(const_cast<float*>(Floats(context->input(i))));
    for (int i = 0; i < count; i++) {
      Tensor* next = Output(context, i, context->input(i).shape());
      if (next == nullptr) return;
      at.push_back(Floats(next));
    }
    const auto scalar = [&](int i) { return *Floats(context->input(scalars + i)); };
    AdamWRule rule = rule_;
    rule.rate = scalar(0) / scalar(1);
    rule.decay = 1.0f - scalar(0) * weightDecay_;
    rule.rootCorrection = std::sqrt(scalar(2));
    rule.scale = scalar(3);
    const Entries entries(context, 0, count);
    const bool past = entries.total() >= kLong;
    Share(context, entries.total(), 8, [&](int64_t first, int64_t last) {
      entries.visit(first, last, [&](int i, int64_t from, int64_t size) {
        const auto of = [&](int which) { return at[which * count + i] + from; };
        BestLoops().adamw(rule, of(0), of(1), size, of(2), of(3), of(4), past);
      });
    });
  }

 private:
  // From this many parameters on, the updated values do not stay in the caches until they are read again.
  static constexpr int64_t kLong = 1 << 22;
  AdamWRule rule_;
  float weightDecay_;
};

// Muon of some matrices. Inputs: p, g and momentum of all matrices (first all p, and so on), then learning rate and the
// gradients' scale. The momenta are written in place.
class MuonOp : public OpKernel {
 public:
  explicit MuonOp(OpKernelConstruction* context) : OpKernel(context) {
    std::vector<float> coefficients;
    OP_REQUIRES_OK(context, context->GetAttr("momentum", &rule_.momentum));
    OP_REQUIRES_OK(context, context->GetAttr("weight_decay", &weightDecay_));
    OP_REQUIRES_OK(context, context->GetAttr("steps", &rule_.steps));
    OP_REQUIRES_OK(context, context->GetAttr("coefficients", &coefficients));
    OP_REQUIRES(context, coefficients.size() == 3, absl::InvalidArgumentError("RcsdMuon: three coefficients are needed"));
    rule_.a = coefficients[0];
    rule_.b = coefficients[1];
    rule_.c = coefficients[2];
  }
  void Compute(OpKernelContext* context) override {
    const int count = context->num_outputs(), scalars = 3 * count;
    bool fit = context->input(scalars).NumElements() == 1 && context->input(scalars + 1).NumElements() == 1;
    for (int i = 0; i < scalars; i++)
      fit = fit && context->input(i).dims() == 2 && context->input(i).shape() == context->input(i % count).shape();
    if (!Require(context, fit, "RcsdMuon: shapes differ")) return;
    std::vector<float*> next;
    int64_t cost = 0;
    for (int i = 0; i < count; i++) {
      const Tensor& p = context->input(i);
      Tensor* output = Output(context, i, p.shape());
      if (output == nullptr) return;
      next.push_back(Floats(output));
      cost += p.NumElements() * std::min(p.dim_size(0), p.dim_size(1)) / count;
    }
    MuonRule rule = rule_;
    rule.rate = *Floats(context->input(scalars));
    rule.decay = 1.0f - rule.rate * weightDecay_;
    rule.scale = *Floats(context->input(scalars + 1));
    Share(context, count, std::max<int64_t>(1, cost / 4 * rule.steps), [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; i++) {
        const Tensor& p = context->input(i);
        BestLoops().muon(rule, Floats(p), Floats(context->input(count + i)), p.dim_size(0), p.dim_size(1),
                         const_cast<float*>(Floats(context->input(2 * count + i))), next[i]);
      }
    });
  }

 private:
  MuonRule rule_;
  float weightDecay_;
};

// The sum of the squares of all entries of some tensors; the result does not depend on the number of threads.
class SquareSumOp : public OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* context) override {
    const Entries entries(context, 0, context->num_inputs());
    Tensor* sum = Output(context, 0, TensorShape({}));
    if (sum == nullptr) return;
    std::vector<double> parts((entries.total() + kBlock - 1) / kBlock);
    Share(context, parts.size(), kBlock / 4, [&](int64_t first, int64_t last) {
      for (int64_t block = first; block < last; block++)
        entries.visit(block * kBlock, std::min((block + 1) * kBlock, entries.total()),
                      [&](int i, int64_t from, int64_t size) {
                        parts[block] += BestLoops().squareSum(Floats(context->input(i)) + from, size);
                      });
    });
    double total = 0;
    for (const double part : parts) total += part;
    *Floats(sum) = static_cast<float>(total);
  }

 private:
  static constexpr int64_t kBlock = 1 << 15;
};

REGISTER_OP("RcsdRmsNorm")
    .Input("x: float")
    .Input("weight: float")
    .Output("y: float")
    .Attr("eps: float")
    .SetShapeFn(Like<0, 1>);
REGISTER_OP("RcsdRmsNormGrad")
    .Input("dy: float")
    .Input("x: float")
    .Input("weight: float")
    .Output("dx: float")
    .Attr("eps: float")
    .SetShapeFn(Like<0, 1>);
REGISTER_OP("RcsdRmsNormWeightGrad")
    .Input("dy: float")
    .Input("x: float")
    .Output("dweight: float")
    .Attr("eps: float")
    .SetShapeFn([](InferenceContext* context) {
      context->set_output(0, context->Vector(context->Dim(context->input(1), -1)));
      return absl::OkStatus();
    });
REGISTER_OP("RcsdRotate")
    .Input("x: float")
    .Input("cos: float")
    .Input("sin: float")
    .Output("y: float")
    .Attr("inverse: bool")
    .SetShapeFn(Like<0, 1>);
REGISTER_OP("RcsdSwiglu").Input("gate: float").Input("up: float").Output("y: float").SetShapeFn(Like<0, 1>);
REGISTER_OP("RcsdSwigluGrad")
    .Input("dy: float")
    .Input("gate: float")
    .Input("up: float")
    .Output("dgate: float")
    .Output("dup: float")
    .SetShapeFn(Like<1, 2>);
REGISTER_OP("RcsdFewRowsLinear")
    .Input("x: float")
    .Input("w: N * float")
    .Output("y: N * float")
    .Attr("N: int >= 1")
    .Attr("bf16: bool")
    .SetShapeFn([](InferenceContext* context) {
      const auto rows = context->Dim(context->input(0), 0);
      for (int i = 0; i < context->num_outputs(); i++)
        context->set_output(i, context->Matrix(rows, context->Dim(context->input(i + 1), 0)));
      return absl::OkStatus();
    });
REGISTER_OP("RcsdWidened")
    .Input("x: float")
    .Input("w: float")
    .Output("y: float")
    .Attr("transpose: bool")
    .SetShapeFn([](InferenceContext* context) {
      bool transpose;
      TF_RETURN_IF_ERROR(context->GetAttr("transpose", &transpose));
      auto columns = context->Dim(context->input(1), !transpose);
      if (!transpose) TF_RETURN_IF_ERROR(context->Multiply(columns, 2, &columns));
      context->set_output(0, context->Matrix(context->Dim(context->input(0), 0), columns));
      return absl::OkStatus();
    });
REGISTER_OP("RcsdProducts")
    .Input("left: L * float")
    .Input("right: R * float")
    .Output("c: N * float")
    .Attr("L: int >= 1")
    .Attr("R: int >= 1")
    .Attr("N: int >= 1")
    .Attr("left_of: list(int)")
    .Attr("output_of: list(int)")
    .Attr("transpose_left: bool")
    .Attr("transpose_right: bool")
    .Attr("scale: float")
    .SetShapeFn([](InferenceContext* context) {
      std::vector<int> leftOf, outputOf;
      bool left, right;
      int lefts;
      TF_RETURN_IF_ERROR(context->GetAttr("left_of", &leftOf));
      TF_RETURN_IF_ERROR(context->GetAttr("output_of", &outputOf));
      TF_RETURN_IF_ERROR(context->GetAttr("transpose_left", &left));
      TF_RETURN_IF_ERROR(context->GetAttr("transpose_right", &right));
      TF_RETURN_IF_ERROR(context->GetAttr("L", &lefts));
      for (int s = 0; s < context->num_inputs() - lefts; s++)
        context->set_output(outputOf.at(s), context->Matrix(context->Dim(context->input(leftOf.at(s)), left),
                                                            context->Dim(context->input(lefts + s), !right)));
      return absl::OkStatus();
    });
REGISTER_OP("RcsdAttention")
    .Input("q: float")
    .Input("k: float")
    .Input("v: float")
    .Input("spans: N * int32")
    .Output("out: float")
    .Attr("N: int >= 0")
    .Attr("window: int")
    .SetShapeFn(Like<0, 1>);
REGISTER_OP("RcsdAttentionGrad")
    .Input("q: float")
    .Input("k: float")
    .Input("v: float")
    .Input("dout: float")
    .Input("spans: N * int32")
    .Output("dq: float")
    .Output("dk: float")
    .Output("dv: float")
    .Attr("N: int >= 0")
    .Attr("window: int")
    .SetShapeFn(Like<0, 3>);
// Stateful because it writes, so that TensorFlow does not merge two equal calls into one.
REGISTER_OP("RcsdCachedAttention")
    .Input("q: float")
    .Input("k: float")
    .Input("v: float")
    .Input("keys: float")
    .Input("values: float")
    .Input("positions: int32")
    .Output("out: float")
    .Attr("capacity: int")
    .Attr("window: int")
    .SetIsStateful()
    .SetShapeFn(Like<0, 1>);
REGISTER_OP("RcsdSurprise")
    .Input("logits: float")
    .Input("targets: int32")
    .Output("surprise: float")
    .Output("entropy: float")
    .Output("log_sum: float")
    .SetShapeFn([](InferenceContext* context) {
      for (int i = 0; i < 3; i++) context->set_output(i, context->input(1));
      return absl::OkStatus();
    });
REGISTER_OP("RcsdSurpriseGrad")
    .Input("logits: float")
    .Input("targets: int32")
    .Input("log_sum: float")
    .Output("gradient: float")
    .SetShapeFn(Like<0, 1>);
REGISTER_OP("RcsdSample")
    .Input("logits: float")
    .Input("uniform: float")
    .Output("tokens: int32")
    .Output("logprobs: float")
    .Output("sampling_logprobs: float")
    .Attr("temperature: float")
    .Attr("top_k: int")
    .Attr("top_p: float")
    .SetShapeFn([](InferenceContext* context) {
      for (int i = 0; i < 3; i++) context->set_output(i, context->input(1));
      return absl::OkStatus();
    });
// Stateful because it writes the moments.
REGISTER_OP("RcsdAdamW")
    .Input("p: N * float")
    .Input("g: N * float")
    .Input("m: N * float")
    .Input("v: N * float")
    .Input("learning_rate: float")
    .Input("correction1: float")
    .Input("correction2: float")
    .Input("scale: float")
    .Output("next_p: N * float")
    .Attr("N: int >= 1")
    .Attr("beta1: float")
    .Attr("beta2: float")
    .Attr("complement1: float")
    .Attr("complement2: float")
    .Attr("epsilon: float")
    .Attr("weight_decay: float")
    .SetIsStateful()
    .SetShapeFn([](InferenceContext* context) {
      for (int i = 0; i < context->num_outputs(); i++) context->set_output(i, context->input(i));
      return absl::OkStatus();
    });
// Stateful because it writes the momenta.
REGISTER_OP("RcsdMuon")
    .Input("p: N * float")
    .Input("g: N * float")
    .Input("momentum_of: N * float")
    .Input("learning_rate: float")
    .Input("scale: float")
    .Output("next_p: N * float")
    .Attr("N: int >= 1")
    .Attr("momentum: float")
    .Attr("weight_decay: float")
    .Attr("steps: int")
    .Attr("coefficients: list(float)")
    .SetIsStateful()
    .SetShapeFn([](InferenceContext* context) {
      for (int i = 0; i < context->num_outputs(); i++) context->set_output(i, context->input(i));
      return absl::OkStatus();
    });
REGISTER_OP("RcsdSquareSum")
    .Input("x: N * float")
    .Output("sum: float")
    .Attr("N: int >= 1")
    .SetShapeFn([](InferenceContext* context) {
      context->set_output(0, context->Scalar());
      return absl::OkStatus();
    });

REGISTER_KERNEL_BUILDER(Name("RcsdRmsNorm").Device(DEVICE_CPU), RmsNormOp);
REGISTER_KERNEL_BUILDER(Name("RcsdRmsNormGrad").Device(DEVICE_CPU), RmsNormGradOp);
REGISTER_KERNEL_BUILDER(Name("RcsdRmsNormWeightGrad").Device(DEVICE_CPU), RmsNormWeightGradOp);
REGISTER_KERNEL_BUILDER(Name("RcsdRotate").Device(DEVICE_CPU), RotateOp);
REGISTER_KERNEL_BUILDER(Name("RcsdSwiglu").Device(DEVICE_CPU), SwigluOp);
REGISTER_KERNEL_BUILDER(Name("RcsdSwigluGrad").Device(DEVICE_CPU), SwigluGradOp);
REGISTER_KERNEL_BUILDER(Name("RcsdFewRowsLinear").Device(DEVICE_CPU), FewRowsLinearOp);
REGISTER_KERNEL_BUILDER(Name("RcsdWidened").Device(DEVICE_CPU), WidenedOp);
REGISTER_KERNEL_BUILDER(Name("RcsdProducts").Device(DEVICE_CPU), ProductsOp);
REGISTER_KERNEL_BUILDER(Name("RcsdAttention").Device(DEVICE_CPU), AttentionOp);
REGISTER_KERNEL_BUILDER(Name("RcsdAttentionGrad").Device(DEVICE_CPU), AttentionGradOp);
REGISTER_KERNEL_BUILDER(Name("RcsdCachedAttention").Device(DEVICE_CPU), CachedAttentionOp);
REGISTER_KERNEL_BUILDER(Name("RcsdSurprise").Device(DEVICE_CPU), SurpriseOp);
REGISTER_KERNEL_BUILDER(Name("RcsdSurpriseGrad").Device(DEVICE_CPU), SurpriseGradOp);
REGISTER_KERNEL_BUILDER(Name("RcsdSample").Device(DEVICE_CPU), SampleOp);
REGISTER_KERNEL_BUILDER(Name("RcsdAdamW").Device(DEVICE_CPU), AdamWOp);
REGISTER_KERNEL_BUILDER(Name("RcsdMuon").Device(DEVICE_CPU), MuonOp);
REGISTER_KERNEL_BUILDER(Name("RcsdSquareSum").Device(DEVICE_CPU), SquareSumOp);

}  // namespace

extern const Loops Bf16Loops, Avx512Loops, Avx2Loops, PlainLoops;

// Whether the processor can run a table's instructions, and RCSD_LOOPS in the environment, if set, names this table.
bool Runs(const Loops& loops, bool supported) {
  const char* wanted = std::getenv("RCSD_LOOPS");
  return supported && (wanted == nullptr || std::strcmp(wanted, loops.name) == 0);
}

const Loops& BestLoops() {
  static const Loops& best = []() -> const Loops& {
    __builtin_cpu_init();
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    const bool bf16 = avx512 && __builtin_cpu_supports("avx512bf16");
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    return Runs(Bf16Loops, bf16)       ? Bf16Loops
           : Runs(Avx512Loops, avx512) ? Avx512Loops
           : Runs(Avx2Loops, avx2)     ? Avx2Loops
                                       : PlainLoops;
  }();
  return best;
}

}  // namespace rcsd
