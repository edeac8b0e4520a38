// General matrix products, included by loops.cc: C = scale (A1 B1 + A2 B2 + ...). Each sum is kept in fp32 registers
// until its end, so that adding an adapter's product to the base's costs nothing. Both sides are rounded while they are
// packed.
//
// In packed form, two numbers that follow each other along the sum are one 32-bit unit; "depth" counts units. A panel
// is the next PANEL columns of the right side, [depth, PANEL], with zeros after its last column. The left side has rows
// of `depth`.

constexpr int64_t PANEL = VECTORS * W;

inline uint32_t Bits(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof(bits));
  return bits;
}

// Rounds to nearest, ties to even. The result is in the upper half; the lower half must be dropped. The bits of a NaN would carry
// over into the sign and leave a zero.
constexpr uint32_t ROUNDED_NAN = 0x7fc00000;
inline uint32_t Rounded(float x) { return x == x ? Bits(x) + 0x7fff + ((Bits(x) >> 16) & 1) : ROUNDED_NAN; }
inline U RoundedVector(V x) { return x == x ? (U)x + 0x7fff + (((U)x >> 16) & 1) : U{} + ROUNDED_NAN; }

inline int64_t Depth(int64_t k) { return (k + 1) / 2; }

// Transposes a block of W rows of W 32-bit units.
inline void TransposeBlock(const U* rows, U* columns) {
#if defined(__AVX512F__)
  __m512i a[16], b[16];
  for (int i = 0; i < 16; i += 2) {
    a[i] = _mm512_unpacklo_epi32((__m512i)rows[i], (__m512i)rows[i + 1]);
    a[i + 1] = _mm512_unpackhi_epi32((__m512i)rows[i], (__m512i)rows[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    b[i] = _mm512_unpacklo_epi64(a[i], a[i + 2]);
    b[i + 1] = _mm512_unpackhi_epi64(a[i], a[i + 2]);
    b[i + 2] = _mm512_unpacklo_epi64(a[i + 1], a[i + 3]);
    b[i + 3] = _mm512_unpackhi_epi64(a[i + 1], a[i + 3]);
  }
  // Lane l of b[4 g + c] has column c + 4 l of the rows 4 g .. 4 g + 3.
  for (int c = 0; c < 4; c++) {
    const __m512i low01 = _mm512_shuffle_i32x4(b[c], b[4 + c], 0x44), high01 = _mm512_shuffle_i32x4(b[c], b[4 + c], 0xee);
    const __m512i low23 = _mm512_shuffle_i32x4(b[8 + c], b[12 + c], 0x44);
    const __m512i high23 = _mm512_shuffle_i32x4(b[8 + c], b[12 + c], 0xee);
    columns[c] = (U)_mm512_shuffle_i32x4(low01, low23, 0x88);
    columns[c + 4] = (U)_mm512_shuffle_i32x4(low01, low23, 0xdd);
    columns[c + 8] = (U)_mm512_shuffle_i32x4(high01, high23, 0x88);
    columns[c + 12] = (U)_mm512_shuffle_i32x4(high01, high23, 0xdd);
  }
#elif defined(__AVX2__)
  __m256 a[8], b[8];
  for (int i = 0; i < 8; i += 2) {
    a[i] = _mm256_unpacklo_ps((__m256)rows[i], (__m256)rows[i + 1]);
    a[i + 1] = _mm256_unpackhi_ps((__m256)rows[i], (__m256)rows[i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {
    b[i] = _mm256_shuffle_ps(a[i], a[i + 2], 0x44);
    b[i + 1] = _mm256_shuffle_ps(a[i], a[i + 2], 0xee);
    b[i + 2] = _mm256_shuffle_ps(a[i + 1], a[i + 3], 0x44);
    b[i + 3] = _mm256_shuffle_ps(a[i + 1], a[i + 3], 0xee);
  }
  // Half h of b[4 g + c] has column c + 4 h of the rows 4 g .. 4 g + 3.
  for (int c = 0; c < 4; c++) {
    columns[c] = (U)_mm256_permute2f128_ps(b[c], b[4 + c], 0x20);
    columns[c + 4] = (U)_mm256_permute2f128_ps(b[c], b[4 + c], 0x31);
  }
#else
  for (int i = 0; i < W; i++)
    for (int j = 0; j < W; j++) columns[j][i] = rows[i][j];
#endif
}

// W units from consecutive numbers of one row, of which `k` are left; zeros after these.
inline U PackAlong(const float* x, int64_t k) {
#if defined(__AVX512BF16__)
  if (k >= 2 * W) return (U)_mm512_cvtne2ps_pbh((__m512)Load(x + W), (__m512)Load(x));
#endif
  uint32_t units[W];
  for (int i = 0; i < W; i++) {
    const uint32_t even = 2 * i < k ? Rounded(x[2 * i]) >> 16 : 0;
    units[i] = even | (2 * i + 1 < k ? Rounded(x[2 * i + 1]) & 0xffff0000u : 0);
  }
  U packed;
  std::memcpy(&packed, units, sizeof(packed));
  return packed;
}

// One unit of each of `count` columns: the numbers x[0 .. count] paired with those of the row below (zeros if null).
inline U PackAcross(const float* x, const float* below, int count) {
  const V upper = LoadSome(x, count);
  const V lower = below == nullptr ? V{} : LoadSome(below, count);
  return RoundedVector(upper) >> 16 | (RoundedVector(lower) & 0xffff0000u);
}

inline void StoreUnits(uint32_t* to, U units, int64_t count = W) {
  if (count >= W) std::memcpy(to, &units, sizeof(units));
  else std::memcpy(to, &units, count * sizeof(uint32_t));
}

// Packs rows first .. last of the left side [M, k], or of [k, M] if it is transposed.
void PackLeft(bool transposed, const float* a, int64_t m, int64_t k, int64_t first, int64_t last, float* to) {
  const int64_t depth = Depth(k);
  uint32_t* packed = reinterpret_cast<uint32_t*>(to);
  if (!transposed) {
    for (int64_t row = first; row < last; row++)
      for (int64_t unit = 0; unit < depth; unit += W)
        StoreUnits(packed + row * depth + unit, PackAlong(a + row * k + 2 * unit, k - 2 * unit), depth - unit);
    return;
  }
  for (int64_t row = first; row < last; row += W)
    for (int64_t unit = 0; unit < depth; unit += W) {
      const int count = static_cast<int>(std::min<int64_t>(W, last - row));
      U rows[W] = {}, columns[W];
      for (int64_t i = 0; i < std::min<int64_t>(W, depth - unit); i++) {
        const int64_t at = 2 * (unit + i);
        rows[i] = PackAcross(a + at * m + row, at + 1 < k ? a + (at + 1) * m + row : nullptr, count);
      }
      TransposeBlock(rows, columns);
      for (int i = 0; i < count; i++) StoreUnits(packed + (row + i) * depth + unit, columns[i], depth - unit);
    }
}

// Packs the panel from column `first` of the right side [k, N], or of [N, k] if it is transposed.
void PackRight(bool transposed, const float* b, int64_t n, int64_t k, int64_t first, float* to) {
  const int64_t depth = Depth(k);
  uint32_t* packed = reinterpret_cast<uint32_t*>(to);
  const auto columnsAt = [&](int64_t column) {
    return static_cast<int>(std::max<int64_t>(0, std::min<int64_t>(W, n - first - column)));
  };
  if (!transposed) {
    for (int64_t unit = 0; unit < depth; unit++)
      for (int64_t column = 0; column < PANEL; column += W, packed += W) {
        const float* x = b + 2 * unit * n + first + column;
        StoreUnits(packed, PackAcross(x, 2 * unit + 1 < k ? x + n : nullptr, columnsAt(column)));
      }
    return;
  }
  for (int64_t column = 0; column < PANEL; column += W, packed += W) {
    const int count = columnsAt(column);
    for (int64_t unit = 0; unit < depth; unit += W) {
      U rows[W] = {}, columns[W];
      for (int i = 0; i < count; i++) {
        const float* x = b + (first + column + i) * k + 2 * unit;
        // Each of these rows is a separate stream; they are too many for the processor to predict.
        __builtin_prefetch(x + 8 * W);
        rows[i] = PackAlong(x, k - 2 * unit);
      }
      TransposeBlock(rows, columns);
      for (int64_t i = 0; i < std::min<int64_t>(W, depth - unit); i++)
        StoreUnits(packed + (unit + i) * PANEL, columns[i]);
    }
  }
}

inline V MultiplyAdd(V sum, float left, V right) {
#if defined(__AVX512BF16__)
  return (V)_mm512_dpbf16_ps((__m512)sum, (__m512bh)_mm512_set1_ps(left), (__m512bh)right);
#else
  const U high = U{} + 0xffff0000u, a = U{} + Bits(left), b = (U)right;
  return sum + (V)(a << 16) * (V)(b << 16) + (V)(a & high) * (V)(b & high);
#endif
}

template <int R>
inline void PanelTile(const ProductSegment* segments, int count, int64_t row, int64_t columns, float scale, float* c,
                      int64_t ldc) {
  V sums[R][VECTORS];
  for (int r = 0; r < R; r++)
    for (int v = 0; v < VECTORS; v++) sums[r][v] = V{};
  for (int s = 0; s < count; s++) {
    const ProductSegment& segment = segments[s];
    const float* left = segment.left + row * segment.depth;
    const float* right = segment.right;
    for (int64_t i = 0; i < segment.depth; i++, left++, right += PANEL) {
      V rights[VECTORS];
      for (int v = 0; v < VECTORS; v++) rights[v] = Load(right + v * W);
      for (int r = 0; r < R; r++)
        for (int v = 0; v < VECTORS; v++)
          sums[r][v] = MultiplyAdd(sums[r][v], left[r * segment.depth], rights[v]);
    }
  }
  for (int r = 0; r < R; r++, c += ldc)
    for (int v = 0; v < VECTORS; v++) {
      const int64_t rest = columns - v * W;
      if (rest > 0) StoreSome(c + v * W, sums[r][v] * scale, static_cast<int>(std::min<int64_t>(W, rest)));
    }
}

// Computes rows first .. last of one panel of C, which starts at `c`.
void Panel(const ProductSegment* segments, int count, int64_t first, int64_t last, int64_t columns, float scale, float* c,
           int64_t ldc) {
  int64_t row = first;
  for (; row + ROWS <= last; row += ROWS)
    PanelTile<ROWS>(segments, count, row, columns, scale, c + row * ldc, ldc);
  for (; row + 2 <= last; row += 2) PanelTile<2>(segments, count, row, columns, scale, c + row * ldc, ldc);
  if (row < last) PanelTile<1>(segments, count, row, columns, scale, c + row * ldc, ldc);
}
