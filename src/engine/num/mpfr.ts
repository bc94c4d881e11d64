/**
 * The elementary functions with directed rounding, by MPFR (npm `gmp-wasm`): the one place that
 * knows it. MPFR rounds correctly (Fousse et al., ACM TOMS 33(2), 2007), so the two roundings of a
 * result enclose the true value, and are neighbours at the given precision.
 *
 * Operands and results are dyadic and cross the border in hexadecimal, exactly. The library lives in
 * a memory of its own; every call frees what it took, so that no call depends on those before it.
 * Where MPFR's exponents end (±2^30) a result is enclosed by 0 or by nothing: null.
 */
import { init } from 'gmp-wasm';
import { bitLength } from './bits.js';
import { dyadic, type Dyadic } from './dyadic.js';

const { binding } = await init();

type RoundingMode = Parameters<typeof binding.mpfr_exp>[2];

/** MPFR's numbers for its rounding modes: its types have them as an enumeration without values. */
const ROUND = Object.freeze({ up: 2, down: 3 } as unknown as {
  readonly up: RoundingMode;
  readonly down: RoundingMode;
});

export type ElementaryFunction = 'exp' | 'log1p' | 'erfc';

/** Two neighbours; null where the operand or the result is beyond MPFR's exponents. */
export interface Rounded {
  readonly down: Dyadic | null;
  readonly up: Dyadic | null;
}

/** Operands with larger exponents are not put to MPFR: it has room for 2^30. */
const EXPONENT_MAX = 2 ** 29;

/** *Lower and upper bound.* f(x), rounded down and up to `bits` bits; x in the domain of f. */
export function elementary(f: ElementaryFunction, x: Dyadic, bits: number): Rounded {
  if (Math.abs(x.e) > EXPONENT_MAX) return { down: null, up: null };
  const integer = binding.mpz_t();
  binding.mpz_init(integer);
  const digits = binding.malloc_cstr(x.m.toString(16));
  binding.mpz_set_str(integer, digits, 16);
  binding.free(digits);
  const operand = binding.mpfr_t();
  binding.mpfr_init2(operand, Math.max(2, bitLength(x.m)));
  // Precise enough to be exact: the mode does not matter.
  binding.mpfr_set_z_2exp(operand, integer, x.e, ROUND.down);
  const result = binding.mpfr_t();
  binding.mpfr_init2(result, bits);
  const rounded = (mode: RoundingMode): Dyadic | null => {
    if (f === 'exp') binding.mpfr_exp(result, operand, mode);
    else if (f === 'log1p') binding.mpfr_log1p(result, operand, mode);
    else binding.mpfr_erfc(result, operand, mode);
    if (binding.mpfr_number_p(result) === 0) return null;
    if (binding.mpfr_zero_p(result) !== 0) return dyadic(0n);
    const exponent = binding.mpfr_get_z_2exp(integer, result);
    return dyadic(bigintOf(binding.mpz_to_string(integer, 16)), exponent);
  };
  const down = rounded(ROUND.down);
  const up = rounded(ROUND.up);
  binding.mpfr_clear(result);
  binding.mpfr_t_free(result);
  binding.mpfr_clear(operand);
  binding.mpfr_t_free(operand);
  binding.mpz_clear(integer);
  binding.mpz_t_free(integer);
  return { down, up };
}

/** *Lower and upper bound.* π, rounded down and up to `bits` bits. */
export function pi(bits: number): { readonly down: Dyadic; readonly up: Dyadic } {
  const integer = binding.mpz_t();
  binding.mpz_init(integer);
  const result = binding.mpfr_t();
  binding.mpfr_init2(result, bits);
  const rounded = (mode: RoundingMode): Dyadic => {
    binding.mpfr_const_pi(result, mode);
    const exponent = binding.mpfr_get_z_2exp(integer, result);
    return dyadic(bigintOf(binding.mpz_to_string(integer, 16)), exponent);
  };
  const bounds = { down: rounded(ROUND.down), up: rounded(ROUND.up) };
  binding.mpfr_clear(result);
  binding.mpfr_t_free(result);
  binding.mpz_clear(integer);
  binding.mpz_t_free(integer);
  return bounds;
}

function bigintOf(hexadecimal: string): bigint {
  return hexadecimal.startsWith('-')
    ? -BigInt(`0x${hexadecimal.slice(1)}`)
    : BigInt(`0x${hexadecimal}`);
}
