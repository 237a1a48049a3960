/**
 * Logarithm, exponential, power and gamma function, the same to the last bit on every machine and in every JavaScript
 * engine.
 *
 * ECMAScript fixes the results of + - * / and Math.sqrt (IEEE 754), but leaves those of Math.log, Math.exp and Math.pow
 * to the implementation. A trace that must be equal bit for bit everywhere may therefore use only what is below.
 *
 * log, exp and pow follow fdlibm 5.3 (e_log.c, e_exp.c, e_pow.c; Sun Microsystems 1993, freely granted): the same
 * reductions, coefficients and order of operations, errors below 1 ulp.
 */

// A double and its two halves, to read its exponent. Whether the high half comes first depends on the machine.
const f64 = new Float64Array(1);
const u32 = new Uint32Array(f64.buffer);
f64[0] = 1;
const HIGH = u32[1] === 0x3ff00000 ? 1 : 0;

/** `POWER_OF_2[k + 1074]` is 2^k for every power of two there is, made by exact doublings and halvings. */
const ZERO = 1074;
const POWER_OF_2 = new Float64Array(ZERO + 1024);
POWER_OF_2[ZERO] = 1;
for (let k = 1; k <= 1023; k++) POWER_OF_2[ZERO + k] = POWER_OF_2[ZERO + k - 1]! * 2;
for (let k = 1; k <= ZERO; k++) POWER_OF_2[ZERO - k] = POWER_OF_2[ZERO - k + 1]! / 2;

/** Where the normal doubles begin. */
const SMALLEST_NORMAL = 2.2250738585072014e-308;

const LN2_HI = 0.6931471803691238;
const LN2_LO = 1.9082149292705877e-10;
const INV_LN2 = Math.LOG2E;
const TWO_54 = 18014398509481984;

/** Natural logarithm. `log(0)` is -Infinity, `log` of a negative number NaN. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  let k = 0;
  if (x < SMALLEST_NORMAL) {
    k = -54;
    x *= TWO_54;
  }
  // x = 2^k (1 + f) with sqrt(2)/2 < 1 + f < sqrt(2)
  f64[0] = x;
  const bits = u32[HIGH]!;
  const high = bits & 0xfffff;
  const e = (bits >> 20) - 1023 + ((high + 0x95f64) >> 20);
  const f = timesPowerOf2(x, -e) - 1;
  k += e;

  if ((0xfffff & (2 + high)) < 3) {
    // |f| < 2^-20
    const r = f * f * (0.5 - 0.3333333333333333 * f);
    return k * LN2_HI - (r - k * LN2_LO - f);
  }
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const t1 = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
  const t2 = z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
  const r = t2 + t1;
  if (((high - 0x6147a) | (0x6b851 - high)) > 0) {
    const half = 0.5 * f * f;
    return k * LN2_HI - (half - (s * (half + r) + k * LN2_LO) - f);
  }
  return k * LN2_HI - (s * (f - r) - k * LN2_LO - f);
}

/** e^x. Infinity above 709.78, 0 below -745.13. */
export function exp(x: number): number {
  if (!(x <= 709.782712893384)) return x > 0 ? Number.POSITIVE_INFINITY : Number.NaN;
  if (x < -745.1332191019411) return 0;
  if (Math.abs(x) < 3.725290298461914e-9) return 1 + x;
  // x = k ln 2 + (hi - lo) with the nearest whole number k. fdlibm finds it by the sign of x and shortcuts small k, but
  // for random numbers the processor cannot foresee which way they go.
  const k = Math.floor(INV_LN2 * x + 0.5);
  const hi = x - k * LN2_HI;
  const lo = k * LN2_LO;
  x = hi - lo;
  const t = x * x;
  const c = x - t * expRational(t);
  return timesPowerOf2(1 - (lo - (x * c) / (2 - c) - hi), k);
}

function expRational(t: number): number {
  return (
    0.16666666666666602 +
    t *
      (-0.0027777777777015593 +
        t * (0.00006613756321437934 + t * (-0.0000016533902205465252 + t * 4.1381367970572385e-8)))
  );
}

/** y · 2^k for |k| <= 2047, rounded at most once when y is near 1. */
function timesPowerOf2(y: number, k: number): number {
  if (k > 1023) return y * 2 * POWER_OF_2[ZERO + k - 1]!;
  if (k < -1021) return y * POWER_OF_2[ZERO + k + 1000]! * POWER_OF_2[ZERO - 1000]!;
  return y * POWER_OF_2[ZERO + k]!;
}

/**
 * The upper 26 bits of the significand of `x`, so that products of two such numbers are exact: T. J. Dekker, "A
 * Floating-Point Technique for Extending the Available Precision", Numerische Mathematik 18, 1971. (fdlibm clears the
 * lower 32 bits instead, for which a double must go through memory.)
 */
function upper(x: number): number {
  const t = 134217729 * x;
  return t - (t - x);
}

/** log2(1.5) in two parts. */
const LOG2_1_5_HI = 0.5849624872207642;
const LOG2_1_5_LO = 1.350039202129749e-8;

/** x^y for x >= 0 and any finite y (negative x gives NaN: nothing here needs it). */
export function pow(x: number, y: number): number {
  if (y === 0) return 1;
  if (!(x > 0)) return x === 0 ? (y > 0 ? 0 : Number.POSITIVE_INFINITY) : Number.NaN;
  if (x === 1) return 1;
  if (y === 1) return x;
  if (Number.isNaN(y)) return Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return y > 0 ? x : 0;
  if (y === Number.POSITIVE_INFINITY || y === Number.NEGATIVE_INFINITY)
    return x > 1 === y > 0 ? Number.POSITIVE_INFINITY : 0;
  if (y > 1e15 || y < -1e15) {
    // The splitting below could overflow. Nobody needs such a power to the last bit.
    return exp(y * log(x));
  }

  // log2(x) = t1 + t2, with t1 short enough for exact products
  let ax = x;
  let n = 0;
  if (ax < SMALLEST_NORMAL) {
    ax *= TWO_54;
    n = -54;
  }
  f64[0] = ax;
  const bits = u32[HIGH]!;
  const fraction = bits & 0xfffff;
  // The significand, from sqrt(3)/2 to sqrt(3), is nearer to 1.5 or to 1.
  const near15 = fraction > 0x3988e && fraction < 0xbb67a;
  const e = (bits >> 20) - 0x3ff + (fraction >= 0xbb67a ? 1 : 0);
  ax = timesPowerOf2(ax, -e);
  n += e;
  const bp = near15 ? 1.5 : 1;
  const u = ax - bp;
  const v = 1 / (ax + bp);
  const ss = u * v;
  const sHigh = upper(ss);
  let tHigh = upper(ax + bp);
  let tLow = ax - (tHigh - bp);
  const sLow = v * (u - sHigh * tHigh - sHigh * tLow);
  let s2 = ss * ss;
  let r =
    s2 *
    s2 *
    (0.5999999999999946 +
      s2 *
        (0.4285714285785502 +
          s2 *
            (0.33333332981837743 + s2 * (0.272728123808534 + s2 * (0.23066074577556175 + s2 * 0.20697501780033842)))));
  r += sLow * (sHigh + ss);
  s2 = sHigh * sHigh;
  tHigh = upper(3 + s2 + r);
  tLow = r - (tHigh - 3 - s2);
  const uu = sHigh * tHigh;
  const vv = sLow * tHigh + tLow * ss;
  const pHigh = upper(uu + vv);
  const pLow = vv - (pHigh - uu);
  const zHigh = 0.9617967009544373 * pHigh; // 2/(3 ln 2), in two parts
  const zLow = -7.028461650952758e-9 * pHigh + pLow * 0.9617966939259756 + (near15 ? LOG2_1_5_LO : 0);
  const dpHigh = near15 ? LOG2_1_5_HI : 0;
  const t1 = upper(zHigh + zLow + dpHigh + n);
  const t2 = zLow - (t1 - n - dpHigh - zHigh);

  // y · log2(x) = productHigh + productLow
  const y1 = upper(y);
  const productLow = (y - y1) * t1 + y * t2;
  const productHigh = y1 * t1;
  const total = productLow + productHigh;
  if (total >= 1024.0000001) return Number.POSITIVE_INFINITY;
  if (total < -1075.1) return 0;

  // 2^(productHigh + productLow)
  const k = total > 0.5 || total < -0.5 ? Math.trunc(total + (total < 0 ? -0.5 : 0.5)) : 0;
  const rest = productHigh - k;
  const t = upper(productLow + rest);
  const a = t * 0.6931471824645996; // ln 2, in two parts
  const b = (productLow - (t - rest)) * Math.LN2 + t * -1.904654299957768e-9;
  const z = a + b;
  const w = b - (z - a);
  const z2 = z * z;
  const c = z - z2 * expRational(z2);
  return timesPowerOf2(1 - ((z * c) / (c - 2) - (w + z * w) - z), k);
}

/** e^x - 1, without the cancellation near 0. Relative error below 1e-15. */
export function expm1(x: number): number {
  if (x > 0.5 || x < -0.5) return exp(x) - 1;
  // Taylor series; 0.5^17 / 17! is below 1e-19
  let sum = 0;
  for (let n = 17; n >= 1; n--) sum = (x / n) * (1 + sum);
  return sum;
}

// Lanczos's approximation with g = 607/128 and 15 terms: P. Godfrey, "A note on the computation of the convergent
// Lanczos complex gamma approximation" (2001). Relative error about 1e-15 for the arguments below.
const LANCZOS_G = 607 / 128;
const LANCZOS = [
  0.9999999999999971, 57.15623566586292, -59.59796035547549, 14.136097974741746, -0.4919138160976202,
  0.00003399464998481189, 0.00004652362892704858, -0.00009837447530487956, 0.0001580887032249125,
  -0.00021026444172410488, 0.00021743961811521265, -0.0001643181065367639, 0.00008441822398385275,
  -0.000026190838401581408, 0.0000036899182659531625,
];
const SQRT_2_PI = 2.5066282746310007;

/** The gamma function Γ(x) for 0 < x < 140. */
export function gammaFunction(x: number): number {
  if (x < 0.5) return gammaFunction(x + 1) / x;
  const y = x - 1;
  let sum = LANCZOS[0]!;
  for (let i = 1; i < LANCZOS.length; i++) sum += LANCZOS[i]! / (y + i);
  const t = y + LANCZOS_G + 0.5;
  return SQRT_2_PI * pow(t, y + 0.5) * exp(-t) * sum;
}
