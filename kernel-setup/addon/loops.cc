// See loops.h. Written with the compilers' vector extensions, so that one source serves AVX-512, AVX2 and plain x86-64:
// RCSD_LOOPS names the table that this compilation makes.
//
// Everything here has internal linkage, including instances of the standard library's templates (hence our own
// allocator and comparisons). Of a function that two object files define, the linker keeps one, and it could be the one
// with instructions that the processor lacks.
#include "loops.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <vector>

#if defined(__wasm__)
#include <wasm_simd128.h>
#else
#include <immintrin.h>
#endif

namespace rcsd {
namespace {

#if defined(__AVX512F__)
constexpr int W = 16;      // floats in a vector
constexpr int ROWS = 6;    // rows and vectors of the register tile of a matrix product
constexpr int VECTORS = 4;
#elif defined(__AVX2__)
constexpr int W = 8;
constexpr int ROWS = 6;
constexpr int VECTORS = 2;
#else
constexpr int W = 4;
constexpr int ROWS = 4;
constexpr int VECTORS = 2;
#endif

template <typename T>
struct LocalAllocator {
  using value_type = T;
  LocalAllocator() = default;
  template <typename U>
  LocalAllocator(const LocalAllocator<U>&) {}
  T* allocate(size_t count) {
    void* const memory = std::malloc(count * sizeof(T));
    if (memory == nullptr) throw std::bad_alloc();
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, size_t) { std::free(memory); }
  bool operator==(const LocalAllocator&) const { return true; }
  bool operator!=(const LocalAllocator&) const { return false; }
};

template <typename T>
using Vector = std::vector<T, LocalAllocator<T>>;

constexpr auto Descending = [](float a, float b) { return a > b; };

typedef float V __attribute__((vector_size(W * 4)));
typedef int32_t I __attribute__((vector_size(W * 4)));
typedef uint32_t U __attribute__((vector_size(W * 4)));
typedef uint16_t H __attribute__((vector_size(W * 2)));
typedef float VLoose __attribute__((vector_size(W * 4), aligned(4), may_alias));
typedef int32_t ILoose __attribute__((vector_size(W * 4), aligned(2), may_alias));

inline V Load(const float* p) { return *reinterpret_cast<const VLoose*>(p); }
inline void Store(float* p, V x) { *reinterpret_cast<VLoose*>(p) = x; }
inline V Splat(float x) { return x - V{}; }
inline V Max(V a, V b) { return a > b ? a : b; }
inline V Min(V a, V b) { return a < b ? a : b; }

// The sum and the largest of a vector's numbers.
#if defined(__AVX512F__)
inline float Sum(V x) { return _mm512_reduce_add_ps((__m512)x); }
inline float Largest(V x) { return _mm512_reduce_max_ps((__m512)x); }
#elif defined(__wasm__)
inline float Sum(V x) { return (x[0] + x[2]) + (x[1] + x[3]); }
inline float Largest(V x) { return std::max(std::max(x[0], x[2]), std::max(x[1], x[3])); }
#else
inline float Sum(__m128 x) {
  const __m128 pairs = _mm_add_ps(x, _mm_movehl_ps(x, x));
  return _mm_cvtss_f32(_mm_add_ss(pairs, _mm_shuffle_ps(pairs, pairs, 1)));
}
inline float Largest(__m128 x) {
  const __m128 pairs = _mm_max_ps(x, _mm_movehl_ps(x, x));
  return _mm_cvtss_f32(_mm_max_ss(pairs, _mm_shuffle_ps(pairs, pairs, 1)));
}
#if defined(__AVX2__)
inline float Sum(V x) { return Sum(_mm_add_ps(_mm256_castps256_ps128((__m256)x), _mm256_extractf128_ps((__m256)x, 1))); }
inline float Largest(V x) {
  return Largest(_mm_max_ps(_mm256_castps256_ps128((__m256)x), _mm256_extractf128_ps((__m256)x, 1)));
}
#endif
#endif

// e^x with a relative error of about 2e-7; x below -87 gives about 1e-38 (Cephes' expf). NaN stays NaN: both bounds return their
// second operand where the comparison fails, and the power of two is multiplied on, not added to the bits.
inline V Exp(V x) {
  x = Max(Splat(-87.33f), Min(Splat(88.02f), x));
  const V shift = Splat(12582912.0f);
  const V rounded = x * 1.44269504088896341f + shift;
  const I exponent = (I)rounded - (I)shift;
  const V n = rounded - shift;
  const V r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  V y = Splat(1.9875691500e-4f);
  y = y * r + 1.3981999507e-3f;
  y = y * r + 8.3334519073e-3f;
  y = y * r + 4.1665795894e-2f;
  y = y * r + 1.6666665459e-1f;
  y = y * r + 5.0000001201e-1f;
  y = y * (r * r) + r + 1.0f;
  return y * (V)((exponent + 127) << 23);
}

// Calls body(vector of x...) over full vectors, and once over the rest, padded with zeros.
template <typename Body>
inline void ForVectors(int64_t size, Body body) {
  int64_t i = 0;
  for (; i + W <= size; i += W) body(i, W);
  if (i < size) body(i, static_cast<int>(size - i));
}

inline V LoadSome(const float* p, int count) {
  if (count == W) return Load(p);
  float lanes[W] = {};
  std::memcpy(lanes, p, count * sizeof(float));
  return Load(lanes);
}

inline void StoreSome(float* p, V x, int count) {
  if (count == W) {
    Store(p, x);
    return;
  }
  float lanes[W];
  Store(lanes, x);
  std::memcpy(p, lanes, count * sizeof(float));
}

inline void Clear(float* from, float* to) {
  if (to > from) std::memset(from, 0, (to - from) * sizeof(float));
}

inline float Dot(const float* a, const float* b, int64_t size) {
  V sum = {};
  ForVectors(size, [&](int64_t i, int count) { sum += LoadSome(a + i, count) * LoadSome(b + i, count); });
  return Sum(sum);
}

// ---------------------------------------------------------------------------------------------------------------------
// Elementwise and row-wise

void RmsNorm(const float* x, const float* weight, float eps, int64_t rows, int64_t width, float* y) {
  for (int64_t row = 0; row < rows; row++, x += width, y += width) {
    const float scale = 1.0f / std::sqrt(Dot(x, x, width) / width + eps);
    ForVectors(width, [&](int64_t i, int count) {
      StoreSome(y + i, LoadSome(x + i, count) * scale * LoadSome(weight + i, count), count);
    });
  }
}

void RmsNormGrad(const float* dy, const float* x, const float* weight, float eps, int64_t rows, int64_t width,
                 float* dx) {
  for (int64_t row = 0; row < rows; row++, dy += width, x += width, dx += width) {
    const float scale = 1.0f / std::sqrt(Dot(x, x, width) / width + eps);
    V sum = {};
    ForVectors(width, [&](int64_t i, int count) {
      sum += LoadSome(dy + i, count) * LoadSome(weight + i, count) * LoadSome(x + i, count);
    });
    const float along = Sum(sum) * scale * scale / width;
    ForVectors(width, [&](int64_t i, int count) {
      const V g = LoadSome(dy + i, count) * LoadSome(weight + i, count);
      StoreSome(dx + i, (g - LoadSome(x + i, count) * along) * scale, count);
    });
  }
}

void RmsNormWeightGrad(const float* dy, const float* x, float eps, int64_t rows, int64_t width, float* dweight) {
  Clear(dweight, dweight + width);
  for (int64_t row = 0; row < rows; row++, dy += width, x += width) {
    const float scale = 1.0f / std::sqrt(Dot(x, x, width) / width + eps);
    ForVectors(width, [&](int64_t i, int count) {
      const V sum = LoadSome(dweight + i, count) + LoadSome(dy + i, count) * (LoadSome(x + i, count) * scale);
      StoreSome(dweight + i, sum, count);
    });
  }
}

void Rotate(const float* x, const float* cos, const float* sin, int64_t heads, int64_t width, bool inverse, float* y) {
  const int64_t half = width / 2;
  // The transposed rotation swaps the halves of dy sin. This equals the swapped halves of dy times the swapped halves
  // of sin.
  const float* sinLow = inverse ? sin + half : sin;
  const float* sinHigh = inverse ? sin : sin + half;
  for (int64_t head = 0; head < heads; head++, x += width, y += width) {
    ForVectors(half, [&](int64_t i, int count) {
      const V low = LoadSome(x + i, count);
      const V high = LoadSome(x + half + i, count);
      StoreSome(y + i, low * LoadSome(cos + i, count) + high * LoadSome(sinLow + i, count), count);
      StoreSome(y + half + i, high * LoadSome(cos + half + i, count) + low * LoadSome(sinHigh + i, count), count);
    });
  }
}

inline V Sigmoid(V x) { return 1.0f / (1.0f + Exp(-x)); }

void Swiglu(const float* gate, const float* up, int64_t size, float* y) {
  ForVectors(size, [&](int64_t i, int count) {
    const V g = LoadSome(gate + i, count);
    StoreSome(y + i, g * Sigmoid(g) * LoadSome(up + i, count), count);
  });
}

void SwigluGrad(const float* dy, const float* gate, const float* up, int64_t size, float* dgate, float* dup) {
  ForVectors(size, [&](int64_t i, int count) {
    const V g = LoadSome(gate + i, count);
    const V d = LoadSome(dy + i, count);
    const V sigmoid = Sigmoid(g);
    const V silu = g * sigmoid;
    StoreSome(dgate + i, d * LoadSome(up + i, count) * (sigmoid + silu * (1.0f - sigmoid)), count);
    StoreSome(dup + i, d * silu, count);
  });
}

// Stores to an aligned address, without first reading the memory that is overwritten into the caches.
inline void StorePast(float* p, V x) {
#if defined(__AVX512F__)
  _mm512_stream_ps(p, (__m512)x);
#elif defined(__AVX2__)
  _mm256_stream_ps(p, (__m256)x);
#elif defined(__wasm__)
  Store(p, x);
#else
  _mm_stream_ps(p, (__m128)x);
#endif
}

inline V SquareRoot(V x) {
#if defined(__AVX512F__)
  return (V)_mm512_sqrt_ps((__m512)x);
#elif defined(__AVX2__)
  return (V)_mm256_sqrt_ps((__m256)x);
#elif defined(__wasm__)
  return (V)wasm_f32x4_sqrt((v128_t)x);
#else
  return (V)_mm_sqrt_ps((__m128)x);
#endif
}

void AdamW(const AdamWRule& rule, const float* p, const float* g, int64_t size, float* m, float* v, float* nextP,
           bool past) {
  const float inverseRoot = 1.0f / rule.rootCorrection;
  past = past && reinterpret_cast<uintptr_t>(nextP) % (W * sizeof(float)) == 0;
  ForVectors(size, [&](int64_t i, int count) {
    const V gradient = LoadSome(g + i, count) * rule.scale;
    const V mean = LoadSome(m + i, count) * rule.beta1 + gradient * rule.complement1;
    const V square = LoadSome(v + i, count) * rule.beta2 + gradient * gradient * rule.complement2;
    StoreSome(m + i, mean, count);
    StoreSome(v + i, square, count);
    const V step = rule.rate * mean / (SquareRoot(square) * inverseRoot + rule.epsilon);
    const V next = LoadSome(p + i, count) * rule.decay - step;
    if (past && count == W) StorePast(nextP + i, next);
    else StoreSome(nextP + i, next, count);
  });
#if !defined(__wasm__)
  if (past) _mm_sfence();
#endif
}

// Adds up in double precision, over stretches that are short enough for fp32.
double SquareSum(const float* x, int64_t size) {
  double total = 0;
  for (int64_t start = 0; start < size; start += 1024) {
    V even = {}, odd = {};
    const int64_t count = std::min<int64_t>(1024, size - start);
    int64_t i = start;
    for (; i + 2 * W <= start + count; i += 2 * W) {
      const V a = Load(x + i), b = Load(x + i + W);
      even += a * a;
      odd += b * b;
    }
    total += Sum(even + odd) + Dot(x + i, x + i, start + count - i);
  }
  return total;
}

// ---------------------------------------------------------------------------------------------------------------------
// y = x w^T for few rows of x. Reading w takes most of the time, so it is read once and, in bf16, at half the width.

// bf16 numbers are stored in pairs: an int32 has the even one in its lower half and the odd one in its upper half.
// AHEAD says how many rows ahead of use they are fetched, limited by the size of the first cache.
struct Fp32Row {
  static constexpr int STEP = W, AHEAD = 4;
  const float* at;
  V accumulate(int64_t i, const float* x, V sum) const { return sum + Load(at + i) * Load(x + i); }
  float value(int64_t i) const { return at[i]; }
};

struct Bf16Row {
  static constexpr int STEP = 2 * W, AHEAD = 8;
  const uint16_t* at;
  // x has the even entries of the step, then the odd ones.
  V accumulate(int64_t i, const float* x, V sum) const {
    const I pairs = *reinterpret_cast<const ILoose*>(at + i);
    sum += (V)(pairs << 16) * Load(x + i);
    return sum + (V)(pairs & static_cast<int32_t>(0xffff0000)) * Load(x + i + W);
  }
  float value(int64_t i) const {
    const uint32_t bits = static_cast<uint32_t>(at[i]) << 16;
    float out;
    std::memcpy(&out, &bits, sizeof(out));
    return out;
  }
};

// Sums of N rows of w with M rows of x. Each sum has its own accumulator, so that it is the same in every tile.
template <typename Row, int N, int M>
void LinearTile(const Row* w, const float* const* x, const float* const* plain, int64_t k, float* y, int64_t stride) {
  V sums[N][M];
  for (int a = 0; a < N; a++)
    for (int b = 0; b < M; b++) sums[a][b] = V{};
  int64_t i = 0;
  for (; i + Row::STEP <= k; i += Row::STEP)
    for (int a = 0; a < N; a++) {
      // The rows are too short for the processor to predict the next tiles.
      __builtin_prefetch(w[a].at + Row::AHEAD * k + i);
      for (int b = 0; b < M; b++) sums[a][b] = w[a].accumulate(i, x[b], sums[a][b]);
    }
  for (int a = 0; a < N; a++)
    for (int b = 0; b < M; b++) {
      float sum = Sum(sums[a][b]);
      for (int64_t j = i; j < k; j++) sum += w[a].value(j) * plain[b][j];
      y[b * stride + a] = sum;
    }
}

template <typename Row, int N>
void LinearTiles(const Row* w, const float* const* x, const float* const* plain, int64_t m, int64_t k, float* y,
                 int64_t stride) {
  int64_t b = 0;
  for (; b + 4 <= m; b += 4) LinearTile<Row, N, 4>(w, x + b, plain + b, k, y + b * stride, stride);
  if (m - b == 3) LinearTile<Row, N, 3>(w, x + b, plain + b, k, y + b * stride, stride);
  if (m - b == 2) LinearTile<Row, N, 2>(w, x + b, plain + b, k, y + b * stride, stride);
  if (m - b == 1) LinearTile<Row, N, 1>(w, x + b, plain + b, k, y + b * stride, stride);
}

template <typename Row, typename Element>
void LinearColumns(const Vector<const float*>& x, const Vector<const float*>& plain, int64_t k,
                   const Element* w, int64_t n, int64_t first, int64_t last, float* y) {
  const int64_t m = static_cast<int64_t>(x.size());
  int64_t column = first;
  Row rows[4];
  // For a single row of x, w is read as one stream, which memory serves faster than four streams at once.
  for (; m > 1 && column + 4 <= last; column += 4) {
    for (int a = 0; a < 4; a++) rows[a].at = w + (column + a) * k;
    LinearTiles<Row, 4>(rows, x.data(), plain.data(), m, k, y + column, n);
  }
  for (; column < last; column++) {
    rows[0].at = w + column * k;
    LinearTiles<Row, 1>(rows, x.data(), plain.data(), m, k, y + column, n);
  }
}

void Linear(const float* x, int64_t m, int64_t k, const void* w, bool bf16, int64_t n, int64_t first, int64_t last,
            float* y) {
  Vector<const float*> plain(m);
  for (int64_t b = 0; b < m; b++) plain[b] = x + b * k;
  if (!bf16) {
    LinearColumns<Fp32Row>(plain, plain, k, static_cast<const float*>(w), n, first, last, y);
    return;
  }
  thread_local Vector<float> parted;
  parted.resize(m * k);
  Vector<const float*> rows(m);
  for (int64_t b = 0; b < m; b++) {
    float* row = parted.data() + b * k;
    rows[b] = row;
    for (int64_t i = 0; i + 2 * W <= k; i += 2 * W)
      for (int lane = 0; lane < W; lane++) {
        row[i + lane] = plain[b][i + 2 * lane];
        row[i + W + lane] = plain[b][i + 2 * lane + 1];
      }
  }
  LinearColumns<Bf16Row>(rows, plain, k, static_cast<const uint16_t*>(w), n, first, last, y);
}

#include "products.h"

// ---------------------------------------------------------------------------------------------------------------------
// Attention over whole sequences. A block of queries is multiplied with all the keys it may see at once, so that its
// softmax is exact. Nothing of size [T, T] is kept, not even for the gradient, which computes the block's weights
// again.
//
// The columns of a block's scores are keys. A query sees none behind its own position, so that half of a square block
// need not be computed; of a row of many sequences, it sees two ranges, and nothing between them is computed.

inline int64_t Padded(int64_t size) { return (size + W - 1) / W * W; }

// Which of a product's matrices holds a block's scores or something else that is zero, or not needed, above a diagonal:
// where the column is larger than the row plus `diagonal`. TRANSPOSED is A where it holds them with rows and columns
// exchanged.
enum class Lower { NONE, RESULT, LEFT, TRANSPOSED };

// C [m, n] (+)= A B, with A(i, j) = a[i * rowStride + j * columnStride], B [k, n], n a multiple of the vector width.
struct Product {
  int64_t m, n, k;
  const float* a;
  int64_t rowStride, columnStride;
  const float* b;
  int64_t ldb;
  float* c;
  int64_t ldc;
  bool add;
  Lower lower = Lower::NONE;
  int64_t diagonal = 0;
};

template <int R, int N>
inline void ProductTile(const Product& p, int64_t row, int64_t column) {
  V sums[R][N];
  for (int r = 0; r < R; r++)
    for (int v = 0; v < N; v++) sums[r][v] = p.add ? Load(p.c + (row + r) * p.ldc + column + v * W) : V{};
  const int64_t from = p.lower == Lower::TRANSPOSED ? std::max<int64_t>(0, row - p.diagonal) : 0;
  const int64_t to = p.lower == Lower::LEFT ? std::min(p.k, row + R + p.diagonal) : p.k;
  const float* a = p.a + row * p.rowStride + from * p.columnStride;
  const float* b = p.b + from * p.ldb + column;
  for (int64_t k = from; k < to; k++, a += p.columnStride, b += p.ldb) {
    V bs[N];
    for (int v = 0; v < N; v++) bs[v] = Load(b + v * W);
    for (int r = 0; r < R; r++) {
      const V as = Splat(a[r * p.rowStride]);
      for (int v = 0; v < N; v++) sums[r][v] += as * bs[v];
    }
  }
  for (int r = 0; r < R; r++)
    for (int v = 0; v < N; v++) Store(p.c + (row + r) * p.ldc + column + v * W, sums[r][v]);
}

// The rows that are left after full tiles.
template <int R, int N>
inline void LastRows(const Product& p, int64_t row, int64_t column) {
  if (p.m - row == R) ProductTile<R, N>(p, row, column);
  else if constexpr (R > 1) LastRows<R - 1, N>(p, row, column);
}

template <int N>
inline void ProductRows(const Product& p, int64_t column) {
  int64_t row = p.lower == Lower::RESULT ? std::max<int64_t>(0, column - p.diagonal) : 0;
  for (; row + ROWS <= p.m; row += ROWS) ProductTile<ROWS, N>(p, row, column);
  LastRows<ROWS - 1, N>(p, row, column);
}

void Multiply(const Product& p) {
  int64_t column = 0;
  for (; column + VECTORS * W <= p.n; column += VECTORS * W) ProductRows<VECTORS>(p, column);
  for (; VECTORS > 2 && column + 2 * W <= p.n; column += 2 * W) ProductRows<2>(p, column);
  for (; column < p.n; column += W) ProductRows<1>(p, column);
}

// The numbers from .. to of the sum over k, as rows of the panel of `count` columns from column `first`, [to - from, PANEL], with zeros
// after the last column. The right side is a matrix of bf16 numbers, [k, n], or [n, k] if it is transposed; k, `from` and `to` are
// then even.
void PackWidened(bool transposed, const uint16_t* w, int64_t n, int64_t k, int64_t first, int64_t count, int64_t from, int64_t to,
                 float* packed) {
  const auto columnsAt = [&](int64_t column) {
    return static_cast<int>(std::max<int64_t>(0, std::min<int64_t>(W, count - column)));
  };
  if (!transposed) {
    for (int64_t i = from; i < to; i++, packed += PANEL) {
      const uint16_t* const row = w + i * n + first;
      // A few numbers of each row are read, which the processor does not foresee.
      __builtin_prefetch(row + 16 * n);
      __builtin_prefetch(row + 16 * n + PANEL / 2);
      for (int64_t column = 0; column < PANEL; column += W) {
        const int some = columnsAt(column);
        H halves = {};
        if (some == W) std::memcpy(&halves, row + column, sizeof(halves));
        else std::memcpy(&halves, row + column, some * sizeof(uint16_t));
        Store(packed + column, (V)(__builtin_convertvector(halves, U) << 16));
      }
    }
    return;
  }
  for (int64_t column = 0; column < PANEL; column += W) {
    const int some = columnsAt(column);
    for (int64_t i = from; i < to; i += 2 * W) {
      const int64_t units = std::min<int64_t>(W, (to - i) / 2);
      U rows[W] = {}, columns[W];
      for (int r = 0; r < some; r++) {
        const uint16_t* at = w + (first + column + r) * k + i;
        __builtin_prefetch(at + 16 * W);
        if (units == W) std::memcpy(&rows[r], at, sizeof(U));
        else std::memcpy(&rows[r], at, units * sizeof(uint32_t));
      }
      TransposeBlock(rows, columns);
      float* line = packed + (i - from) * PANEL + column;
      for (int64_t unit = 0; unit < units; unit++, line += 2 * PANEL) {
        Store(line, (V)(columns[unit] << 16));
        Store(line + PANEL, (V)(columns[unit] & 0xffff0000u));
      }
    }
  }
}

// See loops.h. A panel is packed in blocks that stay in the caches while all rows of x meet them; the sums grow in y, in the order
// of k, so that neither blocks nor panels nor the number of rows change a result.
void Widened(const float* x, int64_t m, int64_t k, const void* w, bool transposed, int64_t n, int64_t first, int64_t last, float* y) {
  constexpr int64_t DEPTH = 128;
  // Vectors that lie across two lines of the cache would take twice as long to load.
  constexpr uintptr_t LINE = 64;
  thread_local Vector<float> memory;
  memory.resize(std::max<int64_t>(memory.size(), (DEPTH + m) * PANEL + LINE / sizeof(float)));
  float* const packed = reinterpret_cast<float*>((reinterpret_cast<uintptr_t>(memory.data()) + LINE - 1) / LINE * LINE);
  for (int64_t column = first; column < last; column += PANEL) {
    const int64_t count = std::min(PANEL, last - column);
    const bool whole = count % W == 0;
    float* const to = whole ? y + column : packed + DEPTH * PANEL;
    const int64_t stride = whole ? n : PANEL;
    for (int64_t from = 0; from < k; from += DEPTH) {
      const int64_t end = std::min(k, from + DEPTH);
      PackWidened(transposed, static_cast<const uint16_t*>(w), n, k, column, count, from, end, packed);
      Multiply({m, Padded(count), end - from, x + from, k, 1, packed, PANEL, to, stride, from > 0});
    }
    for (int64_t row = 0; !whole && row < m; row++)
      std::memcpy(y + row * n + column, to + row * PANEL, count * sizeof(float));
  }
}

// Copies rows of `dim` numbers, `stride` apart, to rows of a padded width; the padding is zero.
void PackRows(const float* from, int64_t stride, int64_t rows, int64_t dim, int64_t width, float* to) {
  for (int64_t row = 0; row < rows; row++) {
    std::memcpy(to + row * width, from + row * stride, dim * sizeof(float));
    Clear(to + row * width + dim, to + (row + 1) * width);
  }
}

// Copies rows of `dim` numbers, `stride` apart, to columns: [dim, width], with zeros behind the last column.
void PackTransposed(const float* from, int64_t stride, int64_t rows, int64_t dim, int64_t width, float* to) {
  for (int64_t row = 0; row < rows; row += W)
    for (int64_t i = 0; i < dim; i += W) {
      const int64_t high = std::min<int64_t>(W, rows - row), across = std::min<int64_t>(W, dim - i);
      U block[W] = {}, columns[W];
      for (int64_t r = 0; r < high; r++) block[r] = (U)LoadSome(from + (row + r) * stride + i, static_cast<int>(across));
      TransposeBlock(block, columns);
      for (int64_t c = 0; c < across; c++) Store(to + (i + c) * width + row, (V)columns[c]);
    }
}

// Copies rows back, each times its number in `scale`.
void UnpackScaled(const float* from, int64_t width, int64_t rows, int64_t dim, const float* scale, float* to,
                  int64_t stride) {
  for (int64_t row = 0; row < rows; row++, from += width, to += stride)
    ForVectors(dim, [&](int64_t i, int count) { StoreSome(to + i, Load(from + i) * scale[row], count); });
}

void UnpackRows(const float* from, int64_t width, int64_t rows, int64_t dim, float* to, int64_t stride) {
  for (int64_t row = 0; row < rows; row++)
    std::memcpy(to + row * stride, from + row * width, dim * sizeof(float));
}

constexpr int64_t BLOCK = 8 * ROWS;

// A thread's workspace, cut into arrays.
class Workspace {
 public:
  explicit Workspace(Vector<float>& memory, int64_t size) : at_(Sized(memory, size)) {}
  float* take(int64_t size) {
    float* const taken = at_;
    at_ += size;
    return taken;
  }

 private:
  static float* Sized(Vector<float>& memory, int64_t size) {
    if (static_cast<int64_t>(memory.size()) < size) memory.resize(size);
    return memory.data();
  }
  float* at_;
};

// The columns that a query sees: two ranges, of which the first is often empty.
struct Seen {
  int64_t prefixFrom, prefixTo, from, to;
};

inline Seen SeenFrom(const AttentionShape& shape, const Span* spans, int64_t position) {
  const Span span = spans == nullptr ? Span{0, 0, 0} : spans[position];
  Seen seen = {span.prefixStart, span.prefixEnd, span.start, position + 1};
  if (shape.window > 0) {
    seen.from = std::max(seen.from, position + 1 - shape.window);
    seen.prefixFrom = std::max(seen.prefixFrom, seen.prefixTo + position + 1 - span.start - shape.window);
  }
  if (seen.prefixFrom >= seen.prefixTo) seen.prefixFrom = seen.prefixTo = seen.from;
  return seen;
}

// Columns low .. high of a block's scores, low a multiple of the vector width. The columns up to the next multiple
// behind `high` are computed as well, and weigh nothing.
struct Range {
  int64_t low, high;
  int64_t size() const { return high - low; }
  int64_t computed() const { return Padded(high) - low; }
};

// Positions of one query head. `own` has every key that they see; or, if a shared prompt lies apart, `prompt` has those
// of the prompt and `own` the others. `prompt` is empty otherwise.
struct Block {
  int64_t first, rows;
  Range prompt, own;
  // Of the scores of `own`, as in Product.
  int64_t diagonal() const { return first - own.low; }
};

template <typename Body>
inline void ForBlocks(const AttentionShape& shape, const Span* spans, Body body) {
  for (int64_t first = 0; first < shape.length; first += BLOCK) {
    const int64_t rows = std::min(BLOCK, shape.length - first);
    int64_t low = first, promptLow = first, promptHigh = 0;
    for (int64_t r = 0; r < rows; r++) {
      const Seen seen = SeenFrom(shape, spans, first + r);
      low = std::min(low, seen.from);
      if (seen.prefixFrom == seen.prefixTo) continue;
      promptLow = std::min(promptLow, seen.prefixFrom);
      promptHigh = std::max(promptHigh, seen.prefixTo);
    }
    Block block = {first, rows, {promptLow / W * W, promptHigh}, {low / W * W, first + rows}};
    if (promptHigh == 0) block.prompt = {0, 0};
    else if (Padded(promptHigh) > block.own.low)
      block = {first, rows, {0, 0}, {std::min(block.prompt.low, block.own.low), first + rows}};
    body(block);
  }
}

inline float LargestOf(const float* x, int64_t size, float largest) {
  V most = Splat(largest);
  int64_t i = 0;
  for (; i + W <= size; i += W) most = Max(most, Load(x + i));
  largest = Largest(most);
  for (; i < size; i++) largest = std::max(largest, x[i]);
  return largest;
}

// e^(x - largest) in place; returns the sum.
inline float ExponentialsInPlace(float* x, int64_t size, float largest) {
  V sums = {};
  float rest = 0.0f;
  int64_t i = 0;
  for (; i + W <= size; i += W) {
    const V e = Exp(Load(x + i) - largest);
    Store(x + i, e);
    sums += e;
  }
  if (i < size) {
    StoreSome(x + i, Exp(LoadSome(x + i, static_cast<int>(size - i)) - largest), static_cast<int>(size - i));
    for (; i < size; i++) rest += x[i];
  }
  return Sum(sums) + rest;
}

// Clears what a row has in a range, but for the columns of `kept`.
inline void ClearAround(float* row, const Range& range, const Range& kept) {
  Clear(row + range.low, row + kept.low);
  Clear(row + kept.high, row + Padded(range.high));
}

// Turns the scores of a block into the numerators of softmax, with `scale` for each row's 1 / denominator. Keys that a
// query may not see get zero.
void SoftmaxRows(const AttentionShape& shape, const Span* spans, const Block& block, float* scores, int64_t width,
                 float* scale) {
  constexpr float HIDDEN = -3e38f;
  I lanes;
  for (int i = 0; i < W; i++) lanes[i] = i;
  for (int64_t r = 0; r < block.rows; r++) {
    float* row = scores + r * width;
    const Seen seen = SeenFrom(shape, spans, block.first + r);
    const bool shared = seen.prefixFrom < seen.prefixTo;
    // Whole vectors. One that has a part of both ranges belongs to `own`.
    const Range own = {seen.from / W * W, Padded(seen.to)};
    Range prefix = {own.low, own.low};
    if (shared) prefix = {std::min(seen.prefixFrom / W * W, own.low), std::min(Padded(seen.prefixTo), own.low)};
    const auto inside = [&](int64_t i, int64_t from, int64_t to) {
      const I at = lanes + static_cast<int32_t>(i);
      return (at >= static_cast<int32_t>(from)) & (at < static_cast<int32_t>(to));
    };
    V most = Splat(HIDDEN), sums = {};
    for (const Range& range : {prefix, own})
      for (int64_t i = range.low; i < range.high; i += W) {
        const V x = (inside(i, seen.prefixFrom, seen.prefixTo) | inside(i, seen.from, seen.to)) ? Load(row + i)
                                                                                                : Splat(HIDDEN);
        Store(row + i, x);
        most = Max(most, x);
      }
    const float largest = Largest(most);
    for (const Range& range : {prefix, own})
      for (int64_t i = range.low; i < range.high; i += W) {
        const V x = Load(row + i), e = x == HIDDEN ? V{} : Exp(x - largest);
        Store(row + i, e);
        sums += e;
      }
    scale[r] = 1.0f / Sum(sums);
    if (block.prompt.size() > 0) {
      ClearAround(row, block.prompt, shared ? prefix : Range{block.prompt.low, block.prompt.low});
      ClearAround(row, block.own, own);
    } else {
      ClearAround(row, block.own, {prefix.low, own.high});
      Clear(row + prefix.high, row + own.low);
    }
  }
}

// A block's rows [rows, dim] times the columns of `across` [dim, wide] that it sees, into `scores`.
void ScoreBlock(const Block& block, int64_t dim, const float* rows, int64_t stride, const float* across, int64_t wide,
                float* scores) {
  const auto over = [&](const Range& range, Lower lower, int64_t diagonal) {
    Multiply({block.rows, range.computed(), dim, rows, stride, 1, across + range.low, wide, scores + range.low, wide,
              false, lower, diagonal});
  };
  if (block.prompt.size() > 0) over(block.prompt, Lower::NONE, 0);
  over(block.own, Lower::RESULT, block.diagonal());
}

// A block's weights times the rows [T, deep] that they belong to, into `result`.
void WeighBlock(const Block& block, const float* weights, int64_t wide, const float* from, int64_t deep, float* result) {
  const auto over = [&](const Range& range, bool add, Lower lower, int64_t diagonal) {
    Multiply({block.rows, deep, range.size(), weights + range.low, wide, 1, from + range.low * deep, deep, result, deep,
              add, lower, diagonal});
  };
  const bool apart = block.prompt.size() > 0;
  if (apart) over(block.prompt, false, Lower::NONE, 0);
  over(block.own, apart, Lower::LEFT, block.diagonal());
}

// Adds a block's transposed weights times its rows [rows, deep] to the rows `to` [T, deep].
void SpreadBlock(const Block& block, const float* weights, int64_t wide, const float* rows, int64_t deep, float* to) {
  const auto over = [&](const Range& range, Lower lower, int64_t diagonal) {
    Multiply({range.size(), deep, block.rows, weights + range.low, 1, wide, rows, deep, to + range.low * deep, deep,
              true, lower, diagonal});
  };
  if (block.prompt.size() > 0) over(block.prompt, Lower::NONE, 0);
  over(block.own, Lower::TRANSPOSED, block.diagonal());
}

// Scales the numerators of softmax to weights, and turns the gradients with respect to the weights into those with
// respect to the scores; both in place.
void SoftmaxSlopes(const Block& block, const float* scale, float* weights, float* slopes, int64_t wide) {
  const Range& prompt = block.prompt;
  for (int64_t r = 0; r < block.rows; r++, weights += wide, slopes += wide) {
    const Range own = {block.own.low, block.first + r + 1};
    const float mean = scale[r] * (Dot(weights + prompt.low, slopes + prompt.low, prompt.computed()) +
                                   Dot(weights + own.low, slopes + own.low, own.computed()));
    for (const Range& range : {prompt, own})
      for (int64_t i = range.low; i < range.low + range.computed(); i += W) {
        const V weight = Load(weights + i) * scale[r];
        Store(weights + i, weight);
        Store(slopes + i, weight * (Load(slopes + i) - mean));
      }
    Clear(slopes + Padded(own.high), slopes + Padded(block.own.high));
  }
}

void Attention(const AttentionShape& shape, const AttentionUnit& unit, float* out) {
  const auto [length, heads, kvHeads, dim, window] = shape;
  const int64_t wide = Padded(length), deep = Padded(dim), queryStride = heads * dim, keyStride = kvHeads * dim;
  thread_local Vector<float> memory;
  Workspace space(memory, dim * wide + length * deep + BLOCK * (wide + deep));
  float* keys = space.take(dim * wide);
  float* values = space.take(length * deep);
  float* weights = space.take(BLOCK * wide);
  float* result = space.take(BLOCK * deep);
  float scale[BLOCK];
  PackTransposed(unit.k, keyStride, length, dim, wide, keys);
  PackRows(unit.v, keyStride, length, dim, deep, values);
  for (int64_t head = 0; head < heads / kvHeads; head++)
    ForBlocks(shape, unit.spans, [&](const Block& block) {
      const int64_t at = block.first * queryStride + head * dim;
      ScoreBlock(block, dim, unit.q + at, queryStride, keys, wide, weights);
      SoftmaxRows(shape, unit.spans, block, weights, wide, scale);
      WeighBlock(block, weights, wide, values, deep, result);
      UnpackScaled(result, deep, block.rows, dim, scale, out + at, queryStride);
    });
}

void AttentionGrad(const AttentionShape& shape, const AttentionUnit& unit, const float* dout, float* dq, float* dk,
                   float* dv) {
  const auto [length, heads, kvHeads, dim, window] = shape;
  const int64_t wide = Padded(length), deep = Padded(dim), queryStride = heads * dim, keyStride = kvHeads * dim;
  thread_local Vector<float> memory;
  Workspace space(memory, 2 * dim * wide + 3 * length * deep + BLOCK * (2 * wide + 3 * deep));
  float* keysAcross = space.take(dim * wide);
  float* valuesAcross = space.take(dim * wide);
  float* keys = space.take(length * deep);
  float* keyGradient = space.take(length * deep);
  float* valueGradient = space.take(length * deep);
  float* weights = space.take(BLOCK * wide);
  float* slopes = space.take(BLOCK * wide);
  float* queries = space.take(BLOCK * deep);
  float* incoming = space.take(BLOCK * deep);
  float* result = space.take(BLOCK * deep);
  float scale[BLOCK];
  PackTransposed(unit.k, keyStride, length, dim, wide, keysAcross);
  PackTransposed(unit.v, keyStride, length, dim, wide, valuesAcross);
  PackRows(unit.k, keyStride, length, dim, deep, keys);
  Clear(keyGradient, keyGradient + length * deep);
  Clear(valueGradient, valueGradient + length * deep);
  for (int64_t head = 0; head < heads / kvHeads; head++)
    ForBlocks(shape, unit.spans, [&](const Block& block) {
      const int64_t at = block.first * queryStride + head * dim;
      PackRows(unit.q + at, queryStride, block.rows, dim, deep, queries);
      PackRows(dout + at, queryStride, block.rows, dim, deep, incoming);
      ScoreBlock(block, dim, queries, deep, keysAcross, wide, weights);
      SoftmaxRows(shape, unit.spans, block, weights, wide, scale);
      ScoreBlock(block, dim, incoming, deep, valuesAcross, wide, slopes);
      SoftmaxSlopes(block, scale, weights, slopes, wide);
      SpreadBlock(block, weights, wide, incoming, deep, valueGradient);
      SpreadBlock(block, slopes, wide, queries, deep, keyGradient);
      WeighBlock(block, slopes, wide, keys, deep, result);
      UnpackRows(result, deep, block.rows, dim, dq + at, queryStride);
    });
  UnpackRows(keyGradient, deep, length, dim, dk, keyStride);
  UnpackRows(valueGradient, deep, length, dim, dv, keyStride);
}

// ---------------------------------------------------------------------------------------------------------------------
// Muon: an update in a direction that Newton-Schulz steps have made nearly orthogonal. A matrix is one thread's work,
// because it stays in that thread's cache through all steps.

// Copies what a symmetric matrix [m, m] has below the diagonal to the places above it, block by block; the blocks on
// the diagonal are complete already.
void Mirror(float* matrix, int64_t m, int64_t stride) {
  for (int64_t row = W; row < m; row += W)
    for (int64_t column = 0; column < row; column += W)
      PackTransposed(matrix + row * stride + column, stride, std::min<int64_t>(W, m - row), W, stride,
                     matrix + column * stride + row);
}

// The next X [m, n] of a Newton-Schulz step; `across` [n, m], `gram` and `mix` [m, m] are workspace. Rows are `wide`
// and `square` apart, and have zeros behind their numbers.
void NewtonSchulz(const MuonRule& rule, int64_t m, int64_t n, const float* x, int64_t wide, float* across, float* gram,
                  float* mix, int64_t square, float* next) {
  PackTransposed(x, wide, m, n, square, across);
  Multiply({m, Padded(m), n, x, wide, 1, across, square, gram, square, false, Lower::RESULT});
  Mirror(gram, m, square);
  Multiply({m, Padded(m), m, gram, square, 1, gram, square, mix, square, false, Lower::RESULT});
  for (int64_t row = 0; row < m; row++) {
    float* to = mix + row * square;
    for (int64_t i = 0; i <= row; i += W) Store(to + i, Load(to + i) * rule.c + Load(gram + row * square + i) * rule.b);
    to[row] += rule.a;
  }
  Mirror(mix, m, square);
  Multiply({m, Padded(n), m, mix, square, 1, x, wide, next, wide, false});
}

void Muon(const MuonRule& rule, const float* p, const float* g, int64_t rows, int64_t columns, float* momentum,
          float* nextP) {
  const bool tall = rows > columns;
  const int64_t m = std::min(rows, columns), n = std::max(rows, columns), size = rows * columns;
  // Rows are a vector longer than they need be: the lines of a column would otherwise compete for few places of the
  // first cache.
  const int64_t wide = Padded(n) + W, square = Padded(m) + W;
  thread_local Vector<float> memory;
  Workspace space(memory, 2 * m * wide + (n + W) * square + 2 * (m + W) * square);
  float* x = space.take(m * wide);
  float* next = space.take(m * wide);
  float* across = space.take((n + W) * square);
  float* gram = space.take((m + W) * square);
  float* mix = space.take((m + W) * square);
  // Nesterov's direction; the output serves as workspace.
  ForVectors(size, [&](int64_t i, int count) {
    const V gradient = LoadSome(g + i, count) * rule.scale;
    const V mean = LoadSome(momentum + i, count) * rule.momentum + gradient;
    StoreSome(momentum + i, mean, count);
    StoreSome(nextP + i, mean * rule.momentum + gradient, count);
  });
  const float norm = std::sqrt(static_cast<float>(SquareSum(nextP, size))) + 1e-7f;
  ForVectors(size, [&](int64_t i, int count) { StoreSome(nextP + i, LoadSome(nextP + i, count) / norm, count); });
  if (tall) PackTransposed(nextP, columns, rows, columns, wide, x);
  else PackRows(nextP, columns, rows, columns, wide, x);
  for (int64_t step = 0; step < rule.steps; step++) {
    NewtonSchulz(rule, m, n, x, wide, across, gram, mix, square, next);
    std::swap(x, next);
  }
  if (tall) PackTransposed(x, wide, m, n, square, across);
  const float* direction = tall ? across : x;
  const float rate = rule.rate * std::sqrt(std::max(1.0f, static_cast<float>(rows) / static_cast<float>(columns)));
  for (int64_t row = 0; row < rows; row++, p += columns, nextP += columns, direction += tall ? square : wide)
    ForVectors(columns, [&](int64_t i, int count) {
      StoreSome(nextP + i, LoadSome(p + i, count) * rule.decay - Load(direction + i) * rate, count);
    });
}

// ---------------------------------------------------------------------------------------------------------------------
// Attention of one new token over a cache

// Scores of one query with `count` keys; a query fits into N vectors.
template <int N>
void CacheScores(const float* q, const float* keys, int64_t count, float* scores) {
  V query[N];
  for (int v = 0; v < N; v++) query[v] = Load(q + v * W);
  for (int64_t i = 0; i < count; i++, keys += N * W) {
    V sum = query[0] * Load(keys);
    for (int v = 1; v < N; v++) sum += query[v] * Load(keys + v * W);
    scores[i] = Sum(sum);
  }
}

// The weighted sum of `count` values, times `scale`. Even and odd ones are added up separately, so that two sums run in
// parallel.
template <int N>
void CacheSum(const float* weights, const float* values, int64_t count, float scale, float* out) {
  V even[N], odd[N];
  for (int v = 0; v < N; v++) even[v] = odd[v] = V{};
  int64_t i = 0;
  for (; i + 2 <= count; i += 2, values += 2 * N * W)
    for (int v = 0; v < N; v++) {
      even[v] += Load(values + v * W) * weights[i];
      odd[v] += Load(values + (N + v) * W) * weights[i + 1];
    }
  if (i < count)
    for (int v = 0; v < N; v++) even[v] += Load(values + v * W) * weights[i];
  for (int v = 0; v < N; v++) Store(out + v * W, (even[v] + odd[v]) * scale);
}

// The same for heads of any size.
void AnyCacheScores(const float* q, const float* keys, int64_t count, int64_t dim, float* scores) {
  for (int64_t i = 0; i < count; i++) scores[i] = Dot(q, keys + i * dim, dim);
}

void AnyCacheSum(const float* weights, const float* values, int64_t count, int64_t dim, float scale, float* out) {
  ForVectors(dim, [&](int64_t at, int some) {
    V sum = {};
    for (int64_t i = 0; i < count; i++) sum += LoadSome(values + i * dim + at, some) * weights[i];
    StoreSome(out + at, sum * scale, some);
  });
}

template <int N>
void CacheHead(const float* q, const float* keys, const float* values, int64_t count, int64_t dim, float* weights,
               float* out) {
  if constexpr (N > 0) CacheScores<N>(q, keys, count, weights);
  else AnyCacheScores(q, keys, count, dim, weights);
  const float largest = LargestOf(weights, count, weights[0]);
  const float scale = 1.0f / ExponentialsInPlace(weights, count, largest);
  if constexpr (N > 0) CacheSum<N>(weights, values, count, scale, out);
  else AnyCacheSum(weights, values, count, dim, scale, out);
}

void CachedAttention(const AttentionShape& shape, const CacheUnit& unit, float* out) {
  const int64_t dim = shape.dim, group = shape.heads / shape.kvHeads, position = unit.position;
  std::memcpy(unit.keys + position * dim, unit.k, dim * sizeof(float));
  std::memcpy(unit.values + position * dim, unit.v, dim * sizeof(float));
  const int64_t low = shape.window > 0 ? std::max<int64_t>(0, position - shape.window + 1) : 0;
  const int64_t count = position + 1 - low;
  thread_local Vector<float> memory;
  float* weights = Workspace(memory, count).take(count);
  const int64_t vectors = dim % W == 0 ? dim / W : 0;
  const auto headOf = vectors == 2   ? CacheHead<2>
                      : vectors == 4 ? CacheHead<4>
                      : vectors == 8 ? CacheHead<8>
                                     : CacheHead<0>;
  for (int64_t head = 0; head < group; head++)
    headOf(unit.q + head * dim, unit.keys + low * dim, unit.values + low * dim, count, dim, weights, out + head * dim);
}

// ---------------------------------------------------------------------------------------------------------------------
// The surprise at a token, and the entropy. Sums are in double precision, over stretches that are short enough for fp32.

Surprise SurpriseAt(const float* logits, int64_t vocabulary, int32_t target) {
  const float largest = LargestOf(logits, vocabulary, logits[0]);
  double total = 0, weighted = 0;
  for (int64_t start = 0; start < vocabulary; start += 1024) {
    V sums = {}, products = {};
    ForVectors(std::min<int64_t>(1024, vocabulary - start), [&](int64_t i, int some) {
      const V x = LoadSome(logits + start + i, some) - largest;
      V e = Exp(x);
      for (int lane = some; lane < W; lane++) e[lane] = 0;
      sums += e;
      products += e * x;
    });
    total += Sum(sums);
    weighted += Sum(products);
  }
  const double logTotal = std::log(total);
  return {static_cast<float>(logTotal + largest - logits[target]), static_cast<float>(logTotal - weighted / total),
          static_cast<float>(logTotal + largest)};
}

void SurpriseGrad(const float* logits, int64_t vocabulary, int32_t target, float logSum, float* gradient) {
  ForVectors(vocabulary, [&](int64_t i, int some) {
    StoreSome(gradient + i, Exp(LoadSome(logits + i, some) - logSum), some);
  });
  gradient[target] -= 1.0f;
}

// ---------------------------------------------------------------------------------------------------------------------
// Drawing a token: temperature, top-k, top-p, then the inverse of the cumulative distribution at a uniform number.

// Sum of e^((x - largest) / temperature); the terms are written to `weights` if given.
double Exponentials(const float* x, int64_t size, float largest, float temperature, float* weights) {
  double total = 0;
  const float inverse = 1.0f / temperature;
  for (int64_t start = 0; start < size; start += 4096) {
    V sums = {};
    ForVectors(std::min<int64_t>(4096, size - start), [&](int64_t i, int some) {
      V e = Exp((LoadSome(x + start + i, some) - largest) * inverse);
      if (some < W)
        for (int lane = some; lane < W; lane++) e[lane] = 0;
      if (weights != nullptr) StoreSome(weights + start + i, e, some);
      sums += e;
    });
    total += Sum(sums);
  }
  return total;
}

void Assign(Vector<float>& to, const float* from, int64_t size) {
  to.resize(size);
  std::memcpy(to.data(), from, size * sizeof(float));
}

struct Candidate {
  int32_t token;
  float weight;
};

// The k-th largest of the numbers.
float KthLargest(const float* x, int64_t size, int64_t k) {
  thread_local Vector<float> heap;
  if (k > 512) {
    Assign(heap, x, size);
    std::nth_element(heap.begin(), heap.begin() + k - 1, heap.end(), Descending);
    return heap[k - 1];
  }
  Assign(heap, x, k);
  std::make_heap(heap.begin(), heap.end(), Descending);
  for (int64_t start = k; start < size; start += 64) {
    const int64_t end = std::min<int64_t>(size, start + 64);
    if (end - start == 64 && LargestOf(x + start, 64, x[start]) <= heap.front()) continue;
    for (int64_t i = start; i < end; i++) {
      if (x[i] <= heap.front()) continue;
      std::pop_heap(heap.begin(), heap.end(), Descending);
      heap.back() = x[i];
      std::push_heap(heap.begin(), heap.end(), Descending);
    }
  }
  return heap.front();
}

// The largest threshold for which the weights at or above it add up to `wanted`: a quickselect by weight.
float MassThreshold(const Vector<Candidate>& candidates, double wanted) {
  thread_local Vector<float> memory;
  memory.clear();
  for (const Candidate& candidate : candidates) memory.push_back(candidate.weight);
  auto low = memory.begin(), high = memory.end();
  double above = 0;
  while (high - low > 64) {
    const float pivot = low[(high - low) / 2];
    const auto middle = std::partition(low, high, [pivot](float weight) { return weight > pivot; });
    double mass = 0;
    for (auto at = low; at < middle; at++) mass += *at;
    if (middle == low) {
      // No weight is larger than the pivot, so its equals come next.
      const auto equals = std::partition(low, high, [pivot](float weight) { return weight == pivot; });
      above += pivot * static_cast<double>(equals - low);
      if (above >= wanted || equals == high) return pivot;
      low = equals;
    } else if (above + mass >= wanted) {
      high = middle;
    } else {
      above += mass;
      low = middle;
    }
  }
  std::sort(low, high, Descending);
  for (auto at = low; at < high; at++) {
    above += *at;
    if (above >= wanted) return *at;
  }
  return high > low ? high[-1] : 0.0f;
}

double Mass(const Vector<Candidate>& candidates) {
  double mass = 0;
  for (const Candidate& candidate : candidates) mass += candidate.weight;
  return mass;
}

// The candidates that top-k and top-p leave, in the order of the vocabulary.
void Keep(const float* weights, int64_t size, const SamplingRule& rule, Vector<Candidate>& kept) {
  kept.clear();
  const bool limited = rule.topK > 0 && rule.topK < size;
  const float least = limited ? KthLargest(weights, size, rule.topK) : 0.0f;
  for (int64_t i = 0; i < size; i++)
    if (weights[i] >= least) kept.push_back({static_cast<int32_t>(i), weights[i]});
  if (rule.topP >= 1.0f) return;
  const float from = MassThreshold(kept, Mass(kept) * rule.topP);
  const auto below = [from](const Candidate& candidate) { return candidate.weight < from; };
  kept.erase(std::remove_if(kept.begin(), kept.end(), below), kept.end());
}

// Logits that are not finite draw no token: the log-probabilities are NaN then, whichever of the logits it is.
constexpr Draw NOTHING_DRAWN = {0, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::quiet_NaN()};

Draw Sample(const float* logits, int64_t vocabulary, float uniform, const SamplingRule& rule) {
  const float largest = LargestOf(logits, vocabulary, logits[0]);
  if (rule.temperature == 0.0f) {
    const double all = Exponentials(logits, vocabulary, largest, 1.0f, nullptr);
    if (std::isnan(all)) return NOTHING_DRAWN;
    const int32_t token = static_cast<int32_t>(std::find_if(logits, logits + vocabulary, [=](float x) { return x == largest; }) - logits);
    return {token, static_cast<float>(-std::log(all)), 0.0f};
  }
  thread_local Vector<float> weights;
  thread_local Vector<Candidate> kept;
  weights.resize(vocabulary);
  const double heated = Exponentials(logits, vocabulary, largest, rule.temperature, weights.data());
  if (std::isnan(heated)) return NOTHING_DRAWN;
  const double all =
      rule.temperature == 1.0f ? heated : Exponentials(logits, vocabulary, largest, 1.0f, nullptr);
  Keep(weights.data(), vocabulary, rule, kept);
  const double mass = Mass(kept), wanted = uniform * mass;
  double cumulative = 0;
  const Candidate* drawn = kept.data();
  for (const Candidate& candidate : kept) {
    drawn = &candidate;
    cumulative += candidate.weight;
    if (cumulative >= wanted) break;
  }
  const float logprob = static_cast<float>(logits[drawn->token] - largest - std::log(all));
  return {drawn->token, logprob, static_cast<float>(std::log(drawn->weight / mass))};
}

}  // namespace

extern const Loops RCSD_LOOPS;
const Loops RCSD_LOOPS = {
    RCSD_LOOPS_NAME, RmsNorm,  RmsNormGrad, RmsNormWeightGrad, Rotate,        Swiglu,          SwigluGrad, Linear, Widened, PANEL,
    PackLeft,        PackRight, Panel,      Attention,         AttentionGrad, CachedAttention, SurpriseAt, SurpriseGrad,
    Sample,          AdamW,     Muon,       SquareSum};

}  // namespace rcsd
